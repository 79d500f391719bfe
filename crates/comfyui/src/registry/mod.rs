//! Model files as data: what kind, which family, what fits what.

mod kind;

pub use kind::ModelKind;
