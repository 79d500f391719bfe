//! How far the farm's attempts are, and the latest picture of each while it is under way.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, json_binary, string, timestamp_with_time_zone};

use super::{key, table};

pub(super) struct FarmProgress;

impl MigrationName for FarmProgress {
    fn name(&self) -> &'static str {
        "m0008_farm_progress"
    }
}

const COLUMNS: [&str; 2] = ["progress", "progress_at"];

#[async_trait::async_trait]
impl MigrationTrait for FarmProgress {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = Alias::new;
        let columns = [json_binary(name(COLUMNS[0])).null().to_owned(), timestamp_with_time_zone(name(COLUMNS[1])).null().to_owned()];
        // SQLite adds one column at a time.
        for column in columns {
            manager.alter_table(Table::alter().table(name("farm_attempts")).add_column(column).to_owned()).await?;
        }
        // Without a reference to the job: whoever writes a picture would wait for whoever ends the job, and that one for them.
        let previews = table("farm_previews")
            .col(key("job_id"))
            .col(integer(name("number")))
            .col(big_integer(name("token")))
            .col(timestamp_with_time_zone(name("at")))
            .col(string(name("media_type")))
            .col(ColumnDef::new(name("bytes")).blob().not_null().to_owned())
            .to_owned();
        manager.create_table(previews).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("farm_previews")).to_owned()).await?;
        for column in COLUMNS {
            manager.alter_table(Table::alter().table(Alias::new("farm_attempts")).drop_column(Alias::new(column)).to_owned()).await?;
        }
        Ok(())
    }
}
