//! What is seen of attempts while nodes work on them, and noting it: once a second at most, all attempts of a worker
//! together, and nothing at all of one that is drawn within that time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use comfyui::wire::Preview;
use comfyui::{Graph, NodeId, Update};
use farm::{JobId, Progress, Time, Token};
use store::farm::{NewPreview, Note};
use tokio::time::MissedTickBehavior;

use crate::draw::chain;
use crate::work::Shared;

/// How often what is seen is noted.
const EVERY: Duration = Duration::from_secs(1);
/// How often a picture is noted.
const PICTURE_EVERY: Duration = Duration::from_secs(2);
/// The longest side of a picture that is noted, in pixels.
const PICTURE_SIDE: u32 = 320;

/// What is seen of one attempt.
#[derive(Debug, Default)]
pub(crate) struct Sight(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    classes: BTreeMap<NodeId, String>,
    /// When the node was first seen to work on it.
    since: Option<Instant>,
    done: BTreeSet<NodeId>,
    at_work: Option<NodeId>,
    /// Steps of the node that is at work: done, and in all.
    step: Option<(f64, f64)>,
    picture: Option<Preview>,
    pictured: Option<Instant>,
    news: bool,
}

impl Sight {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which graph it is.
    pub(crate) fn of(&self, graph: &Graph) {
        self.seen().classes = graph.nodes().map(|(id, node)| (id.clone(), node.class_type.clone())).collect();
    }

    /// Takes an update of the node in.
    pub(crate) fn hear(&self, update: &Update) {
        let mut seen = self.seen();
        match update {
            Update::Waiting { .. } | Update::Failed(_) => return,
            Update::Started => {}
            Update::Cached(nodes) => {
                let known: Vec<NodeId> = nodes.iter().filter(|node| seen.classes.contains_key(*node)).cloned().collect();
                seen.done.extend(known);
            }
            Update::Node(node) => seen.begin(node),
            Update::Step { node, value, max } => {
                if let Some(node) = node {
                    seen.begin(node);
                }
                seen.step = (value.is_finite() && *max >= 1.0).then(|| (value.clamp(0.0, *max), *max));
            }
            Update::Preview(preview) => seen.picture = Some(preview.clone()),
        }
        seen.since.get_or_insert_with(Instant::now);
        seen.news = true;
    }

    /// What is new since it was last taken; none of an attempt that the node works on for less than [`EVERY`].
    fn take(&self, now: Instant, at: Time) -> Option<(Progress, Option<Preview>)> {
        let mut seen = self.seen();
        let young = seen.since.is_none_or(|since| now.saturating_duration_since(since) < EVERY);
        if young || !std::mem::take(&mut seen.news) {
            return None;
        }
        let due = seen.pictured.is_none_or(|pictured| now.saturating_duration_since(pictured) >= PICTURE_EVERY);
        let picture = if due { seen.picture.take() } else { None };
        if picture.is_some() {
            seen.pictured = Some(now);
        } else if seen.picture.is_some() {
            // It is noted when its time has come, whether or not anything else is heard until then.
            seen.news = true;
        }
        Some((seen.progress(at), picture))
    }
}

impl Seen {
    /// A node of the graph begins, so the one before has ended. Those that a node of the graph is made of at run time say
    /// nothing of how many there are.
    fn begin(&mut self, node: &NodeId) {
        if self.at_work.as_ref() == Some(node) {
            return;
        }
        if let Some(before) = self.at_work.take().filter(|before| self.classes.contains_key(before)) {
            self.done.insert(before);
        }
        self.done.remove(node);
        self.at_work = Some(node.clone());
        self.step = None;
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "steps are few, and from 0 on")]
    fn progress(&self, at: Time) -> Progress {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (done, nodes) = (count(self.done.len()), count(self.classes.len()));
        let part = self.step.map_or(0.0, |(value, max)| value / max);
        Progress {
            at,
            class: self.at_work.as_ref().and_then(|node| self.classes.get(node).cloned()),
            step: self.step.map(|(value, _)| value as u32),
            steps: self.step.map(|(_, max)| max as u32),
            nodes_done: done,
            nodes,
            fraction: ((f64::from(done) + part) / f64::from(nodes.max(1))).clamp(0.0, 1.0),
        }
    }
}

