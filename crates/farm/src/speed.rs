//! How fast nodes are: measured as they draw, guessed until then.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::NodeId;

/// What was measured of one node and one template.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Seconds for a job of size 1: a mean in which newer jobs count more.
    pub seconds: f64,
    /// From how many jobs.
    pub jobs: u32,
    /// How many more seconds a job took that needed other models loaded; none when that was never seen.
    pub swap: Option<f64>,
}

/// The weight of a new measurement, once there are many: about the last twenty count.
const FORGET: f64 = 0.1;
/// What an unknown job is guessed to take, in seconds.
const UNKNOWN: f64 = 30.0;
/// What loading models is guessed to take, in seconds.
const UNKNOWN_SWAP: f64 = 20.0;
/// How many jobs a guess is worth.
const GUESS_WORTH: f64 = 2.0;

impl Speed {
    /// With one more measurement of a job of a size.
    #[must_use]
    pub fn with(before: Option<Self>, seconds: f64, size: f64, swapped: bool) -> Self {
        let measured = seconds.max(1e-3) / size.max(1e-6);
        match before {
            // The first may have had to load the models: it is all that is known.
            None => Self { seconds: measured, jobs: 1, swap: None },
            Some(speed) if swapped => {
                let more = (seconds - speed.seconds * size).max(0.0);
                Self { swap: Some(speed.swap.map_or(more, |swap| swap + 0.3 * (more - swap))), ..speed }
            }
            Some(speed) => {
                let weight = (1.0 / f64::from(speed.jobs + 1)).max(FORGET);
                Self { seconds: speed.seconds + weight * (measured - speed.seconds), jobs: speed.jobs.saturating_add(1), ..speed }
            }
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// What was measured of all nodes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Speeds {
    measured: BTreeMap<String, BTreeMap<NodeId, Speed>>,
    /// Of each template over all nodes: sum of seconds, nodes.
    means: BTreeMap<String, (f64, u32)>,
    /// Of each node: sum of ratios to the templates' means, templates.
    factors: BTreeMap<NodeId, (f64, u32)>,
    swaps: (f64, u32),
}

impl Speeds {
    /// From what is stored.
    #[must_use]
    pub fn of(measured: impl IntoIterator<Item = (NodeId, String, Speed)>) -> Self {
        let mut speeds = Self::default();
        for (node, template, speed) in measured {
            speeds.measured.entry(template).or_default().insert(node, speed);
        }
        speeds.summarise();
        speeds
    }

    /// Takes a measurement in.
    pub fn measure(&mut self, node: NodeId, template: &str, seconds: f64, size: f64, swapped: bool) {
        let before = self.measured.get(template).and_then(|nodes| nodes.get(&node)).copied();
        let after = Speed::with(before, seconds, size, swapped);
        self.measured.entry(template.to_owned()).or_default().insert(node, after);
    }

    /// Computes what is guessed from what is measured. Costs as much as there are measurements: once in a while.
    pub fn summarise(&mut self) {
        (self.means, self.factors, self.swaps) = (BTreeMap::new(), BTreeMap::new(), (0.0, 0));
        for (template, nodes) in &self.measured {
            let mean = self.means.entry(template.clone()).or_default();
            for speed in nodes.values() {
                *mean = (mean.0 + speed.seconds, mean.1 + 1);
                if let Some(swap) = speed.swap {
                    self.swaps = (self.swaps.0 + swap, self.swaps.1 + 1);
                }
            }
            let mean = mean.0 / f64::from(mean.1.max(1));
            for (node, speed) in nodes {
                let factor = self.factors.entry(*node).or_default();
                *factor = (factor.0 + speed.seconds / mean.max(1e-9), factor.1 + 1);
            }
        }
    }

    /// How many times the fleet's mean a node takes; 1 when nothing is known.
    #[must_use]
    pub fn factor(&self, node: NodeId) -> f64 {
        self.factors.get(&node).map_or(1.0, |(sum, count)| (sum / f64::from(*count)).max(0.01))
    }

    /// What was measured of a template on a node itself.
    #[must_use]
    pub fn measured(&self, node: NodeId, template: &str) -> Option<Speed> {
        self.measured.get(template)?.get(&node).copied()
    }

    /// Seconds for a job of size 1 of a template that a node never drew: those of nodes that did, by how much faster or
    /// slower it is than they are at what both drew. None when there is no such node.
    #[must_use]
    pub fn scaled(&self, node: NodeId, template: &str) -> Option<f64> {
        let drew = self.measured.get(template)?;
        let as_they = drew.iter().filter_map(|(other, speed)| {
            let both = self.measured.values().filter_map(|nodes| Some(nodes.get(&node)?.seconds / nodes.get(other)?.seconds.max(1e-9)));
            mean(both).map(|ratio| speed.seconds * ratio)
        });
        mean(as_they)
    }

    /// Seconds for a job of size 1 of a template on a usual node; none when nobody has drawn one yet.
    #[must_use]
    pub fn mean(&self, template: &str) -> Option<f64> {
        self.means.get(template).map(|(sum, count)| sum / f64::from(*count))
    }

    /// Seconds that a node takes for a job, and whether that was measured anywhere.
    #[must_use]
    pub fn expect(&self, node: NodeId, template: &str, size: f64) -> (f64, bool) {
        let own = self.measured.get(template).and_then(|nodes| nodes.get(&node));
        let mean = self.mean(template);
        let guess = mean.unwrap_or(UNKNOWN) * self.factor(node);
        let seconds = own.map_or(guess, |own| {
            let jobs = f64::from(own.jobs);
            (own.seconds * jobs + guess * GUESS_WORTH) / (jobs + GUESS_WORTH)
        });
        (seconds * size, mean.is_some())
    }

    /// Seconds for loading a template's models on a node.
    #[must_use]
    pub fn swap(&self, node: NodeId, template: &str) -> f64 {
        let own = self.measured.get(template).and_then(|nodes| nodes.get(&node)).and_then(|speed| speed.swap);
        own.unwrap_or_else(|| if self.swaps.1 > 0 { self.swaps.0 / f64::from(self.swaps.1) } else { UNKNOWN_SWAP })
    }

    /// Everything that was measured, by template and node.
    pub fn all(&self) -> impl Iterator<Item = (NodeId, &str, Speed)> {
        self.measured.iter().flat_map(|(template, nodes)| nodes.iter().map(move |(node, speed)| (*node, template.as_str(), *speed)))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn node(number: u128) -> NodeId {
        NodeId(Uuid::from_u128(number))
    }

    #[test]
    fn a_node_that_never_drew_a_template_is_guessed_from_what_else_it_drew() {
        let mut speeds = Speeds::default();
        for _ in 0..30 {
            for (number, factor) in [(1, 1.0), (2, 3.0)] {
                speeds.measure(node(number), "a", 10.0 * factor, 1.0, false);
            }
            speeds.measure(node(1), "b", 40.0, 1.0, false);
        }
        speeds.summarise();
        let (slow, known) = speeds.expect(node(2), "b", 2.0);
        assert!(known && (110.0..140.0).contains(&slow), "{slow}");
        assert_eq!(speeds.expect(node(9), "c", 1.0), (UNKNOWN, false));
    }

    #[test]
    fn it_follows_a_node_that_becomes_slower_and_leaves_loading_out() {
        let mut speed = None;
        for round in 0..100 {
            let usual = if round < 50 { 10.0 } else { 20.0 };
            speed = Some(Speed::with(speed, usual, 1.0, false));
            speed = Some(Speed::with(speed, usual + 15.0, 1.0, true));
        }
        let speed = speed.unwrap();
        assert!((speed.seconds - 20.0).abs() < 0.2, "{speed:?}");
        assert!((speed.swap.unwrap() - 15.0).abs() < 1.0, "{speed:?}");
    }
}
