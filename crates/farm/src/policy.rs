//! How patient the farm is: every limit in one place.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::cause::{Cause, Failures};

/// Limits and times. The defaults suit pictures of seconds to minutes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How long a lease holds without a heartbeat, in seconds.
    pub lease: f64,
    /// How long after its end a lease is still respected, in seconds: hosts' clocks differ by less than this.
    pub grace: f64,
    /// How long an attempt that may be running is waited for after its lease, in seconds, before the job goes elsewhere.
    pub abandon: f64,
    /// How often a job is tried again after transient failures.
    pub transient: u32,
    /// On how many nodes a job fails before it is given up.
    pub nodes: u32,
    /// How often a suspect result is drawn again.
    pub suspect: u32,
    /// How many attempts a job has in all.
    pub attempts: u32,
    /// The wait after the first failure, in seconds; it doubles.
    pub backoff: f64,
    /// The longest wait, in seconds.
    pub longest_backoff: f64,
    /// How long a job keeps away from a node where it failed, in seconds.
    pub avoid: f64,
    /// After failures of so many jobs, without a success between, a node is set aside.
    pub node_failures: usize,
    /// For how long at first, in seconds; it doubles each time.
    pub aside: f64,
    /// A result is suspect when it came in less than this part of the expected time.
    pub too_fast: f64,
    /// How many bytes a file has at least for each pixel, to be no blank; 0 turns it off.
    pub too_small: f64,
    /// How much of a node's memory is left free, as a part of it.
    pub headroom: f64,
    /// How far a project may be ahead of its fair share, in seconds of drawing, to save loading models.
    pub grouping: f64,
    /// After so many seconds a waiting job moves up one band.
    pub ageing: f64,
    /// A job whose deadline is nearer than this many times its expected time moves up one band.
    pub pressing: f64,
    /// The longest an attempt may take, as a multiple of the expected time…
    pub overlong: f64,
    /// …but not less than this many seconds.
    pub shortest_limit: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            lease: 30.0,
            grace: 10.0,
            abandon: 600.0,
            transient: 6,
            nodes: 3,
            suspect: 1,
            attempts: 16,
            backoff: 2.0,
            longest_backoff: 300.0,
            avoid: 900.0,
            node_failures: 3,
            aside: 300.0,
            too_fast: 0.1,
            too_small: 0.002,
            headroom: 0.08,
            grouping: 180.0,
            ageing: 3600.0,
            pressing: 4.0,
            overlong: 6.0,
            shortest_limit: 600.0,
        }
    }
}

/// What becomes of a job after a failure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// It is tried again.
    Again {
        /// After so many seconds.
        after: f64,
        /// Whether it keeps away from the node where it failed.
        elsewhere: bool,
        /// Whether it goes on with the variant that takes less memory.
        smaller: bool,
        /// Whether it needs a node with more memory.
        larger_node: bool,
    },
    /// It is given up.
    Fail {
        /// Why, to be put before the reasons.
        because: &'static str,
    },
}

impl Policy {
    /// What becomes of a job whose failures, this one among them, are these. `smaller_variants` are left that take
    /// less memory; `jitter` is random between 0 and 1.
    #[must_use]
    pub fn retry(&self, failures: &Failures, cause: Cause, smaller_variants: u32, jitter: f64) -> Decision {
        if failures.total() >= self.attempts {
            return Decision::Fail { because: "it was tried too often" };
        }
        // "Equal jitter": half of the wait is fixed, so that nothing hammers, half is random, so that nothing marches.
        let count = failures.count(cause).saturating_sub(1).min(16);
        let wait = (self.backoff * f64::from(1_u32 << count)).min(self.longest_backoff);
        let after = wait * (0.5 + 0.5 * jitter.clamp(0.0, 1.0));
        let again = |elsewhere, smaller, larger_node| Decision::Again { after, elsewhere, smaller, larger_node };
        match cause {
            Cause::Transient if failures.count(cause) <= self.transient => again(false, false, false),
            Cause::Transient => Decision::Fail { because: "the connection failed too often" },
            Cause::Node => {
                let spread = failures.nodes(Cause::Node) as u32 >= self.nodes;
                // A farm with one node has nowhere else to go: three times on it count as much.
                if spread || failures.count(cause) >= self.nodes * 2 {
                    Decision::Fail { because: "it failed on several nodes" }
                } else {
                    again(true, false, false)
                }
            }
            Cause::Memory if smaller_variants > 0 => again(false, true, false),
            Cause::Memory if failures.count(cause) <= self.nodes => again(true, false, true),
            Cause::Memory => Decision::Fail { because: "no node had enough memory" },
            Cause::Validation => Decision::Fail { because: "the request is wrong" },
            Cause::Suspect if failures.count(cause) <= self.suspect => again(true, false, false),
            Cause::Suspect => Decision::Fail { because: "its results are not to be believed" },
        }
    }

