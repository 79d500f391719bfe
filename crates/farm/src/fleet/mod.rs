//! A whole fleet on a virtual clock: nodes that draw, workers that drive them, and everything that goes wrong.
//!
//! The rules are those of the real farm ([`crate::book`]); what is made up is the world around them. A world is made of
//! a seed and is the same every time. While it runs, [`Invariants`] are checked; a broken one ends it with a report.

mod dice;
mod invariants;
mod plan;
mod world;

pub use dice::Dice;
pub use invariants::{Broken, Invariants};
pub use plan::{Faults, Model, Plan};
pub use world::{Outcome, World};
