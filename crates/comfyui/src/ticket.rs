//! Tickets: how we recognise our own work on a server that others use too.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::prefix::Prefix;

/// One attempt at one job. Store it *before* it is submitted: after a crash it is what finds the prompt again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ticket {
    /// The job, ours.
    pub job: Uuid,
    /// Which attempt at it, from 1.
    pub attempt: u32,
    /// The prompt's id on the server. Ours as well, but not an idempotency key there: posting it twice runs twice.
    pub prompt: Uuid,
}

impl Ticket {
    /// The prefix of the attempt's files, which no other attempt has: the prompt's id is in it.
    #[must_use]
    pub fn prefix(&self) -> Prefix {
        let text = format!("echo-studio/{}/{}-{}", self.job, self.attempt, self.prompt.simple());
        // Digits, letters, hyphens and slashes only.
        Prefix::new(text).unwrap_or_else(|never| unreachable!("{never}"))
    }

    /// What of it goes into the prompt's `extra_data`, which servers give back in queue and history.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark { job: self.job, attempt: self.attempt }
    }
}

/// Our ids inside a prompt's `extra_data`, under the key `echo_studio`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// The job.
    pub job: Uuid,
    /// Which attempt at it.
    pub attempt: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_attempts_never_share_a_prefix() {
        let ticket = |attempt, prompt| Ticket { job: Uuid::from_u128(1), attempt, prompt: Uuid::from_u128(prompt) };
        assert_ne!(ticket(1, 7).prefix(), ticket(2, 7).prefix());
        assert_ne!(ticket(1, 7).prefix(), ticket(1, 8).prefix());
    }
}