    /// Whether a result came too fast to be believed. `expected` seconds; none when it is not known.
    #[must_use]
    pub fn is_too_fast(&self, seconds: f64, expected: Option<f64>) -> bool {
        expected.is_some_and(|expected| expected >= 1.0 && seconds < expected * self.too_fast)
    }

    /// Whether a picture is too small a file for its pixels to be more than a blank.
    #[must_use]
    pub fn is_too_small(&self, bytes: u64, pixels: u64) -> bool {
        pixels > 0 && (bytes as f64) < pixels as f64 * self.too_small
    }

    /// How long an attempt may take, in seconds.
    #[must_use]
    pub fn limit(&self, expected: f64) -> f64 {
        (expected * self.overlong).max(self.shortest_limit)
    }

    /// The lease that begins now.
    #[must_use]
    pub fn lease_from(&self, now: crate::Time) -> crate::Time {
        now + seconds(self.lease)
    }
}

/// Seconds as a span of time.
pub(crate) fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::microseconds((seconds * 1e6) as i64)
}

/// A span of time in seconds.
pub(crate) fn in_seconds(span: TimeDelta) -> f64 {
    span.num_microseconds().map_or(span.num_seconds() as f64, |micros| micros as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::NodeId;

    fn failed(causes: &[(Cause, u128)]) -> Failures {
        let mut failures = Failures::default();
        for (cause, node) in causes {
            failures.note(*cause, NodeId(Uuid::from_u128(*node)), "because", DateTime::UNIX_EPOCH);
        }
        failures
    }

    #[test]
    fn a_wrong_request_is_never_tried_again() {
        let decision = Policy::default().retry(&failed(&[(Cause::Validation, 1)]), Cause::Validation, 3, 0.0);
        assert!(matches!(decision, Decision::Fail { .. }));
    }

    #[test]
    fn a_job_that_failed_on_three_nodes_is_given_up_and_before_that_goes_elsewhere() {
        let policy = Policy::default();
        let twice = policy.retry(&failed(&[(Cause::Node, 1), (Cause::Node, 2)]), Cause::Node, 0, 0.0);
        assert!(matches!(twice, Decision::Again { elsewhere: true, .. }));
        let thrice = policy.retry(&failed(&[(Cause::Node, 1), (Cause::Node, 2), (Cause::Node, 3)]), Cause::Node, 0, 0.0);
        assert_eq!(thrice, Decision::Fail { because: "it failed on several nodes" });
    }

    #[test]
    fn memory_is_first_saved_and_then_sought() {
        let policy = Policy::default();
        let failures = failed(&[(Cause::Memory, 1)]);
        assert!(matches!(policy.retry(&failures, Cause::Memory, 1, 0.0), Decision::Again { smaller: true, larger_node: false, .. }));
        assert!(matches!(policy.retry(&failures, Cause::Memory, 0, 0.0), Decision::Again { smaller: false, larger_node: true, .. }));
    }

    #[test]
    fn waits_double_up_to_a_limit_and_half_of_each_is_random() {
        let policy = Policy { transient: 99, attempts: 99, ..Policy::default() };
        let wait = |count: usize, jitter| match policy.retry(&failed(&vec![(Cause::Transient, 1); count]), Cause::Transient, 0, jitter) {
            Decision::Again { after, .. } => after,
            Decision::Fail { because } => panic!("{because}"),
        };
        assert_eq!([wait(1, 1.0), wait(2, 1.0), wait(3, 1.0), wait(30, 1.0)], [2.0, 4.0, 8.0, 300.0]);
        assert_eq!(wait(3, 0.0), 4.0);
    }

    #[test]
    fn every_cause_comes_to_an_end() {
        let policy = Policy::default();
        for cause in Cause::ALL {
            let mut failures = Failures::default();
            let ended = (1..=50_u128).find(|node| {
                failures.note(*cause, NodeId(Uuid::from_u128(*node)), "again", DateTime::UNIX_EPOCH);
                matches!(policy.retry(&failures, *cause, 0, 0.5), Decision::Fail { .. })
            });
            assert!(ended.is_some_and(|tries| tries <= 8), "{cause}: {ended:?}");
        }
    }

    #[test]
    fn what_came_in_no_time_is_suspect_but_not_what_is_always_fast() {
        let policy = Policy::default();
        assert!(policy.is_too_fast(0.5, Some(30.0)));
        assert!(!policy.is_too_fast(5.0, Some(30.0)));
        assert!(!policy.is_too_fast(0.001, Some(0.004)), "shorter than what can be told apart");
        assert!(!policy.is_too_fast(0.1, None));
        assert!(policy.is_too_small(900, 1024 * 1024) && !policy.is_too_small(40_000, 1024 * 1024));
    }
}
