//! Everything that was seen to go wrong on real servers, one test for each: the client against a server that does it.
//! The numbers are those of the list of pitfalls in `docs/decisions/0008-comfyui-polling-is-truth.md`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod events;
mod outputs;
mod prompts;
mod rule;
mod sharing;
mod stage;
