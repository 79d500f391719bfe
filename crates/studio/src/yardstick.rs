//! The node that graphs are held against before they are queued.

use std::sync::{Arc, Mutex, PoisonError};

use comfyui::template::{Choice, Filled, Template, Values};
use comfyui::{Graph, ObjectInfo, Server};
use engine::EngineError;

/// One of the nodes that draw, with what it has.
pub(crate) struct Yardstick {
    server: Server,
    info: Mutex<Arc<ObjectInfo>>,
}

impl Yardstick {
    pub(crate) fn new(server: Server, info: ObjectInfo) -> Self {
        Self { server, info: Mutex::new(Arc::new(info)) }
    }

    /// What it has, as far as is known.
    pub(crate) fn info(&self) -> Arc<ObjectInfo> {
        Arc::clone(&self.info.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sees that the node has what a graph needs, before it is queued. Model files come and go: the node is asked again
    /// before it is said to lack something.
    pub(crate) async fn check(&self, graph: &Graph) -> Result<(), EngineError> {
        if comfyui::check(graph, &self.info()).is_empty() {
            return Ok(());
        }
        // One that does not answer now had all that could be asked when it did.
        let Ok(now) = self.server.object_info().await else { return Ok(()) };
        let problems = comfyui::check(graph, &now);
        *self.info.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
        if problems.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let reason = format!("{} cannot run it; nothing was queued: {}", self.server.address(), list.join("; "));
        Err(EngineError::Impossible { reason })
    }

    /// The same with less memory, as far as the template has a way for it that the node can run.
    pub(crate) fn smaller(&self, template: &Template, values: &Values, choice: &Choice, usual: &Filled) -> Vec<(String, Filled)> {
        let info = self.info();
        let mut smaller: Vec<(String, Filled)> = Vec::new();
        for name in template.less_memory(choice.variant.as_deref()) {
            let choice = Choice { memory: Some(name.clone()), ..choice.clone() };
            let filled = match template.fill(values, &choice) {
                Ok(filled) => filled,
                Err(errors) => {
                    tracing::warn!(template = %template.name, variant = %name, %errors, "the variant that takes less memory cannot be filled in");
                    continue;
                }
            };
            let before = smaller.last().map_or(usual, |(_, before)| before);
            if filled.graph != before.graph && comfyui::check(&filled.graph, &info).is_empty() {
                smaller.push((name.clone(), filled));
            }
        }
        smaller
    }
}
