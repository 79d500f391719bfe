//! What holds at every moment, whatever goes wrong.

use std::collections::{BTreeMap, HashMap};

use crate::Policy;
use crate::book::{Book, Candidate, Entry};
use crate::id::{JobId, NodeId};
use crate::job::{Band, Job, JobState};
use crate::money::Money;

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{invariant}: {what}")]
pub struct Broken {
    /// Which.
    pub invariant: &'static str,
    /// What was seen.
    pub what: String,
}

/// The eight that the farm promises.
#[derive(Debug, Default)]
pub struct Invariants {
    /// How often a job was done.
    done: HashMap<JobId, u32>,
    seen: usize,
    states: HashMap<JobId, JobState>,
    /// How many claims were looked at.
    pub claims: u64,
}

type Checked = Result<(), Broken>;

fn broken(invariant: &'static str, what: String) -> Checked {
    Err(Broken { invariant, what })
}

impl Invariants {
    /// A claim was made: nothing more pressing was passed over, and nobody was served who is further ahead than is
    /// allowed while somebody who is not could have been. `by_hand` is what was there to choose, counted from the jobs.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn claimed(&mut self, job: &Job, band: Band, by_hand: &[Candidate], policy: &Policy) -> Checked {
        const INVARIANT: &str = "priority and fairness bounds";
        self.claims += 1;
        if let Some(missed) = by_hand.iter().find(|candidate| candidate.band < band) {
            return broken(INVARIANT, format!("a job in band {band} was taken while {missed:?} waited"));
        }
        let Some(own) = by_hand.iter().find(|candidate| candidate.project == job.project && candidate.band == band) else { return Ok(()) };
        let least =
            by_hand.iter().filter(|candidate| candidate.band == band).map(|candidate| candidate.clock).fold(f64::INFINITY, f64::min);
        if own.clock - least > policy.grouping + 1e-6 {
            return broken(INVARIANT, format!("a project that is {:.0} s ahead was served before one that is not", own.clock - least));
        }
        Ok(())
    }

    /// Looks at what changed since the last time: each job is done once at most, and changes as it may.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn follow(&mut self, book: &Book) -> Checked {
        for (job, state) in &book.history[self.seen..] {
            let before = self.states.insert(*job, *state);
            let legal = match (before, state) {
                (Some(JobState::Queued), JobState::Active) | (Some(JobState::Active), _) => true,
                (_, JobState::Active) => false,
                (Some(JobState::Failed | JobState::Cancelled), JobState::Queued | JobState::Blocked | JobState::Held) => true,
                (Some(before), _) if before.ended() => false,
                (_, JobState::Done | JobState::Failed) => false,
                _ => true,
            };
            if !legal {
                return broken("state equals history", format!("job {job} went from {before:?} to {state}"));
            }
            if *state == JobState::Done {
                let times = self.done.entry(*job).or_default();
                *times += 1;
                if *times > 1 {
                    return broken("no unit runs twice", format!("job {job} was done {times} times"));
                }
            }
        }
        self.seen = book.history.len();
        Ok(())
    }

    /// Looks at everything: for now and then, it costs as much as there is.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn hold(&self, book: &Book) -> Checked {
        let mut counted: BTreeMap<JobState, i64> = BTreeMap::new();
        for job in book.jobs.values() {
            *counted.entry(job.state).or_default() += 1;
            if self.states.get(&job.id) != Some(&job.state) {
                return broken(
                    "state equals history",
                    format!("job {} is {} and its history says {:?}", job.id, job.state, self.states.get(&job.id)),
                );
            }
            if (job.state == JobState::Active) != book.live.contains_key(&job.id) {
                return broken("state equals history", format!("job {} is {}, its attempt says otherwise", job.id, job.state));
            }
        }
        for (state, count) in &book.counts {
            if counted.get(state).copied().unwrap_or(0) != *count {
                return broken("counters equal sums", format!("{count} jobs are counted as {state}, {:?} are", counted.get(state)));
            }
        }
        let mut on: HashMap<NodeId, u32> = HashMap::new();
        for attempt in book.live.values() {
            *on.entry(attempt.node).or_default() += 1;
            if book.slots.get(&attempt.node).is_none_or(|(job, _, _)| *job != attempt.job) {
                return broken("no leak", format!("the attempt at job {} has no slot", attempt.job));
            }
        }
        if let Some((node, count)) = on.iter().find(|(_, count)| **count > 1) {
            return broken("caps never exceeded", format!("node {node} has {count} attempts"));
        }
        accounts(book)
    }

    /// Looks at what is left when all is over.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn over(&self, book: &Book) -> Checked {
        self.hold(book)?;
        if !book.finished() {
            return broken("zero residue", format!("jobs are left: {:?}", book.counts));
        }
        if !book.live.is_empty() || !book.slots.is_empty() {
            return broken("no leak", format!("{} attempts and {} slots are left", book.live.len(), book.slots.len()));
        }
        if let Some((project, account)) = book.accounts.iter().find(|(_, account)| account.reserved != Money::ZERO) {
            return broken("no leak", format!("{} are still set aside for {project}", account.reserved));
        }
        Ok(())
    }
}

/// Accounts are the ledger's sums, nothing is below zero, and no budget is exceeded.
fn accounts(book: &Book) -> Checked {
    let mut sums: HashMap<uuid::Uuid, (Money, Money)> = HashMap::new();
    for entry in &book.ledger {
        match *entry {
            Entry::Reserve(project, amount) => sums.entry(project).or_default().1 += amount,
            Entry::Release(project, amount) => {
                let sum = &mut sums.entry(project).or_default().1;
                *sum = *sum - amount;
                if *sum < Money::ZERO {
                    return broken("ledger never negative", format!("more was given back to {project} than was set aside"));
                }
            }
            Entry::Spend(project, amount) => sums.entry(project).or_default().0 += amount,
        }
    }
    for (project, account) in &book.accounts {
        let (spent, reserved) = sums.get(project).copied().unwrap_or_default();
        if (spent, reserved) != (account.spent, account.reserved) {
            return broken(
                "counters equal sums",
                format!("the account of {project} is {account:?}, its ledger says {spent} and {reserved}"),
            );
        }
        if account.spent < Money::ZERO || account.reserved < Money::ZERO {
            return broken("ledger never negative", format!("{account:?}"));
        }
        if account.budget.is_some_and(|budget| account.spent + account.reserved > budget) {
            return broken("caps never exceeded", format!("the budget of {project}: {account:?}"));
        }
    }
    Ok(())
}
