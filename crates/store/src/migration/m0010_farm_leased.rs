//! Attempts are perhaps submitted from their lease on: there is no state between the two any more.

use sea_orm_migration::prelude::*;

pub(super) struct FarmLeased;

impl MigrationName for FarmLeased {
    fn name(&self) -> &'static str {
        "m0010_farm_leased"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FarmLeased {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let update = "UPDATE farm_attempts SET state = 'leased' WHERE state = 'perhaps_submitted'";
        manager.get_connection().execute_unprepared(update).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Whether it was sent is not known, and this word says so.
        let update = "UPDATE farm_attempts SET state = 'perhaps_submitted' WHERE state = 'leased'";
        manager.get_connection().execute_unprepared(update).await.map(drop)
    }
}
