//! What a free node draws next.
//!
//! The order is: the most pressing band; in it, the projects and users that are behind their fair share; among those
//! that are no further ahead than [`Policy::grouping`], what costs the farm least (models that are loaded already, work
//! that few other nodes can do, work that this node is comparatively good at).
//!
//! Only lanes are looked at, never jobs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use crate::id::{NodeId, Time};
use crate::job::{Band, ClassId, Requirements};
use crate::lane::Lane;
use crate::node::Node;
use crate::policy::Policy;
use crate::share::Shares;
use crate::speed::Speeds;

/// How many seconds of drawing it is worth that a node does what only few nodes can do.
const SCARCITY: f64 = 240.0;

/// What of the farm the choice depends on, computed once for many choices.
#[derive(Debug, Clone, Default)]
pub struct View {
    classes: HashMap<ClassId, ClassView>,
    /// The nodes that may take something now.
    there: HashSet<NodeId>,
    paused: BTreeSet<Uuid>,
    all_paused: bool,
    /// How much all of them draw together, compared with a usual node.
    pace: f64,
}

/// What is known of a class of jobs.
#[derive(Debug, Clone)]
struct ClassView {
    template: String,
    residency: String,
    fits: HashSet<NodeId>,
    /// Which part of the farm's drawing could go to this class.
    capacity: f64,
    /// Seconds of a job of size 1 on a usual node, and on the fastest that fits.
    usual: f64,
    fastest: f64,
    /// Seconds that the fastest needs to load the models first.
    load: f64,
}

impl View {
    /// Looks at the farm.
    #[must_use]
    pub fn new(nodes: &[Node], classes: &BTreeMap<ClassId, Requirements>, speeds: &Speeds, policy: &Policy, now: Time) -> Self {
        let there: HashSet<NodeId> = nodes.iter().filter(|node| node.away(now).is_none()).map(|node| node.id).collect();
        let pace = |node: &Node| 1.0 / speeds.factor(node.id);
        let whole: f64 = nodes.iter().filter(|node| there.contains(&node.id)).map(pace).sum();
        let view = |needs: &Requirements| {
            let fitting: Vec<&Node> = nodes.iter().filter(|node| node.fits(needs, policy).is_ok()).collect();
            let able: f64 = fitting.iter().filter(|node| there.contains(&node.id)).map(|node| pace(node)).sum();
            let residency = needs.residency();
            let takes = |node: &&Node| {
                let is_loaded = node.resident.as_ref() == Some(&residency);
                let load = if is_loaded { 0.0 } else { speeds.swap(node.id, &needs.template) };
                (speeds.expect(node.id, &needs.template, 1.0).0, load)
            };
            let usual = speeds.mean(&needs.template);
            let there_and_fitting = fitting.iter().filter(|node| there.contains(&node.id));
            let sooner = |one: &(f64, f64), other: &(f64, f64)| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1));
            let (fastest, load) = there_and_fitting.map(takes).min_by(sooner).unwrap_or((f64::INFINITY, 0.0));
            ClassView {
                template: needs.template.clone(),
                residency,
                fits: fitting.iter().map(|node| node.id).collect(),
                capacity: if whole > 0.0 { able / whole } else { 1.0 },
                usual: usual.unwrap_or(if fastest.is_finite() { fastest } else { 30.0 }),
                fastest,
                load,
            }
        };
        let classes = classes.iter().map(|(class, needs)| (class.clone(), view(needs))).collect();
        Self { classes, there, paused: BTreeSet::new(), all_paused: false, pace: whole }
    }

    /// Leaves projects out; all of them when `all`.
    #[must_use]
    pub fn pausing(mut self, projects: BTreeSet<Uuid>, all: bool) -> Self {
        (self.paused, self.all_paused) = (projects, all);
        self
    }

    /// Whether a project is paused.
    #[must_use]
    pub fn is_paused(&self, project: Uuid) -> bool {
        self.all_paused || self.paused.contains(&project)
    }

    /// Whether everything is paused.
    #[must_use]
    pub const fn is_all_paused(&self) -> bool {
        self.all_paused
    }

    /// Whether a class is known; a new one makes a new view necessary.
    #[must_use]
    pub fn knows(&self, class: &ClassId) -> bool {
        self.classes.contains_key(class)
    }

    /// How many nodes have what a class takes, and how many of them may take something now.
    #[must_use]
    pub fn fitting(&self, class: &ClassId) -> (usize, usize) {
        let Some(class) = self.classes.get(class) else { return (0, 0) };
        (class.fits.len(), class.fits.intersection(&self.there).count())
    }

    /// Whether a node has what a class takes.
    #[must_use]
    pub fn fits(&self, node: NodeId, class: &ClassId) -> bool {
        self.classes.get(class).is_some_and(|class| class.fits.contains(&node))
    }

    /// The template of a class.
    #[must_use]
    pub fn template(&self, class: &ClassId) -> Option<&str> {
        self.classes.get(class).map(|class| class.template.as_str())
    }
}

