//! What pictures look like, as vectors, for search.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, uuid};

use super::{index, reference, table};

pub(super) struct PictureVectors;

impl MigrationName for PictureVectors {
    fn name(&self) -> &'static str {
        "m0007_picture_vectors"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for PictureVectors {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = Alias::new;
        let vectors = table("picture_vectors")
            .col(big_integer(name("id")).auto_increment().primary_key())
            .col(uuid(name("project_id")))
            .col(uuid(name("artifact_id")))
            .col(string(name("picture")))
            // The character that it is of; empty for the whole picture.
            .col(string(name("owner")))
            .col(string(name("model")))
            // 32-bit floats, the lowest byte first; empty when the model could make nothing of the picture.
            .col(ColumnDef::new(name("vector")).blob().not_null().to_owned())
            .foreign_key(&mut reference("picture_vectors", "project_id", "projects", "id"))
            .foreign_key(&mut reference("picture_vectors", "artifact_id", "artifacts", "id"))
            .to_owned();
        manager.create_table(vectors).await?;
        manager.create_index(index("picture_vectors", &["artifact_id", "picture", "owner", "model"], true)).await?;
        manager.create_index(index("picture_vectors", &["project_id", "model", "id"], false)).await?;
        // Whether a project uses anything new is asked before every search.
        manager.create_index(index("placements", &["project_id", "placed_at"], false)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("ix_placements_project_id_placed_at").table(Alias::new("placements")).to_owned()).await?;
        manager.drop_table(Table::drop().table(Alias::new("picture_vectors")).to_owned()).await
    }
}
