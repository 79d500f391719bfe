//! The table `artifacts`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "artifacts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) recipe: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) engine: String,
    pub(crate) engine_version: String,
    pub(crate) seed: Option<i64>,
    pub(crate) bible: String,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) frames: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) files: Json,
    pub(crate) seconds: f64,
    pub(crate) attempts: i32,
    pub(crate) status: String,
    pub(crate) score: Option<f64>,
    pub(crate) created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
