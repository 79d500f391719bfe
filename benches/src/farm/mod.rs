//! The render farm: how near to the best possible it draws, how fast it hands out work, and what that costs.
//!
//! The fleets are simulated on a virtual clock; the databases are real ones. PostgreSQL is the tests' own server, which
//! runs without waiting for the disk (`fsync=off`).

mod client;
mod dispatch;
mod fleets;
mod stage;

pub(crate) use client::{measure as client, stand_in};
pub(crate) use dispatch::measure as databases;
pub(crate) use fleets::measure as fleets;
