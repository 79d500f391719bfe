//! What drawing something would take on the nodes that there are, before anything is drawn.
//!
//! Only what was measured is counted. A node that drew a template has its own time for it. One that did not, and drew
//! something else that nodes with a time for it drew too, has their time at its own pace. Any other is left out and said
//! to be; where that leaves nobody, there is no figure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::id::{NodeId, Time};
use crate::job::Requirements;
use crate::money::{Money, cost_of};
use crate::node::{Node, NodeState};
use crate::policy::Policy;
use crate::speed::Speeds;

/// Jobs that take the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Lot {
    /// What they take.
    pub needs: Requirements,
    /// How much work each is, as [`crate::Job::size`].
    pub sizes: Vec<f64>,
}

/// What a node's time rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It drew the template itself.
    Measured,
    /// Others drew the template, and its pace at what both drew is known.
    Scaled,
}

/// What a node would draw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// Which node.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// What its time rests on; the weaker of two templates.
    pub basis: Basis,
    /// From how many jobs of the templates its own time was measured.
    pub measured_jobs: u32,
    /// How many jobs.
    pub jobs: usize,
    /// For how long it works on them, in seconds.
    pub seconds: f64,
    /// Seconds of these for loading models; none when it has to load some and how long that takes was never measured.
    pub loading: Option<f64>,
    /// What that costs.
    pub cost: Money,
    /// Why it takes nothing now, though it may when the drawing begins.
    pub away: Option<&'static str>,
}

/// A node that is not counted on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Time and money.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Figures {
    /// From what was measured.
    Estimated {
        /// From beginning to end, when nothing else is drawn meanwhile, in seconds.
        seconds: f64,
        /// Of all nodes together, in seconds.
        node_seconds: f64,
        /// Of all nodes together.
        cost: Money,
        /// The most that one job has set aside of a budget while it is drawn, on the cheapest node that it may be drawn on.
        set_aside: Money,
    },
    /// Nobody can say.
    NotMeasured {
        /// Why.
        reason: String,
    },
}

/// What drawing something would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// How many jobs.
    pub jobs: usize,
    /// Time and money.
    #[serde(flatten)]
    pub figures: Figures,
    /// Who would draw what.
    pub nodes: Vec<Share>,
    /// Who is not counted on.
    pub left_out: Vec<LeftOut>,
}

/// A node that can be counted on for some lots.
struct Hand<'a> {
    node: &'a Node,
    /// Seconds for a job of size 1 of a lot, by the lot's place.
    each: BTreeMap<usize, f64>,
    share: Share,
}

impl Estimate {
    /// What it takes to draw `lots` on `nodes`, each job on the node that would end it first, the largest jobs first.
    #[must_use]
    pub fn of(lots: &[Lot], nodes: &[Node], speeds: &Speeds, policy: &Policy, now: Time) -> Self {
        let jobs: usize = lots.iter().map(|lot| lot.sizes.len()).sum();
        let mut left_out = Vec::new();
        let mut hands = Vec::new();
        for node in nodes {
            match hand(node, lots, speeds, policy, now) {
                Ok(hand) => hands.push(hand),
                Err(reason) => left_out.push(LeftOut { name: node.name.clone(), reason }),
            }
        }
        let mut order: Vec<(usize, f64)> =
            lots.iter().enumerate().flat_map(|(lot, of)| of.sizes.iter().map(move |size| (lot, *size))).collect();
        order.sort_by(|one, other| other.1.total_cmp(&one.1));
        let mut set_aside = Money::ZERO;
        for (lot, size) in order {
            let ends = |hand: &Hand<'_>| hand.each.get(&lot).map(|each| hand.share.seconds + each * size);
            let best = (0..hands.len()).filter_map(|at| Some((at, ends(&hands[at])?))).min_by(|one, other| one.1.total_cmp(&other.1));
            let Some((best, _)) = best else {
                let nobody = if nodes.is_empty() { "the farm has no nodes" } else { "no node that fits has drawn it yet" };
                let reason = format!("how long {} takes was never measured: {nobody}", lots[lot].needs.template);
                return Self { jobs, figures: Figures::NotMeasured { reason }, nodes: Vec::new(), left_out };
            };
            let reserved = |hand: &Hand<'_>| Some(cost_of(hand.node.per_hour, policy.limit(hand.each.get(&lot)? * size)));
            set_aside = set_aside.max(hands.iter().filter_map(reserved).min().unwrap_or_default());
            let hand = &mut hands[best];
            if hand.share.jobs == 0 {
                hand.share.loading = loading(hand.node, &lots[lot].needs, speeds);
                hand.share.seconds += hand.share.loading.unwrap_or(0.0);
            }
            hand.share.jobs += 1;
            hand.share.seconds += hand.each.get(&lot).copied().unwrap_or(0.0) * size;
        }
        for hand in &mut hands {
            hand.share.cost = cost_of(hand.node.per_hour, hand.share.seconds);
        }
        let shares: Vec<Share> = hands.into_iter().map(|hand| hand.share).collect();
        let figures = Figures::Estimated {
            seconds: shares.iter().map(|share| share.seconds).fold(0.0, f64::max),
            node_seconds: shares.iter().map(|share| share.seconds).sum(),
            cost: shares.iter().map(|share| share.cost).sum(),
            set_aside,
        };
        Self { jobs, figures, nodes: shares, left_out }
    }
}

