//! One try at a job: its states, and who may change them.
//!
//! A try begins with a lease and ends once. Between, its worker reports how far it is, with the token of the lease;
//! a report with an older token is refused and changes nothing. Two things are kept apart:
//! - the *job's* fate, which the newest token decides, and
//! - the *node's* slot, which is held until it is known that the node does not work on the try any more, however long
//!   that takes.
//!
//! The lease is written down before anything is sent, and nothing is sent under one that may be over. So any try that is
//! under way may be running though its worker is gone: it is taken over by the node's next worker, who looks the same
//! ticket up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cause::Cause;
use crate::id::{JobId, NodeId, Time, Token, words};
use crate::job::{Job, JobState};
use crate::money::{Money, cost_of};
use crate::policy::{Decision, Policy, in_seconds, seconds};
use crate::progress::Progress;

/// How far a try is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// A worker has it and sends it: from now on the node may have it.
    Leased,
    /// The node has it.
    Submitted,
    /// The node works on it.
    Running,
    /// It is drawn; its files are being stored.
    Storing,
    /// Its files are stored.
    Done,
    /// It failed.
    Failed,
    /// It was given up because its worker was gone; another try has begun or will.
    Superseded,
    /// It was cancelled.
    Cancelled,
}

words!(AttemptState, "state of an attempt", {
    Leased => "leased",
    Submitted => "submitted",
    Running => "running",
    Storing => "storing",
    Done => "done",
    Failed => "failed",
    Superseded => "superseded",
    Cancelled => "cancelled",
});

impl AttemptState {
    /// Whether it has ended.
    #[must_use]
    pub const fn ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Superseded | Self::Cancelled)
    }
}

/// How far a worker says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It will send it now, long after the lease began.
    Sending,
    /// The node has taken it.
    Submitted,
    /// The node has begun.
    Running,
    /// The node has ended; files are fetched and stored.
    Storing,
}

impl Step {
    /// The state that it leads to.
    #[must_use]
    pub const fn state(self) -> AttemptState {
        match self {
            Self::Sending => AttemptState::Leased,
            Self::Submitted => AttemptState::Submitted,
            Self::Running => AttemptState::Running,
            Self::Storing => AttemptState::Storing,
        }
    }
}

/// One try at a job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    /// At which job.
    pub job: JobId,
    /// The how-manieth, from 1.
    pub number: u32,
    /// The token of its newest lease.
    pub token: Token,
    /// The prompt's id on the node, ours: with job and number it is the ticket.
    pub prompt: Uuid,
    /// Where.
    pub node: NodeId,
    /// Who has the lease.
    pub worker: String,
    /// How far it is.
    pub state: AttemptState,
    /// Until when the lease holds.
    pub lease_until: Time,
    /// When it began.
    pub started_at: Time,
    /// When the node began, as far as known.
    pub running_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// Whether the node's slot is free of it.
    pub released: bool,
    /// Whether the node had to load other models for it.
    pub swapped: bool,
    /// How long it was expected to take, in seconds.
    pub expected: f64,
    /// The most that it may cost; that much of the budget is set aside.
    pub reserved: Money,
    /// What it cost.
    pub cost: Money,
    /// Why it failed.
    pub cause: Option<Cause>,
    /// Why it failed, in words.
    pub reason: Option<String>,
    /// How far it is, or was at its end; none until its worker has noted something.
    pub progress: Option<Progress>,
}

/// Why a report changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody else has a newer lease, or the try was given up.
    #[error("lease {held} on the job is superseded by {newest}: what it reports changes nothing")]
    Superseded {
        /// The token that was shown.
        held: i64,
        /// The newest.
        newest: i64,
    },
    /// It has ended.
    #[error("the attempt has ended as {state}")]
    Ended {
        /// How.
        state: AttemptState,
    },
    /// The steps come in order.
    #[error("an attempt that is {from} does not become {to}")]
    Order {
        /// What it is.
        from: AttemptState,
        /// What it should become.
        to: AttemptState,
    },
    /// The lease ended; nobody else has taken it yet.
    #[error("the lease ended; nothing may be sent under it")]
    LeaseOver,
    /// The lease of the worker that has it holds, or is still respected.
    #[error("the attempt's lease holds: its worker may be about to send it")]
    LeaseHolds,
    /// There is no such job, or no attempt at it.
    #[error("there is no such attempt")]
    Unknown,
}

