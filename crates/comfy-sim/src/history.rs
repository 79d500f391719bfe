//! Prompts that have ended.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::house::ByNode;
use crate::queue::Item;

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) item: Item,
    pub(crate) outputs: ByNode,
    pub(crate) success: bool,
    pub(crate) messages: Vec<(&'static str, Value)>,
}

impl Ended {
    fn status(&self) -> Value {
        let status = if self.success { "success" } else { "error" };
        json!({"status_str": status, "completed": self.success, "messages": self.messages})
    }

    pub(crate) fn json(&self) -> Value {
        let meta = |id: &String| (id.clone(), json!({"node_id": id, "display_node": id, "parent_node": null, "real_node_id": id}));
        let meta: Map<_, _> = self.outputs.keys().map(meta).collect();
        json!({"prompt": self.item.json(), "outputs": self.outputs, "status": self.status(), "meta": meta})
    }

    fn message(&self, kind: &str) -> Option<&Value> {
        self.messages.iter().rev().find(|(name, _)| *name == kind).map(|(_, data)| data)
    }

    pub(crate) fn job_status(&self) -> &'static str {
        if self.success {
            "completed"
        } else if self.message("execution_interrupted").is_some() {
            "cancelled"
        } else {
            "failed"
        }
    }

    /// As `/api/jobs/{id}` tells it.
    pub(crate) fn job(&self) -> Value {
        let files = self.outputs.iter().flat_map(|(node, output)| {
            let images = output["images"].as_array().into_iter().flatten();
            images.map(move |image| (node.clone(), image.clone()))
        });
        let files: Vec<_> = files.collect();
        let time = |message: Option<&Value>| message.map(|data| data["timestamp"].clone()).unwrap_or_default();
        let mut job = json!({
            "id": self.item.prompt_id, "status": self.job_status(), "priority": self.item.number.json(),
            "create_time": self.item.extra.get("create_time"),
            "execution_start_time": time(self.messages.first().map(|(_, data)| data)),
            "execution_end_time": time(self.messages.last().map(|(_, data)| data)),
            "outputs_count": files.len(), "previewable_outputs_count": files.len(),
            "outputs": self.outputs, "execution_status": self.status(),
            "workflow": {"prompt": self.item.graph, "extra_data": self.item.extra},
        });
        if let Some((node, image)) = files.first() {
            let mut preview = image.clone();
            preview["nodeId"] = json!(node);
            preview["mediaType"] = json!("images");
            job["preview_output"] = preview;
        }
        if let Some(error) = self.message("execution_error").filter(|_| !self.success) {
            job["execution_error"] = error.clone();
        }
        job
    }
}

/// All of them, oldest first.
#[derive(Default)]
pub(crate) struct History {
    ended: Mutex<Vec<Ended>>,
}

impl History {
    fn ended(&self) -> MutexGuard<'_, Vec<Ended>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one; an earlier one of the same id is gone.
    pub(crate) fn add(&self, entry: Ended) {
        let mut ended = self.ended();
        ended.retain(|other| other.item.prompt_id != entry.item.prompt_id);
        ended.push(entry);
    }

    pub(crate) fn get(&self, prompt_id: &str) -> Option<Ended> {
        self.ended().iter().find(|entry| entry.item.prompt_id == prompt_id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Ended> {
        self.ended().clone()
    }

    pub(crate) fn delete(&self, prompt_id: &str) {
        self.ended().retain(|entry| entry.item.prompt_id != prompt_id);
    }

    pub(crate) fn clear(&self) {
        self.ended().clear();
    }
}
