//! The table `events`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) sequence: i64,
    pub(crate) at: DateTimeUtc,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) kind: String,
    pub(crate) subject: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) payload: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
