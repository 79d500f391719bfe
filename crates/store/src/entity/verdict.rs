//! The table `verdicts`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "verdicts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) artifact_id: Uuid,
    pub(crate) status: String,
    pub(crate) score: Option<f64>,
    pub(crate) gate: f64,
    pub(crate) decided_by: String,
    pub(crate) note: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) report: Json,
    pub(crate) decided_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
