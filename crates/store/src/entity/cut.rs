//! The table `cuts`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cuts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) episode: String,
    pub(crate) recipe: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) files: Json,
    pub(crate) frames: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) report: Json,
    pub(crate) bible: String,
    pub(crate) created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
