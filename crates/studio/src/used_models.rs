//! Which model files a picture was drawn with: what is known of them on the node that drew it.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use comfyui::Graph;
use engine::EngineError;
use engine::picture::{ModelContent, UsedModel};
use farm::{JobId, ModelHash, Node, Time};

use crate::farm_drawing::{FarmDrawing, unavailable};

/// How long a picture that is drawn waits for its model files to be read. Each is read once, so this is the first of many.
const READ: Duration = Duration::from_secs(120);
/// How often it looks meanwhile.
const LOOK: Duration = Duration::from_millis(250);

impl FarmDrawing {
    /// The model files that a job's graph was drawn with.
    pub(crate) async fn used_models(&self, job: JobId, graph: &Graph) -> Result<Vec<UsedModel>, EngineError> {
        let (models, begun) = (worker::models_of(graph), Instant::now());
        if models.is_empty() {
            return Ok(Vec::new());
        }
        loop {
            let drawn = self.store.drawn_by(job).await.map_err(|error| unavailable(&error))?;
            let Some((node, started)) = drawn else {
                let gone = || ModelContent::Unknown { hash_unknown: "its node is none of the farm any more".to_owned(), maker_says: None };
                return Ok(models.into_iter().map(|model| UsedModel { model, content: gone() }).collect());
            };
            if self.unread.load(Ordering::Relaxed) || self.cancel.is_cancelled() || !is_being_read(&node, &models, (self.now)()) {
                return Ok(models.into_iter().map(|model| UsedModel { content: content(&node, &model, started), model }).collect());
            }
            if begun.elapsed() > READ {
                self.unread.store(true, Ordering::Relaxed);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Whether a worker is about to know more of a node's files.
fn is_being_read(node: &Node, models: &BTreeSet<String>, now: Time) -> bool {
    let is_driven = node.owner.as_ref().is_some_and(|(_, until)| *until > now);
    let is_unread = |model: &String| node.capabilities.models.contains(model) && !node.hashes.contains_key(model);
    is_driven && node.models_folder.is_some() && models.iter().any(is_unread)
}

/// What was in a file of a node when it began to draw.
fn content(node: &Node, model: &str, started: Time) -> ModelContent {
    let unknown = |hash_unknown: &str, maker_says| ModelContent::Unknown { hash_unknown: hash_unknown.to_owned(), maker_says };
    match node.hashes.get(model) {
        Some(ModelHash::Known { blake3, sha256, changed, .. }) if *changed < started => {
            ModelContent::Known { blake3: *blake3, sha256: sha256.clone() }
        }
        Some(ModelHash::Known { .. }) => unknown("the file was changed since it was drawn", None),
        Some(ModelHash::Unknown { reason, maker }) => unknown(reason, maker.clone()),
        None => unknown("nobody has read the file on its node", None),
    }
}

#[cfg(test)]
mod tests {
    use bible::Digest;
    use chrono::{DateTime, TimeDelta};
    use farm::NodeId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_file_is_known_that_was_there_before_the_picture_was_begun() {
        let (now, model) = (DateTime::UNIX_EPOCH, "checkpoints/a");
        let mut node = Node::new(NodeId(Uuid::nil()), "a", "http://a");
        assert!(matches!(content(&node, model, now), ModelContent::Unknown { .. }));
        let blake3 = Digest::of(b"ours");
        node.hashes.insert(model.to_owned(), ModelHash::Known { blake3, sha256: "ab".to_owned(), bytes: 4, changed: now });
        let later = now + TimeDelta::seconds(1);
        assert_eq!(content(&node, model, later), ModelContent::Known { blake3, sha256: "ab".to_owned() });
        let ModelContent::Unknown { hash_unknown, .. } = content(&node, model, now) else { panic!("it may have been another file") };
        assert_eq!(hash_unknown, "the file was changed since it was drawn");
    }

    #[test]
    fn files_are_waited_for_only_where_somebody_reads_them() {
        let (now, models) = (DateTime::UNIX_EPOCH, BTreeSet::from(["checkpoints/a".to_owned()]));
        let mut node = Node::new(NodeId(Uuid::nil()), "a", "http://a");
        node.capabilities.models.clone_from(&models);
        node.owner = Some(("w".to_owned(), now + TimeDelta::seconds(30)));
        assert!(!is_being_read(&node, &models, now), "its folder is not known");
        node.models_folder = Some("/srv/models".into());
        assert!(is_being_read(&node, &models, now));
        assert!(!is_being_read(&node, &models, now + TimeDelta::seconds(31)), "its worker is gone");
        node.hashes.insert("checkpoints/a".to_owned(), ModelHash::Unknown { reason: "x".to_owned(), maker: None });
        assert!(!is_being_read(&node, &models, now));
    }
}
