//! Where nodes keep their model files, and what is known of the content of those.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_binary, text};

pub(super) struct FarmModelHashes;

impl MigrationName for FarmModelHashes {
    fn name(&self) -> &'static str {
        "m0009_farm_model_hashes"
    }
}

const COLUMNS: [&str; 2] = ["models_folder", "model_hashes"];

#[async_trait::async_trait]
impl MigrationTrait for FarmModelHashes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = Alias::new;
        let columns = [text(name(COLUMNS[0])).null().to_owned(), json_binary(name(COLUMNS[1])).null().to_owned()];
        // SQLite adds one column at a time.
        for column in columns {
            manager.alter_table(Table::alter().table(name("farm_nodes")).add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            manager.alter_table(Table::alter().table(Alias::new("farm_nodes")).drop_column(Alias::new(column)).to_owned()).await?;
        }
        Ok(())
    }
}
