//! Tables as SeaORM sees them. They do not leave this crate.

pub(crate) mod artifact;
pub(crate) mod attempt;
pub(crate) mod bible_commit;
pub(crate) mod bible_object;
pub(crate) mod bible_ref;
pub(crate) mod bible_ref_move;
pub(crate) mod bible_version;
pub(crate) mod cut;
pub(crate) mod event;
pub(crate) mod idempotency_key;
pub(crate) mod notebook;
pub(crate) mod placement;
pub(crate) mod project;
pub(crate) mod recipe;
pub(crate) mod sheet;
pub(crate) mod verdict;
