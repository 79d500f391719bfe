//! The table `farm_attempts`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "farm_attempts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) job_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) number: i32,
    pub(crate) project_id: Uuid,
    pub(crate) token: i64,
    pub(crate) prompt: Uuid,
    pub(crate) node_id: Uuid,
    pub(crate) worker: String,
    pub(crate) state: String,
    pub(crate) lease_until: DateTimeUtc,
    pub(crate) started_at: DateTimeUtc,
    pub(crate) running_at: Option<DateTimeUtc>,
    pub(crate) ended_at: Option<DateTimeUtc>,
    pub(crate) released: bool,
    pub(crate) swapped: bool,
    pub(crate) expected: f64,
    pub(crate) reserved: i64,
    pub(crate) cost: i64,
    pub(crate) cause: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) progress: Option<Json>,
    pub(crate) progress_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
