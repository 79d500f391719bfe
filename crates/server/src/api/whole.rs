//! The whole bible as one document.

pub(super) mod create;
pub(super) mod patch;
pub(super) mod read;
pub(super) mod replace;