/// What is known of a node for some lots; why it cannot be counted on for any.
fn hand<'a>(node: &'a Node, lots: &[Lot], speeds: &Speeds, policy: &Policy, now: Time) -> Result<Hand<'a>, String> {
    if node.capabilities.engine.is_empty() {
        return Err("no worker has asked it yet what it has".to_owned());
    }
    if matches!(node.state, NodeState::Draining | NodeState::Aside)
        && let Some(away) = node.away(now)
    {
        return Err(away.to_owned());
    }
    let mut reason = "there is nothing to draw".to_owned();
    let mut hand = Hand {
        node,
        each: BTreeMap::new(),
        share: Share {
            node: node.id,
            name: node.name.clone(),
            basis: Basis::Measured,
            measured_jobs: 0,
            jobs: 0,
            seconds: 0.0,
            loading: Some(0.0),
            cost: Money::ZERO,
            away: node.away(now),
        },
    };
    let mut counted: BTreeMap<&str, u32> = BTreeMap::new();
    for (at, lot) in lots.iter().enumerate() {
        let template = &lot.needs.template;
        if let Err(lacks) = node.fits(&lot.needs, policy) {
            reason = format!("it lacks {lacks}");
        } else if let Some(own) = speeds.measured(node.id, template) {
            counted.insert(template, own.jobs);
            hand.each.insert(at, own.seconds);
        } else if let Some(seconds) = speeds.scaled(node.id, template) {
            hand.share.basis = Basis::Scaled;
            hand.each.insert(at, seconds);
        } else {
            reason = format!("how long it takes for {template} was never measured");
        }
    }
    hand.share.measured_jobs = counted.into_values().sum();
    if hand.each.is_empty() { Err(reason) } else { Ok(hand) }
}

/// Seconds until a node has a job's models; none when that was never measured there.
fn loading(node: &Node, needs: &Requirements, speeds: &Speeds) -> Option<f64> {
    if node.resident.as_ref() == Some(&needs.residency()) {
        return Some(0.0);
    }
    speeds.measured(node.id, &needs.template).and_then(|speed| speed.swap)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::node::Capabilities;

    fn node(number: u128, per_hour: f64) -> Node {
        let mut node = Node::new(NodeId(Uuid::from_u128(number)), format!("gpu-{number}"), "http://gpu");
        node.capabilities =
            Capabilities { engine: "comfyui".to_owned(), models: ["checkpoints/a".to_owned()].into(), ..Capabilities::default() };
        node.per_hour = Money::from_units(per_hour);
        node
    }

    fn lot(template: &str, model: &str, jobs: usize) -> Lot {
        let needs = Requirements {
            engine: "comfyui".to_owned(),
            template: template.to_owned(),
            classes: std::collections::BTreeSet::new(),
            models: [model.to_owned()].into(),
            pinned: BTreeMap::new(),
            vram: 0,
            group: None,
        };
        Lot { needs, sizes: vec![1.0; jobs] }
    }

    fn measured(speeds: &mut Speeds, number: u128, template: &str, seconds: f64) {
        speeds.measure(NodeId(Uuid::from_u128(number)), template, seconds, 1.0, false);
    }

    fn estimated(estimate: &Estimate) -> (f64, f64, Money) {
        match &estimate.figures {
            Figures::Estimated { seconds, node_seconds, cost, .. } => (*seconds, *node_seconds, *cost),
            Figures::NotMeasured { reason } => panic!("{reason}"),
        }
    }

    #[test]
    fn work_is_spread_over_measured_nodes_as_fast_as_they_are_and_costs_what_they_cost() {
        let mut speeds = Speeds::default();
        measured(&mut speeds, 1, "anime", 10.0);
        measured(&mut speeds, 2, "anime", 20.0);
        speeds.summarise();
        let nodes = [node(1, 3.6), node(2, 0.0), node(3, 9.0)];
        let estimate = Estimate::of(&[lot("anime", "checkpoints/a", 30)], &nodes, &speeds, &Policy::default(), Time::UNIX_EPOCH);
        assert_eq!(estimated(&estimate), (200.0, 400.0, Money::from_units(0.2)));
        assert_eq!(estimate.nodes.iter().map(|share| share.jobs).collect::<Vec<_>>(), [20, 10]);
        assert_eq!(estimate.nodes[0].loading, None, "it has never loaded the models while somebody looked");
        assert_eq!(estimate.left_out.len(), 1);
        assert_eq!(estimate.left_out[0].reason, "how long it takes for anime was never measured");
    }

    #[test]
    fn a_node_that_drew_other_things_is_scaled_and_says_so() {
        let mut speeds = Speeds::default();
        for (number, template, seconds) in [(1, "other", 10.0), (2, "other", 30.0), (1, "anime", 10.0)] {
            measured(&mut speeds, number, template, seconds);
        }
        speeds.summarise();
        let estimate = Estimate::of(&[lot("anime", "checkpoints/a", 4)], &[node(2, 0.0)], &speeds, &Policy::default(), Time::UNIX_EPOCH);
        assert_eq!(estimate.nodes[0].basis, Basis::Scaled);
        assert_eq!(estimated(&estimate).0, 120.0, "a third as fast as the node that takes 10 s");
    }

    #[test]
    fn what_nobody_measured_has_no_figure() {
        let nothing = Estimate::of(&[lot("anime", "checkpoints/a", 4)], &[], &Speeds::default(), &Policy::default(), Time::UNIX_EPOCH);
        let reason = "how long anime takes was never measured: the farm has no nodes".to_owned();
        assert_eq!(nothing.figures, Figures::NotMeasured { reason });
        let mut speeds = Speeds::default();
        measured(&mut speeds, 1, "anime", 10.0);
        speeds.summarise();
        let lacking = Estimate::of(&[lot("anime", "checkpoints/b", 4)], &[node(1, 0.0)], &speeds, &Policy::default(), Time::UNIX_EPOCH);
        assert!(matches!(lacking.figures, Figures::NotMeasured { .. }));
        assert_eq!(lacking.left_out[0].reason, "it lacks the model checkpoints/b");
    }
}
