//! Characters, locations and props: the same six endpoints for each.

pub(super) mod create;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod read;
pub(super) mod remove;
pub(super) mod replace;
