//! The table `farm_ledger`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "farm_ledger")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) sequence: i64,
    pub(crate) at: DateTimeUtc,
    pub(crate) kind: String,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) job_id: Option<Uuid>,
    pub(crate) node_id: Option<Uuid>,
    pub(crate) amount: i64,
    pub(crate) seconds: f64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
