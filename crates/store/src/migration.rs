//! The schema, step by step. A step that was released is never changed; what comes later is added.

mod m0002_bible;
mod m0003_idempotency;
mod m0004_versions;
mod m0005_farm;
mod m0006_sheets;
mod m0007_picture_vectors;
mod m0008_farm_progress;
mod m0009_farm_model_hashes;
mod m0010_farm_leased;

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, double, integer, json_binary, string, text, timestamp_with_time_zone, uuid};

pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(First),
            Box::new(m0002_bible::Bible),
            Box::new(m0003_idempotency::Idempotency),
            Box::new(m0004_versions::Versions),
            Box::new(m0005_farm::Farm),
            Box::new(m0006_sheets::Sheets),
            Box::new(m0007_picture_vectors::PictureVectors),
            Box::new(m0008_farm_progress::FarmProgress),
            Box::new(m0009_farm_model_hashes::FarmModelHashes),
            Box::new(m0010_farm_leased::FarmLeased),
        ]
    }
}

struct First;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(Alias::new(name)).to_owned()
}

/// A reference to a row that must exist, gone with it.
fn reference(from: &'static str, column: &'static str, to: &'static str, key: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{from}_{column}"))
        .from(Alias::new(from), Alias::new(column))
        .to(Alias::new(to), Alias::new(key))
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn index(table: &'static str, columns: &[&'static str], unique: bool) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("ix_{table}_{}", columns.join("_"))).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    if unique {
        index.unique();
    }
    index.to_owned()
}

fn key(column: &'static str) -> ColumnDef {
    uuid(Alias::new(column)).primary_key().to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = Alias::new;
        let tables = [
            table("projects")
                .col(key("id"))
                .col(string(name("slug")).unique_key())
                .col(text(name("title")))
                .col(text(name("description")))
                .col(string(name("bible")))
                .col(timestamp_with_time_zone(name("created_at")))
                .col(timestamp_with_time_zone(name("updated_at")))
                .to_owned(),
            table("recipes")
                .col(string(name("digest")).primary_key())
                .col(string(name("kind")))
                .col(json_binary(name("document")))
                .col(timestamp_with_time_zone(name("created_at")))
                .to_owned(),
            table("attempts")
                .col(key("id"))
                .col(uuid(name("project_id")))
                .col(string(name("recipe")))
                .col(text(name("subject")))
                .col(string(name("engine")))
                .col(string(name("engine_version")))
                .col(timestamp_with_time_zone(name("started_at")))
                .col(timestamp_with_time_zone(name("finished_at")).null())
                .col(string(name("outcome")))
                .col(text(name("error")).null())
                .foreign_key(&mut reference("attempts", "project_id", "projects", "id"))
                .to_owned(),
            table("artifacts")
                .col(key("id"))
                .col(uuid(name("project_id")))
                .col(string(name("recipe")))
                .col(string(name("kind")))
                .col(text(name("subject")))
                .col(string(name("engine")))
                .col(string(name("engine_version")))
                .col(big_integer(name("seed")).null())
                .col(string(name("bible")))
                .col(integer(name("width")))
                .col(integer(name("height")))
                .col(big_integer(name("frames")))
                .col(json_binary(name("files")))
                .col(double(name("seconds")))
                .col(integer(name("attempts")))
                .col(string(name("status")))
                .col(double(name("score")).null())
                .col(timestamp_with_time_zone(name("created_at")))
                .foreign_key(&mut reference("artifacts", "project_id", "projects", "id"))
                .foreign_key(&mut reference("artifacts", "recipe", "recipes", "digest"))
                .to_owned(),
            table("verdicts")
                .col(key("id"))
                .col(uuid(name("artifact_id")))
                .col(string(name("status")))
                .col(double(name("score")).null())
                .col(double(name("gate")))
                .col(text(name("decided_by")))
                .col(text(name("note")))
                .col(json_binary(name("report")))
                .col(timestamp_with_time_zone(name("decided_at")))
                .foreign_key(&mut reference("verdicts", "artifact_id", "artifacts", "id"))
                .to_owned(),
            table("placements")
                .col(uuid(name("project_id")))
                .col(string(name("subject")))
                .col(string(name("recipe")))
                .col(uuid(name("artifact_id")))
                .col(json_binary(name("reads")))
                .col(string(name("bible")))
                .col(timestamp_with_time_zone(name("placed_at")))
                .primary_key(Index::create().col(name("project_id")).col(name("subject")))
                .foreign_key(&mut reference("placements", "project_id", "projects", "id"))
                .foreign_key(&mut reference("placements", "artifact_id", "artifacts", "id"))
                .to_owned(),
            table("notebook")
                .col(uuid(name("project_id")))
                .col(string(name("name")))
                .col(ColumnDef::new(name("bytes")).blob().not_null().to_owned())
                .primary_key(Index::create().col(name("project_id")).col(name("name")))
                .foreign_key(&mut reference("notebook", "project_id", "projects", "id"))
                .to_owned(),
            table("cuts")
                .col(key("id"))
                .col(uuid(name("project_id")))
                .col(string(name("episode")))
                .col(string(name("recipe")))
                .col(json_binary(name("files")))
                .col(big_integer(name("frames")))
                .col(json_binary(name("report")))
                .col(string(name("bible")))
                .col(timestamp_with_time_zone(name("created_at")))
                .foreign_key(&mut reference("cuts", "project_id", "projects", "id"))
                .to_owned(),
            table("events")
                .col(big_integer(name("sequence")).auto_increment().primary_key())
                .col(timestamp_with_time_zone(name("at")))
                .col(uuid(name("project_id")).null())
                .col(string(name("kind")))
                .col(text(name("subject")))
                .col(json_binary(name("payload")))
                .to_owned(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        let indices = [
            index("attempts", &["project_id", "outcome"], false),
            // One artifact for a recipe in a project: drawing twice is caught here at the latest.
            index("artifacts", &["project_id", "recipe"], true),
            index("verdicts", &["artifact_id"], false),
            index("cuts", &["project_id", "episode"], false),
            index("events", &["project_id", "sequence"], false),
        ];
        for index in indices {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["events", "cuts", "notebook", "placements", "verdicts", "artifacts", "attempts", "recipes", "projects"] {
            manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        Ok(())
    }
}
