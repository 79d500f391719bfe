//! The table `farm_jobs`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "farm_jobs")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) lane_id: i64,
    pub(crate) project_id: Uuid,
    pub(crate) user_name: String,
    pub(crate) subject: String,
    pub(crate) band: i16,
    pub(crate) deadline: Option<DateTimeUtc>,
    pub(crate) due: i64,
    pub(crate) class: String,
    pub(crate) size: f64,
    pub(crate) state: String,
    pub(crate) token: i64,
    pub(crate) attempts: i32,
    pub(crate) failures: Json,
    pub(crate) variant: i32,
    pub(crate) variants: i32,
    pub(crate) open_dependencies: i32,
    pub(crate) run_after: Option<DateTimeUtc>,
    pub(crate) queued_at: DateTimeUtc,
    pub(crate) cancel_requested: bool,
    pub(crate) held: bool,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) ended_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
