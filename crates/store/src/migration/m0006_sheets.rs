//! Step 6: signed character sheets, version by version.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, json_binary, string, text, timestamp_with_time_zone, uuid};

use super::{index, key, reference, table};

pub(super) struct Sheets;

impl MigrationName for Sheets {
    fn name(&self) -> &'static str {
        "m0006_sheets"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sheets {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = Alias::new;
        let sheets = table("sheets")
            .col(key("id"))
            .col(uuid(name("project_id")))
            // `mei/school`, or `mei/school@S01E03` since a change.
            .col(string(name("subject")))
            .col(integer(name("version")))
            .col(string(name("digest")))
            .col(string(name("status")))
            .col(string(name("decided_by")))
            .col(text(name("note")))
            .col(json_binary(name("document")))
            .col(string(name("bible")))
            .col(timestamp_with_time_zone(name("created_at")))
            .col(timestamp_with_time_zone(name("decided_at")))
            .foreign_key(&mut reference("sheets", "project_id", "projects", "id"))
            .to_owned();
        manager.create_table(sheets).await?;
        manager.create_index(index("sheets", &["project_id", "subject", "version"], true)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("sheets")).to_owned()).await
    }
}
