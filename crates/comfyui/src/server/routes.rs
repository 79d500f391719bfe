//! What a server is and has: small requests, one answer each.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Server;
use crate::error::Error;
use crate::object_info::{NodeClass, ObjectInfo};
use crate::wire::{History, HistoryEntry, Queue, SystemStats};

impl Server {
    /// What the server runs on.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn system_stats(&self) -> Result<SystemStats, Error> {
        self.json("GET /system_stats", self.get(&["system_stats"])).await
    }

    /// All node classes: about 2 MB. The lists of model files in it are read from disk for each request.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn object_info(&self) -> Result<ObjectInfo, Error> {
        let answer: Map<String, Value> = self.json("GET /object_info", self.get(&["object_info"]).timeout(self.patience.transfer)).await?;
        Ok(ObjectInfo::read(&answer))
    }

    /// One node class; `None` when the server does not have it, or has it in a shape that cannot be read.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn node_class(&self, name: &str) -> Result<Option<NodeClass>, Error> {
        let answer: Map<String, Value> = self.json("GET /object_info/{class}", self.get(&["object_info", name])).await?;
        Ok(ObjectInfo::read(&answer).classes.remove(name))
    }

    /// The names of the model files in a folder: `checkpoints`, `loras`, `vae`…; `None` when there is no such folder.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn models(&self, folder: &str) -> Result<Option<Vec<String>>, Error> {
        match self.json("GET /models/{folder}", self.get(&["models", folder])).await {
            Err(Error::Status { status: 404, .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// What runs and what waits, everybody's.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn queue(&self) -> Result<Queue, Error> {
        self.json("GET /queue", self.get(&["queue"])).await
    }

    /// How a prompt ended; `None` while it has not, and when the server does not know it.
    ///
    /// # Errors
    /// When the server does not answer, or not in its own way.
    pub async fn history(&self, prompt: Uuid) -> Result<Option<HistoryEntry>, Error> {
        let id = prompt.to_string();
        // By id always: without one the server sends up to 10 000 entries with their graphs.
        let mut history: History = self.json("GET /history/{id}", self.get(&["history", &id])).await?;
        Ok(history.remove(&id))
    }

    /// The latest entries of the history, everybody's.
    pub(super) async fn latest_history(&self, entries: u32) -> Result<History, Error> {
        self.json("GET /history", self.get(&["history"]).query(&[("max_items", entries)])).await
    }

    /// Takes a prompt out of the history, once everything of it is stored on our side. Its files stay.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn forget(&self, prompt: Uuid) -> Result<(), Error> {
        self.done("POST /history", self.post(&["history"]).json(&json!({"delete": [prompt.to_string()]}))).await
    }

    /// Asks the server to unload its models and, with `cache`, to drop the results it keeps. It does so after
    /// the prompt that runs, and answers at once.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn free(&self, cache: bool) -> Result<(), Error> {
        self.done("POST /free", self.post(&["free"]).json(&json!({"unload_models": true, "free_memory": cache}))).await
    }
}