/// What a heartbeat is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Until when the lease holds now.
    pub lease_until: Time,
    /// Whether the try should be ended.
    pub cancel: bool,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Its files are stored.
    Done {
        /// How long the node worked, in seconds; none when that says nothing (it had parts of it from before).
        seconds: Option<f64>,
        /// The size of its smallest picture file, and that picture's pixels; none for films.
        smallest: Option<(u64, u64)>,
    },
    /// It failed.
    Failed {
        /// What it calls for.
        cause: Cause,
        /// In words.
        reason: String,
    },
    /// It was ended because somebody wanted it to end, or the worker stops.
    Cancelled,
}

/// What a report came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ended {
    /// The job is done.
    Done,
    /// The job is tried again, perhaps on a node that has more memory than the one where it failed.
    Again {
        /// Why.
        cause: Option<Cause>,
        /// Whether its requirements grow.
        larger_node: bool,
    },
    /// The job is given up.
    Failed,
    /// The job is cancelled.
    Cancelled,
}

/// What a lease begins with.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Where.
    pub node: NodeId,
    /// Who.
    pub worker: String,
    /// The prompt's id on the node.
    pub prompt: Uuid,
    /// Whether the node has to load other models.
    pub swapped: bool,
    /// How long it should take, in seconds.
    pub expected: f64,
    /// What the node costs per hour.
    pub per_hour: Money,
}

/// Begins a try at a queued job.
#[must_use]
pub fn begin(job: &mut Job, grant: Grant, policy: &Policy, now: Time) -> Attempt {
    debug_assert_eq!(job.state, JobState::Queued);
    job.state = JobState::Active;
    job.token = job.token.next();
    job.attempts += 1;
    Attempt {
        job: job.id,
        number: job.attempts,
        token: job.token,
        prompt: grant.prompt,
        node: grant.node,
        worker: grant.worker,
        state: AttemptState::Leased,
        lease_until: policy.lease_from(now),
        started_at: now,
        running_at: None,
        ended_at: None,
        released: false,
        swapped: grant.swapped,
        expected: grant.expected,
        reserved: cost_of(grant.per_hour, policy.limit(grant.expected)),
        cost: Money::ZERO,
        cause: None,
        reason: None,
        progress: None,
    }
}

/// Whether a token is the newest of a try that is under way.
fn check(job: &Job, attempt: &Attempt, token: Token) -> Result<(), Refusal> {
    if token != job.token || token != attempt.token {
        return Err(Refusal::Superseded { held: token.0, newest: job.token.0 });
    }
    if attempt.state.ended() { Err(Refusal::Ended { state: attempt.state }) } else { Ok(()) }
}

/// A sign of life.
///
/// # Errors
/// [`Refusal`] when the token is not the newest: the worker ends what it does.
pub fn heartbeat(job: &Job, attempt: &mut Attempt, token: Token, policy: &Policy, now: Time) -> Result<Heard, Refusal> {
    check(job, attempt, token)?;
    attempt.lease_until = attempt.lease_until.max(policy.lease_from(now));
    Ok(Heard { lease_until: attempt.lease_until, cancel: job.cancel_requested })
}

/// A step forward. The same step again is fine. It is a sign of life as well.
///
/// # Errors
/// [`Refusal`] when the token is not the newest, the step is backwards, or something would be sent under a lease that
/// is over.
pub fn advance(job: &Job, attempt: &mut Attempt, token: Token, step: Step, policy: &Policy, now: Time) -> Result<Heard, Refusal> {
    check(job, attempt, token)?;
    let to = step.state();
    if attempt.state > to {
        return Err(Refusal::Order { from: attempt.state, to });
    }
    if step == Step::Sending && attempt.lease_until < now {
        return Err(Refusal::LeaseOver);
    }
    attempt.state = to;
    if to >= AttemptState::Running && attempt.running_at.is_none() {
        attempt.running_at = Some(now);
    }
    heartbeat(job, attempt, token, policy, now)
}

