//! The table `farm_nodes`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "farm_nodes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) groups: Json,
    pub(crate) state: String,
    pub(crate) aside_until: Option<DateTimeUtc>,
    pub(crate) capabilities: Json,
    pub(crate) models_folder: Option<String>,
    pub(crate) model_hashes: Option<Json>,
    pub(crate) per_hour: i64,
    pub(crate) hours: Option<String>,
    pub(crate) resident: Option<String>,
    pub(crate) last_seen: Option<DateTimeUtc>,
    pub(crate) worker: Option<String>,
    pub(crate) worker_until: Option<DateTimeUtc>,
    pub(crate) health: Json,
    pub(crate) idle_since: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