/// A lane that a node may draw from.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Which, as its place in the list that was given.
    pub lane: usize,
    /// The band that it counts in now.
    pub band: Band,
    /// How long its head should take, in seconds, without loading models.
    pub expected: f64,
    /// Whether that was measured anywhere.
    pub measured: bool,
    /// Whether the node has to load other models.
    pub swapped: bool,
    /// The models that it has then.
    pub residency: String,
    /// By how much the project's clock runs for it, in seconds: what is expected, over the project's weight.
    pub paced: f64,
    /// The clock of the user furthest behind in the same project, for [`Shares::charge`].
    pub behind: f64,
    /// The band's time: no project's clock is behind it.
    pub time: f64,
}

struct Candidate {
    choice: Choice,
    project: Uuid,
    lead: f64,
    costs: f64,
}

/// The lanes that a node may draw from now, best first. Empty when there is nothing for it, or when others will have
/// done what is left before this node could have.
#[must_use]
pub fn pick(node: &Node, lanes: &[Lane], shares: &mut Shares, view: &View, speeds: &Speeds, policy: &Policy, now: Time) -> Vec<Choice> {
    if view.all_paused || node.away(now).is_some() {
        return Vec::new();
    }
    let left = time_left(lanes, view);
    let mut candidates: Vec<Candidate> = Vec::new();
    for (index, lane) in lanes.iter().enumerate() {
        if lane.depth == 0 || view.paused.contains(&lane.key.project) {
            continue;
        }
        let Some(class) = view.classes.get(&lane.key.class).filter(|class| class.fits.contains(&node.id)) else { continue };
        let (expected, measured) = speeds.expect(node.id, &class.template, lane.size);
        let swapped = node.resident.as_ref() != Some(&class.residency);
        let swap = if swapped { speeds.swap(node.id, &class.template) } else { 0.0 };
        // A slow node that began the last job would be waited for by everybody. The fastest is never slow, even when it has to
        // load its models first.
        if measured && left.is_some_and(|left| expected + swap > left + 2.0 * class.fastest * lane.size + class.load) {
            continue;
        }
        // What this node takes longer for this than for other things, compared with a usual node.
        let weakness = (expected / (class.usual * lane.size * speeds.factor(node.id)).max(1e-9) - 1.0) * expected;
        candidates.push(Candidate {
            choice: Choice {
                lane: index,
                band: lane.band(expected, policy, now),
                expected,
                measured,
                swapped,
                residency: class.residency.clone(),
                paced: shares.paced(lane.key.project, expected),
                behind: 0.0,
                time: 0.0,
            },
            project: lane.key.project,
            lead: 0.0,
            costs: swap + weakness + SCARCITY * class.capacity,
        });
    }
    lead(&mut candidates, lanes, shares);
    let bound = policy.grouping;
    candidates.sort_by(|one, other| {
        let order = |candidate: &Candidate| (candidate.choice.band, candidate.lead > bound);
        let even = || (one.lead + one.costs).total_cmp(&(other.lead + other.costs));
        order(one)
            .cmp(&order(other))
            .then_with(|| if one.lead > bound { one.lead.total_cmp(&other.lead) } else { even() })
            // The same choice on every machine.
            .then_with(|| lanes[one.choice.lane].id.cmp(&lanes[other.choice.lane].id))
    });
    candidates.into_iter().map(|candidate| candidate.choice).collect()
}

/// How far each candidate is ahead of the one furthest behind, by project and by user: the larger of the two.
fn lead(candidates: &mut [Candidate], lanes: &[Lane], shares: &mut Shares) {
    let mut users: HashMap<(Band, Uuid), f64> = HashMap::new();
    for band in Band::ALL {
        let of_band = || candidates.iter().filter(|candidate| candidate.choice.band == *band);
        shares.serve(*band, of_band().map(|candidate| candidate.project));
    }
    for candidate in candidates.iter() {
        let clock = shares.user(candidate.choice.band, candidate.project, &lanes[candidate.choice.lane].key.user);
        users.entry((candidate.choice.band, candidate.project)).and_modify(|behind| *behind = behind.min(clock)).or_insert(clock);
    }
    for candidate in candidates.iter_mut() {
        let band = candidate.choice.band;
        let behind = users.get(&(band, candidate.project)).copied().unwrap_or(0.0);
        let user = shares.user(band, candidate.project, &lanes[candidate.choice.lane].key.user) - behind;
        let project = shares.project(band, candidate.project) - shares.band(band);
        candidate.choice.behind = behind;
        candidate.choice.time = shares.band(band);
        candidate.lead = project.max(user);
    }
    // The band's time is its highest ever; leads are from the one furthest behind now.
    for band in Band::ALL {
        let least = candidates
            .iter()
            .filter(|candidate| candidate.choice.band == *band)
            .map(|candidate| candidate.lead)
            .fold(f64::INFINITY, f64::min);
        candidates.iter_mut().filter(|candidate| candidate.choice.band == *band).for_each(|candidate| candidate.lead -= least);
    }
}

