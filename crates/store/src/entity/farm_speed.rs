//! The table `farm_speeds`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "farm_speeds")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) node_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) template: String,
    pub(crate) seconds: f64,
    pub(crate) jobs: i32,
    pub(crate) swap: Option<f64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
