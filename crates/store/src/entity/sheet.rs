//! The table `sheets`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sheets")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) subject: String,
    pub(crate) version: i32,
    pub(crate) digest: String,
    pub(crate) status: String,
    pub(crate) decided_by: String,
    pub(crate) note: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) document: Json,
    pub(crate) bible: String,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) decided_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
