//! Step 2: the bible's objects, its branches and tags, and every move of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, text, timestamp_with_time_zone, uuid};

use super::{index, reference, table};

pub(super) struct Bible;

impl MigrationName for Bible {
    fn name(&self) -> &'static str {
        "m0002_bible"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Bible {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = Alias::new;
        let tables = [
            // Of all projects together: the same content has the same id everywhere.
            table("bible_objects")
                .col(string(name("id")).primary_key())
                .col(string(name("kind")))
                .col(ColumnDef::new(name("bytes")).blob().not_null().to_owned())
                .to_owned(),
            // Which commits are a project's, by generation, so that a stretch of history is read in one go.
            table("bible_commits")
                .col(uuid(name("project_id")))
                .col(string(name("id")))
                .col(big_integer(name("generation")))
                .primary_key(Index::create().col(name("project_id")).col(name("id")))
                .foreign_key(&mut reference("bible_commits", "project_id", "projects", "id"))
                .foreign_key(&mut reference("bible_commits", "id", "bible_objects", "id"))
                .to_owned(),
            table("bible_refs")
                .col(uuid(name("project_id")))
                .col(string(name("name")))
                .col(string(name("target")))
                .primary_key(Index::create().col(name("project_id")).col(name("name")))
                .foreign_key(&mut reference("bible_refs", "project_id", "projects", "id"))
                .to_owned(),
            table("bible_ref_moves")
                .col(big_integer(name("sequence")).auto_increment().primary_key())
                .col(uuid(name("project_id")))
                .col(string(name("name")))
                .col(string(name("old")).null())
                .col(string(name("new")).null())
                .col(timestamp_with_time_zone(name("at")))
                .col(text(name("who")))
                .col(text(name("why")))
                .foreign_key(&mut reference("bible_ref_moves", "project_id", "projects", "id"))
                .to_owned(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        manager.create_index(index("bible_commits", &["project_id", "generation"], false)).await?;
        manager.create_index(index("bible_ref_moves", &["project_id", "name", "sequence"], false)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["bible_ref_moves", "bible_refs", "bible_commits", "bible_objects"] {
            manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        Ok(())
    }
}