/// The end of a try. `released` says that the node does not work on it any more. `per_hour` is what the node costs,
/// `jitter` random between 0 and 1.
///
/// # Errors
/// [`Refusal`] when the token is not the newest.
#[expect(clippy::too_many_arguments, reason = "everything that decides comes in from outside")]
pub fn end(
    job: &mut Job,
    attempt: &mut Attempt,
    token: Token,
    outcome: Outcome,
    released: bool,
    per_hour: Money,
    policy: &Policy,
    now: Time,
    jitter: f64,
) -> Result<Ended, Refusal> {
    check(job, attempt, token)?;
    let outcome = believe(outcome, job, attempt, policy);
    attempt.released = released;
    match outcome {
        Outcome::Done { .. } => {
            close(attempt, AttemptState::Done, per_hour, now);
            job.state = JobState::Done;
            job.ended_at = Some(now);
            Ok(Ended::Done)
        }
        Outcome::Cancelled if job.cancel_requested => {
            close(attempt, AttemptState::Cancelled, per_hour, now);
            job.state = JobState::Cancelled;
            job.ended_at = Some(now);
            Ok(Ended::Cancelled)
        }
        // The worker stops: nobody's failure.
        Outcome::Cancelled => {
            close(attempt, AttemptState::Cancelled, per_hour, now);
            job.settle(now);
            Ok(Ended::Again { cause: None, larger_node: false })
        }
        Outcome::Failed { cause, reason } => {
            close(attempt, AttemptState::Failed, per_hour, now);
            attempt.cause = Some(cause);
            attempt.reason = Some(reason.chars().take(2000).collect());
            job.failures.note(cause, attempt.node, &reason, now);
            Ok(after_failure(job, attempt.node, cause, policy, now, jitter))
        }
    }
}

/// Results that are too good to be true become failures.
fn believe(outcome: Outcome, job: &Job, attempt: &Attempt, policy: &Policy) -> Outcome {
    let Outcome::Done { seconds, smallest } = outcome else { return outcome };
    let expected = (attempt.expected > 0.0).then_some(attempt.expected);
    let reason = if let Some(seconds) = seconds.filter(|seconds| policy.is_too_fast(*seconds, expected)) {
        format!("it took {seconds:.2} s where {:.0} s are usual", attempt.expected)
    } else if let Some((bytes, pixels)) = smallest.filter(|(bytes, pixels)| policy.is_too_small(*bytes, *pixels)) {
        format!("a picture of {pixels} pixels is only {bytes} bytes: it is likely blank")
    } else {
        return outcome;
    };
    // Two nodes that agree are believed: some pictures are quick, and some are plain.
    if job.failures.count(Cause::Suspect) >= policy.suspect {
        return outcome;
    }
    Outcome::Failed { cause: Cause::Suspect, reason }
}

fn close(attempt: &mut Attempt, state: AttemptState, per_hour: Money, now: Time) {
    attempt.state = state;
    attempt.ended_at = Some(now);
    let spent = cost_of(per_hour, in_seconds(now - attempt.started_at).max(0.0));
    attempt.cost = spent.min(attempt.reserved);
}

fn after_failure(job: &mut Job, node: NodeId, cause: Cause, policy: &Policy, now: Time, jitter: f64) -> Ended {
    if job.cancel_requested {
        job.state = JobState::Cancelled;
        job.ended_at = Some(now);
        return Ended::Cancelled;
    }
    match policy.retry(&job.failures, cause, job.variants.saturating_sub(job.variant), jitter) {
        Decision::Again { after, elsewhere, smaller, larger_node } => {
            if smaller {
                job.variant += 1;
            }
            if elsewhere {
                job.failures.keep_away(node, now + seconds(policy.avoid), now);
            }
            job.run_after = Some(now + seconds(after));
            job.settle(now);
            Ended::Again { cause: Some(cause), larger_node }
        }
        Decision::Fail { .. } => {
            job.state = JobState::Failed;
            job.ended_at = Some(now);
            Ended::Failed
        }
    }
}

/// What a look at an old lease came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lapse {
    /// It still holds, or is still respected.
    Holds,
    /// It was given up, and its job is queued again (or cancelled).
    GivenUp,
}

