//! The rules of the render farm: jobs, leases and scheduling, without a database or a network.
//!
//! - What is asked for: [`Job`], [`Requirements`], [`Band`].
//! - Who draws: [`Node`], [`Speeds`], [`Hours`].
//! - One try: [`Attempt`], its states and who may change them ([`attempt`]), and how far it is: [`Progress`].
//! - After a failure: [`Cause`], [`Policy::retry`].
//! - What is next: [`pick`], which never looks at single jobs but at [`Lane`]s of equal ones; and [`why`] a job waits,
//!   from the same data.
//! - What it costs: [`Money`]; what it would cost: [`estimate`].
//!
//! The same rules are carried out on database rows by `store` and on memory by [`book`], where a whole fleet runs on a
//! virtual clock ([`fleet`]). Time and randomness are passed in. This crate may not know of databases, HTTP, ComfyUI
//! or what a job draws.
//!
//! ```
//! use farm::{Cause, Decision, Failures, Policy};
//!
//! let policy = Policy::default();
//! let mut failures = Failures::default();
//! let node = farm::NodeId(uuid::Uuid::from_u128(1));
//! failures.note(Cause::Transient, node, "the connection broke", chrono::DateTime::UNIX_EPOCH);
//! assert!(matches!(policy.retry(&failures, Cause::Transient, 0, 0.5), Decision::Again { .. }));
//! assert!(matches!(policy.retry(&failures, Cause::Validation, 0, 0.5), Decision::Fail { .. }));
//! ```

pub mod attempt;
pub mod book;
mod cause;
pub mod estimate;
pub mod fleet;
mod hours;
mod id;
mod job;
mod lane;
mod model_hash;
mod money;
mod node;
pub mod pick;
mod policy;
mod progress;
mod share;
mod speed;
mod waiting;

pub use attempt::{Attempt, AttemptState, Refusal, Step};
pub use cause::{Cause, FailureNote, Failures};
pub use estimate::Estimate;
pub use hours::{BadHours, Hours};
pub use id::{JobId, NodeId, Time, Token, UnknownWord};
pub use job::{Band, ClassId, Job, JobState, Requirements};
pub use lane::{Lane, LaneKey};
pub use model_hash::ModelHash;
pub use money::{BadMoney, Money, cost_of};
pub use node::{Capabilities, Health, Lacks, Node, NodeState};
pub use policy::{Decision, Policy};
pub use progress::Progress;
pub use share::Shares;
pub use speed::{Speed, Speeds};
pub use waiting::{Scene, Waiting, why};
