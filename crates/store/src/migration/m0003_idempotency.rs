//! Step 3: keys by which a request that is sent twice is done once.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_binary, small_integer, string, timestamp_with_time_zone, uuid};

use super::{index, table};

pub(super) struct Idempotency;

impl MigrationName for Idempotency {
    fn name(&self) -> &'static str {
        "m0003_idempotency"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Idempotency {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = Alias::new;
        let keys = table("idempotency_keys")
            // The nil id for requests that belong to no project, so that the key is never null.
            .col(uuid(name("project_id")))
            .col(string(name("route")))
            .col(string(name("key")))
            .col(string(name("request")))
            // Null while the request is being worked on.
            .col(small_integer(name("status")).null())
            .col(json_binary(name("headers")).null())
            .col(ColumnDef::new(name("body")).blob().null().to_owned())
            .col(timestamp_with_time_zone(name("created_at")))
            .primary_key(Index::create().col(name("project_id")).col(name("route")).col(name("key")))
            .to_owned();
        manager.create_table(keys).await?;
        manager.create_index(index("idempotency_keys", &["created_at"], false)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("idempotency_keys")).to_owned()).await
    }
}
