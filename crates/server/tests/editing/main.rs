//! What a client that edits sees: a real server on loopback, asked over HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bible;
mod characters;
mod desk;
mod episodes;
mod faults;
mod foundations;
mod idempotency;
mod merging;
mod projects;
mod story;
mod versions;