/// Notes what is seen of all attempts, in a task of its own.
pub(crate) async fn note_progress(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (now, at) = (Instant::now(), shared.clock.now());
        let seen = shared.leases.all().into_iter().filter_map(|(job, lease)| Some((job, lease.token, lease.sight.take(now, at)?)));
        let seen: Vec<_> = seen.collect();
        if seen.is_empty() {
            continue;
        }
        // Decoding keeps a thread busy.
        let Ok(notes) = tokio::task::spawn_blocking(move || seen.into_iter().map(note).collect::<Vec<_>>()).await else { continue };
        let told = notes.len();
        match shared.store.note_progress(notes).await {
            Ok(noted) if noted < told => tracing::debug!(late = told - noted, "what was seen of attempts that have ended is not noted"),
            Ok(_) => {}
            Err(error) => tracing::debug!(reason = chain(&error), "how far attempts are was not noted"),
        }
    }
}

fn note((job, token, (progress, picture)): (JobId, Token, (Progress, Option<Preview>))) -> Note {
    let preview = picture.and_then(|picture| match picture.small(PICTURE_SIDE) {
        Ok(bytes) => Some(NewPreview { media_type: "image/jpeg", bytes }),
        Err(error) => {
            tracing::debug!(job.id = %job, %error, "a preview cannot be shown");
            None
        }
    });
    Note { job, token, progress, preview }
}

#[cfg(test)]
mod tests {
    use comfyui::Node;
    use comfyui::wire::PreviewFormat;

    use super::*;

    fn sight() -> Sight {
        let sight = Sight::default();
        let graph = Graph::new()
            .with("4", Node::new("CheckpointLoaderSimple"))
            .with("3", Node::new("KSampler"))
            .with("8", Node::new("VAEDecode"))
            .with("9", Node::new("SaveImage"));
        sight.of(&graph);
        sight
    }

    fn step(node: &str, value: f64) -> Update {
        Update::Step { node: Some(node.into()), value, max: 20.0 }
    }

    fn later(seconds: f64) -> Instant {
        Instant::now() + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn it_knows_the_node_at_work_its_steps_and_the_nodes_that_are_done() {
        let sight = sight();
        for update in
            [Update::Started, Update::Cached(vec!["4".into(), "made-by-the-server".into()]), Update::Node("3".into()), step("3", 12.0)]
        {
            sight.hear(&update);
        }
        assert!(sight.take(later(0.5), Time::UNIX_EPOCH).is_none(), "what is drawn within a second is not noted");
        let (progress, _) = sight.take(later(1.5), Time::UNIX_EPOCH).unwrap();
        assert_eq!(progress.to_string(), "KSampler 12 of 20, 1 of 4 nodes");
        assert!((progress.fraction - 0.4).abs() < 1e-9, "{progress:?}");
        assert!(sight.take(later(2.5), Time::UNIX_EPOCH).is_none(), "nothing is new");
        sight.hear(&Update::Node("8".into()));
        assert_eq!(sight.take(later(2.5), Time::UNIX_EPOCH).unwrap().0.to_string(), "VAEDecode, 2 of 4 nodes");
        sight.hear(&Update::Step { node: Some("8:12".into()), value: f64::NAN, max: 0.0 });
        assert_eq!(sight.take(later(3.5), Time::UNIX_EPOCH).unwrap().0.to_string(), "3 of 4 nodes", "a node that the server made");
    }

    #[test]
    fn pictures_are_noted_seldom_and_the_last_is_not_lost() {
        let sight = sight();
        let picture = |byte: u8| Preview { of: None, format: PreviewFormat::Jpeg, bytes: vec![byte].into() };
        let mut taken = Vec::new();
        for second in 1..=6_u8 {
            if second <= 4 {
                sight.hear(&step("3", f64::from(second)));
                sight.hear(&Update::Preview(picture(second)));
            }
            let seen = sight.take(later(1.1 + f64::from(second)), Time::UNIX_EPOCH);
            taken.extend(seen.and_then(|(_, picture)| picture).map(|picture| (second, picture.bytes[0])));
        }
        assert_eq!(taken, [(1, 1), (3, 3), (5, 4)]);
    }
}
