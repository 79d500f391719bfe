//! Which commit a version of the bible was read from, so that what was drawn from that version names its commit.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string, timestamp_with_time_zone, uuid};

use super::{reference, table};

pub(super) struct Versions;

impl MigrationName for Versions {
    fn name(&self) -> &'static str {
        "m0004_versions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Versions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = Alias::new;
        let versions = table("bible_versions")
            .col(uuid(name("project_id")))
            .col(string(name("version")))
            .col(string(name("commit")))
            .col(timestamp_with_time_zone(name("noted_at")))
            .primary_key(Index::create().col(name("project_id")).col(name("version")))
            .foreign_key(&mut reference("bible_versions", "project_id", "projects", "id"))
            .to_owned();
        manager.create_table(versions).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("bible_versions")).to_owned()).await
    }
}