/// Looks at a lease. Over, the try may be running all the same: it is waited for the node's next worker, who takes it over,
/// for [`Policy::abandon`] at most. Then the try is given up, and the slot stays held.
pub fn lapse(job: &mut Job, attempt: &mut Attempt, per_hour: Money, policy: &Policy, now: Time) -> Lapse {
    if attempt.state.ended() || job.token != attempt.token {
        return Lapse::Holds;
    }
    if now <= attempt.lease_until + seconds(policy.grace + policy.abandon) {
        return Lapse::Holds;
    }
    let node = attempt.node;
    job.failures.note(Cause::Transient, node, "its worker and its node were not heard of any more", now);
    job.failures.keep_away(node, now + seconds(policy.avoid), now);
    close(attempt, AttemptState::Superseded, per_hour, now);
    // The next lease has a higher token in any case; this one is void from now on.
    job.token = job.token.next();
    if job.cancel_requested {
        job.state = JobState::Cancelled;
        job.ended_at = Some(now);
    } else {
        job.settle(now);
    }
    Lapse::GivenUp
}

/// The node's new worker takes a try over whose worker is gone: under a new token, with the same ticket. One whose lease
/// is respected still is left to its worker, who may be about to send it: whoever took it over would not find it on
/// the node, and give it up. (A worker that has its old name again takes its own tries over at once.)
///
/// # Errors
/// [`Refusal`] when it has ended, or its worker may be there.
pub fn adopt(job: &mut Job, attempt: &mut Attempt, worker: &str, policy: &Policy, now: Time) -> Result<Token, Refusal> {
    if attempt.state.ended() {
        return Err(Refusal::Ended { state: attempt.state });
    }
    if job.token != attempt.token {
        return Err(Refusal::Superseded { held: attempt.token.0, newest: job.token.0 });
    }
    if attempt.worker != worker && now <= attempt.lease_until + seconds(policy.grace) {
        return Err(Refusal::LeaseHolds);
    }
    job.token = job.token.next();
    attempt.token = job.token;
    worker.clone_into(&mut attempt.worker);
    attempt.lease_until = policy.lease_from(now);
    Ok(job.token)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::{Band, ClassId, Failures};

    fn at(second: f64) -> Time {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap() + seconds(second)
    }

    fn job() -> Job {
        Job {
            id: JobId(Uuid::from_u128(1)),
            project: Uuid::from_u128(2),
            user: "aiko".to_owned(),
            subject: "shot".to_owned(),
            band: Band::Normal,
            deadline: None,
            class: ClassId("class".to_owned()),
            size: 1.0,
            state: JobState::Queued,
            token: Token(0),
            attempts: 0,
            failures: Failures::default(),
            variant: 0,
            variants: 1,
            open_dependencies: 0,
            run_after: None,
            queued_at: at(0.0),
            cancel_requested: false,
            held: false,
            created_at: at(0.0),
            ended_at: None,
        }
    }

    fn grant(node: u128) -> Grant {
        Grant {
            node: NodeId(Uuid::from_u128(node)),
            worker: "w".to_owned(),
            prompt: Uuid::from_u128(9),
            swapped: false,
            expected: 20.0,
            per_hour: Money::from_units(3.6),
        }
    }

    const DONE: Outcome = Outcome::Done { seconds: Some(20.0), smallest: None };

    fn finish(job: &mut Job, attempt: &mut Attempt, token: Token, outcome: Outcome, second: f64) -> Result<Ended, Refusal> {
        end(job, attempt, token, outcome, true, Money::from_units(3.6), &Policy::default(), at(second), 0.5)
    }

    #[test]
    fn a_try_goes_its_way_and_is_paid_for() {
        let (policy, mut job) = (Policy::default(), job());
        let mut attempt = begin(&mut job, grant(1), &policy, at(0.0));
        let token = attempt.token;
        for step in [Step::Sending, Step::Submitted, Step::Running, Step::Running, Step::Storing] {
            advance(&job, &mut attempt, token, step, &policy, at(1.0)).unwrap();
        }
        assert_eq!(finish(&mut job, &mut attempt, token, DONE, 20.0), Ok(Ended::Done));
        assert_eq!((job.state, attempt.cost), (JobState::Done, Money::from_units(0.02)));
        assert_eq!(finish(&mut job, &mut attempt, token, DONE, 21.0), Err(Refusal::Ended { state: AttemptState::Done }));
    }

    #[test]
    fn a_late_report_of_a_superseded_attempt_changes_nothing() {
        let (policy, mut job) = (Policy::default(), job());
        let mut first = begin(&mut job, grant(1), &policy, at(0.0));
        let old = first.token;
        assert_eq!(lapse(&mut job, &mut first, Money::ZERO, &policy, at(100.0)), Lapse::Holds, "it may be running");
        assert_eq!(lapse(&mut job, &mut first, Money::ZERO, &policy, at(700.0)), Lapse::GivenUp);
        assert!(!first.released, "the node may still work on it");
        let mut second = begin(&mut job, grant(2), &policy, at(701.0));
        let before = (job.clone(), first.clone(), second.clone());
        assert!(finish(&mut job, &mut first, old, DONE, 702.0).is_err());
        assert!(heartbeat(&job, &mut first, old, &policy, at(702.0)).is_err());
        assert!(finish(&mut job, &mut second, old, DONE, 702.0).is_err());
        assert_eq!(before, (job, first, second));
    }

    #[test]
    fn nothing_may_be_sent_under_a_lease_that_is_over() {
        let (policy, mut job) = (Policy::default(), job());
        let mut attempt = begin(&mut job, grant(1), &policy, at(0.0));
        let token = attempt.token;
        let lease = advance(&job, &mut attempt, token, Step::Sending, &policy, at(29.0)).unwrap().lease_until;
        assert_eq!((lease, attempt.state), (at(59.0), AttemptState::Leased));
        assert_eq!(advance(&job, &mut attempt, token, Step::Sending, &policy, at(60.0)), Err(Refusal::LeaseOver));
        advance(&job, &mut attempt, token, Step::Submitted, &policy, at(61.0)).unwrap();
        let backwards = Refusal::Order { from: AttemptState::Submitted, to: AttemptState::Leased };
        assert_eq!(advance(&job, &mut attempt, token, Step::Sending, &policy, at(62.0)), Err(backwards));
    }

    #[test]
    fn the_nodes_next_worker_takes_over_with_the_same_ticket() {
        let (policy, mut job) = (Policy::default(), job());
        let mut attempt = begin(&mut job, grant(1), &policy, at(0.0));
        let old = attempt.token;
        advance(&job, &mut attempt, old, Step::Submitted, &policy, at(1.0)).unwrap();
        let ticket = (attempt.prompt, attempt.number);
        assert_eq!(adopt(&mut job, &mut attempt, "w2", &policy, at(35.0)), Err(Refusal::LeaseHolds), "it may be about to send it");
        let new = adopt(&mut job, &mut attempt, "w2", &policy, at(60.0)).unwrap();
        assert!(new > old);
        assert_eq!((attempt.prompt, attempt.number), ticket);
        assert!(finish(&mut job, &mut attempt, old, DONE, 61.0).is_err());
        assert_eq!(finish(&mut job, &mut attempt, new, DONE, 61.0), Ok(Ended::Done));
    }

    #[test]
    fn a_result_that_came_too_fast_is_drawn_again_and_believed_when_another_node_agrees() {
        let (policy, mut job) = (Policy::default(), job());
        let fast = || Outcome::Done { seconds: Some(0.05), smallest: None };
        let mut first = begin(&mut job, grant(1), &policy, at(0.0));
        let token = first.token;
        let ended = finish(&mut job, &mut first, token, fast(), 1.0);
        assert_eq!(ended, Ok(Ended::Again { cause: Some(Cause::Suspect), larger_node: false }));
        assert!(job.avoids(first.node, at(2.0)));
        job.settle(at(10.0));
        let mut second = begin(&mut job, grant(2), &policy, at(10.0));
        let token = second.token;
        assert_eq!(finish(&mut job, &mut second, token, fast(), 11.0), Ok(Ended::Done));
    }

    #[test]
    fn cancelling_ends_a_waiting_job_at_once_and_a_running_one_through_its_worker() {
        let (policy, mut waiting) = (Policy::default(), job());
        assert!(waiting.cancel(at(1.0)));
        assert_eq!(waiting.state, JobState::Cancelled);
        let mut running = job();
        let mut attempt = begin(&mut running, grant(1), &policy, at(0.0));
        let token = attempt.token;
        assert!(!running.cancel(at(1.0)));
        assert!(heartbeat(&running, &mut attempt, token, &policy, at(2.0)).unwrap().cancel);
        assert_eq!(finish(&mut running, &mut attempt, token, Outcome::Cancelled, 3.0), Ok(Ended::Cancelled));
    }

    #[derive(Debug, Clone)]
    enum Do {
        Claim,
        Report(usize, Step),
        Finish(usize, bool),
        Beat(usize),
        Lapse(f64),
        Adopt,
        Cancel,
    }

    fn deeds() -> impl Strategy<Value = Do> {
        let step = prop_oneof![Just(Step::Sending), Just(Step::Submitted), Just(Step::Running), Just(Step::Storing)];
        prop_oneof![
            3 => Just(Do::Claim),
            6 => (0..4_usize, step).prop_map(|(back, step)| Do::Report(back, step)),
            3 => (0..4_usize, any::<bool>()).prop_map(|(back, done)| Do::Finish(back, done)),
            2 => (0..4_usize).prop_map(Do::Beat),
            3 => (0.0..900.0).prop_map(Do::Lapse),
            2 => Just(Do::Adopt),
            1 => Just(Do::Cancel),
        ]
    }

    proptest! {
        /// Whatever workers do with whatever tokens they ever had: tokens only rise, at most one try is under way,
        /// a job that is done was finished once and stays done, and only the newest token changes anything.
        #[test]
        fn only_the_newest_token_changes_anything(deeds in proptest::collection::vec(deeds(), 1..60)) {
            let (policy, mut job, mut now) = (Policy::default(), job(), 0.0);
            let mut tries: Vec<Attempt> = Vec::new();
            let mut tokens: Vec<Token> = Vec::new();
            let (mut finished, mut highest) = (0, Token(0));
            for deed in deeds {
                now += 1.0;
                let before = (job.clone(), tries.clone());
                let back = |back: usize| tokens.len().checked_sub(1 + back).map(|index| tokens[index]);
                let mut changed_by = None;
                match deed {
                    Do::Claim => {
                        if matches!(job.state, JobState::Backoff) { job.settle(at(now + 1000.0)); }
                        if job.state == JobState::Queued {
                            tries.push(begin(&mut job, grant(tries.len() as u128), &policy, at(now)));
                            tokens.push(job.token);
                        }
                    }
                    Do::Report(index, step) => if let (Some(token), Some(attempt)) = (back(index), tries.last_mut()) {
                        changed_by = Some(token);
                        let _ = advance(&job, attempt, token, step, &policy, at(now));
                    },
                    Do::Beat(index) => if let (Some(token), Some(attempt)) = (back(index), tries.last_mut()) {
                        changed_by = Some(token);
                        let _ = heartbeat(&job, attempt, token, &policy, at(now));
                    },
                    Do::Finish(index, done) => if let (Some(token), Some(attempt)) = (back(index), tries.last_mut()) {
                        changed_by = Some(token);
                        let outcome = if done { DONE } else { Outcome::Failed { cause: Cause::Transient, reason: "x".to_owned() } };
                        if finish(&mut job, attempt, token, outcome, now) == Ok(Ended::Done) { finished += 1; }
                    },
                    Do::Lapse(seconds) => {
                        now += seconds;
                        if let Some(attempt) = tries.last_mut() { lapse(&mut job, attempt, Money::ZERO, &policy, at(now)); }
                    }
                    Do::Adopt => if let Some(attempt) = tries.last_mut()
                        && let Ok(token) = adopt(&mut job, attempt, "other", &policy, at(now)) { tokens.push(token); },
                    Do::Cancel => { job.cancel(at(now)); }
                }
                if let Some(token) = changed_by && token != before.0.token {
                    prop_assert_eq!(&before, &(job.clone(), tries.clone()));
                }
                prop_assert!(job.token >= highest);
                highest = job.token;
                let under_way = tries.iter().filter(|attempt| !attempt.state.ended()).count();
                prop_assert_eq!(under_way, usize::from(job.state == JobState::Active));
                prop_assert!(finished <= 1);
                prop_assert_eq!(finished == 1, job.state == JobState::Done);
            }
        }
    }
}