/// How long the farm needs for all that waits; none when that is more than is counted.
fn time_left(lanes: &[Lane], view: &View) -> Option<f64> {
    let mut work = 0.0;
    for lane in lanes {
        if lane.depth >= Lane::COUNTED {
            return None;
        }
        if let Some(class) = view.classes.get(&lane.key.class) {
            work += f64::from(lane.depth) * class.usual * lane.size;
        }
    }
    Some(if view.pace > 0.0 { work / view.pace } else { f64::INFINITY })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::policy::seconds;
    use crate::{Capabilities, LaneKey};

    const GIB: u64 = 1 << 30;

    fn at(second: f64) -> Time {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap() + seconds(second)
    }

    fn node(number: u128, vram: u64) -> Node {
        let mut node = Node::new(NodeId(Uuid::from_u128(number)), format!("n{number}"), "http://n");
        let models = ["a", "b", "big"].map(str::to_owned).into();
        node.capabilities = Capabilities { engine: "comfyui".to_owned(), models, vram: vram * GIB, ..Capabilities::default() };
        node.owner = Some(("w".to_owned(), at(1e9)));
        node
    }

    fn needs(model: &str, vram: u64) -> Requirements {
        Requirements {
            engine: "comfyui".to_owned(),
            template: model.to_owned(),
            classes: BTreeSet::new(),
            models: [model.to_owned()].into(),
            pinned: BTreeMap::new(),
            vram: vram * GIB,
            group: None,
        }
    }

    struct Farm {
        nodes: Vec<Node>,
        classes: BTreeMap<ClassId, Requirements>,
        lanes: Vec<Lane>,
        shares: Shares,
        speeds: Speeds,
        policy: Policy,
    }

    impl Farm {
        fn new(nodes: Vec<Node>) -> Self {
            let mut speeds = Speeds::default();
            for node in &nodes {
                for model in ["a", "b", "big"] {
                    for _ in 0..20 {
                        speeds.measure(node.id, model, 10.0, 1.0, false);
                    }
                }
            }
            speeds.summarise();
            Self { nodes, classes: BTreeMap::new(), lanes: Vec::new(), shares: Shares::default(), speeds, policy: Policy::default() }
        }

        fn lane(&mut self, band: Band, project: u128, user: &str, needs: &Requirements) -> usize {
            self.classes.insert(needs.class(), needs.clone());
            let key = LaneKey { band, project: Uuid::from_u128(project), user: user.to_owned(), class: needs.class() };
            let id = self.lanes.len() as i64;
            self.lanes.push(Lane { id, key, depth: Lane::COUNTED, since: at(0.0), deadline: None, size: 1.0 });
            self.lanes.len() - 1
        }

        fn next(&mut self, node: usize, now: f64) -> Option<Choice> {
            let view = View::new(&self.nodes, &self.classes, &self.speeds, &self.policy, at(now));
            pick(&self.nodes[node], &self.lanes, &mut self.shares, &view, &self.speeds, &self.policy, at(now)).into_iter().next()
        }

        fn draw(&mut self, node: usize, now: f64) -> usize {
            let choice = self.next(node, now).unwrap();
            let key = self.lanes[choice.lane].key.clone();
            self.shares.charge(choice.band, key.project, &key.user, choice.behind, choice.expected);
            self.nodes[node].resident = Some(choice.residency);
            choice.lane
        }
    }

    #[test]
    fn a_pressing_job_goes_first_however_far_its_project_is_ahead() {
        let mut farm = Farm::new(vec![node(1, 24)]);
        farm.lane(Band::Normal, 1, "a", &needs("a", 8));
        let pressing = farm.lane(Band::Interactive, 2, "b", &needs("b", 8));
        farm.shares.charge(Band::Interactive, Uuid::from_u128(2), "b", 0.0, 1e6);
        assert_eq!(farm.next(0, 0.0).unwrap().lane, pressing);
    }

    #[test]
    fn models_that_are_loaded_are_kept_until_the_others_fall_too_far_behind() {
        let mut farm = Farm::new(vec![node(1, 24)]);
        farm.lane(Band::Normal, 1, "a", &needs("a", 8));
        farm.lane(Band::Normal, 2, "b", &needs("b", 8));
        let drawn: Vec<usize> = (0..400).map(|_| farm.draw(0, 0.0)).collect();
        let first = drawn.iter().filter(|lane| **lane == 0).count();
        assert!((180..=220).contains(&first), "each gets half: {first}");
        let swaps = drawn.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(swaps < 200, "it changes models less often than every other job: {swaps}");
        let longest = drawn.chunk_by(|one, other| one == other).map(<[usize]>::len).max().unwrap();
        assert!(longest as f64 * 10.0 <= 2.0 * farm.policy.grouping + 20.0, "nobody waits for longer than the bound: {longest}");
    }

    #[test]
    fn a_user_with_many_jobs_does_not_crowd_out_another_of_the_same_project() {
        let mut farm = Farm::new(vec![node(1, 24)]);
        let (aiko, ben) = (farm.lane(Band::Normal, 1, "aiko", &needs("a", 8)), farm.lane(Band::Normal, 1, "ben", &needs("a", 8)));
        let drawn: Vec<usize> = (0..100).map(|_| farm.draw(0, 0.0)).collect();
        assert!(drawn.iter().filter(|lane| **lane == aiko).count().abs_diff(drawn.iter().filter(|lane| **lane == ben).count()) <= 2);
    }

    #[test]
    fn a_large_node_does_first_what_only_it_can_do() {
        let mut farm = Farm::new(vec![node(1, 80), node(2, 12), node(3, 12)]);
        let small = farm.lane(Band::Normal, 1, "a", &needs("a", 8));
        let big = farm.lane(Band::Normal, 1, "a", &needs("big", 40));
        assert_eq!(farm.next(0, 0.0).unwrap().lane, big);
        assert_eq!(farm.next(1, 0.0).unwrap().lane, small);
    }

    #[test]
    fn who_waits_long_moves_up_and_a_near_deadline_presses() {
        let mut farm = Farm::new(vec![node(1, 24)]);
        let old = farm.lane(Band::Background, 1, "a", &needs("a", 8));
        let new = farm.lane(Band::Normal, 2, "b", &needs("a", 8));
        farm.lanes[new].since = at(3000.0);
        assert_eq!(farm.next(0, 3000.0).unwrap().lane, new);
        farm.lanes[new].since = at(7300.0);
        assert_eq!(farm.next(0, 7300.0).unwrap().lane, old, "two hours make background interactive");
        farm.lanes[old].since = at(7300.0);
        farm.lanes[old].deadline = Some(at(7320.0));
        assert_eq!(farm.lanes[old].band(10.0, &farm.policy, at(7300.0)), Band::Normal);
    }

    #[test]
    fn a_slow_node_leaves_the_last_jobs_to_fast_ones() {
        let mut farm = Farm::new(vec![node(1, 24), node(2, 24)]);
        for _ in 0..200 {
            farm.speeds.measure(farm.nodes[1].id, "a", 200.0, 1.0, false);
        }
        farm.speeds.summarise();
        let lane = farm.lane(Band::Normal, 1, "a", &needs("a", 8));
        assert!(farm.next(1, 0.0).is_some(), "there is enough for both");
        farm.lanes[lane].depth = 1;
        assert!(farm.next(1, 0.0).is_none() && farm.next(0, 0.0).is_some());
    }

    #[test]
    fn a_last_short_job_is_drawn_even_when_loading_its_models_takes_many_times_as_long() {
        let mut farm = Farm::new(vec![node(1, 24)]);
        // Somebody who is not there any more drew such jobs in no time.
        for _ in 0..20 {
            farm.speeds.measure(NodeId(Uuid::from_u128(9)), "short", 0.1, 1.0, false);
        }
        farm.speeds.summarise();
        farm.nodes[0].capabilities.models.insert("short".to_owned());
        let lane = farm.lane(Band::Normal, 1, "a", &needs("short", 8));
        farm.lanes[lane].depth = 1;
        let choice = farm.next(0, 0.0).unwrap();
        assert!(choice.measured && choice.swapped && choice.expected < 1.0, "{choice:?}");
    }

    #[test]
    fn nothing_is_taken_for_a_paused_project_or_by_a_node_that_is_away() {
        let mut farm = Farm::new(vec![node(1, 24)]);
        farm.lane(Band::Normal, 1, "a", &needs("a", 8));
        let view = View::new(&farm.nodes, &farm.classes, &farm.speeds, &farm.policy, at(0.0)).pausing([Uuid::from_u128(1)].into(), false);
        assert!(pick(&farm.nodes[0], &farm.lanes, &mut farm.shares, &view, &farm.speeds, &farm.policy, at(0.0)).is_empty());
        farm.nodes[0].state = crate::NodeState::Draining;
        assert!(farm.next(0, 0.0).is_none());
    }
}
