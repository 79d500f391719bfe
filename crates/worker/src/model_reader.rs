//! Reads the model files of the nodes that a worker drives, so that it is known which files they are, and not only what
//! they are called.
//!
//! A file is read once, by a task beside the worker and never in front of a picture: what was found is kept with the node,
//! and holds as long as size and time of the file do.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use bible::Digest;
use comfyui::registry::{FileError, Header, Stamp, hashes, locate, makers_hash};
use comfyui::{Patience, Server};
use farm::{ModelHash, Node, NodeId, Time};
use store::{Store, StoreError};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::draw::chain;
use crate::options::Options;

/// How often it looks whether files have changed.
const EVERY: Duration = Duration::from_secs(3);

/// What is said of a node whose files nobody can read.
const NO_FOLDER: &str =
    "a server does not give its files; where its `models` folder can be reached, `farm add-node NAME URL --models FOLDER` says so";

/// Reads the model files of the nodes that a worker drives.
#[derive(Debug)]
pub struct ModelReader {
    store: Store,
    clock: Clock,
    worker: String,
    patience: Patience,
    /// What was read in this process: several nodes may have one folder.
    read: HashMap<PathBuf, (Stamp, Digest, String)>,
    /// Whose makers' words were asked for in this process.
    asked: HashSet<(NodeId, String)>,
    /// Files that took the place of others and have not been read yet.
    replaced: HashSet<(NodeId, String)>,
}

impl ModelReader {
    /// Reads for the worker of these options.
    #[must_use]
    pub fn new(store: Store, options: &Options) -> Self {
        let (worker, patience) = (options.name.clone(), options.patience.clone());
        let (asked, replaced) = (HashSet::new(), HashSet::new());
        Self { store, clock: Clock::default(), worker, patience, read: HashMap::new(), asked, replaced }
    }

    /// Looks and reads until `stop` fires.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let looked = tokio::select! {
                () = stop.cancelled() => return,
                looked = self.look(&stop) => looked,
            };
            if let Err(error) = looked {
                tracing::warn!(error = &error as &dyn std::error::Error, "what nodes' model files are could not be noted");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Looks once at every model file that jobs take, on every node that the worker drives, and reads those that are new or
    /// have changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&mut self, stop: &CancellationToken) -> Result<(), StoreError> {
        for (node, models) in self.store.model_files_of(&self.worker).await? {
            self.look_at(node, models, stop).await?;
        }
        Ok(())
    }

    async fn look_at(&mut self, mut node: Node, models: BTreeSet<String>, stop: &CancellationToken) -> Result<(), StoreError> {
        let before = node.hashes.clone();
        node.hashes.retain(|model, _| models.contains(model));
        for model in models {
            let Some(found) = self.found(&mut node, &model, stop).await? else { continue };
            if node.hashes.get(&model) != Some(&found) {
                node.hashes.insert(model, found);
                self.note(&node).await?;
            }
        }
        if before.keys().any(|model| !node.hashes.contains_key(model)) {
            self.note(&node).await?;
        }
        Ok(())
    }

    /// What a file is; none when that is not clear at this moment, and it is looked at again.
    async fn found(&mut self, node: &mut Node, model: &str, stop: &CancellationToken) -> Result<Option<ModelHash>, StoreError> {
        let Some(folder) = node.models_folder.clone() else { return Ok(self.unknown(node, model, NO_FOLDER.to_owned()).await) };
        let (path, stamp) = match stamp(folder, model.to_owned()).await {
            Ok(found) => found,
            Err(error) => return Ok(self.unknown(node, model, chain(&error)).await),
        };
        let changed = Time::from(stamp.changed);
        let known = node.hashes.get(model).filter(|known| known.blake3().is_some());
        if let Some(ModelHash::Known { bytes, changed: before, .. }) = known
            && (*bytes, *before) == (stamp.bytes, changed)
        {
            return Ok(known.cloned());
        }
        let named = (node.id, model.to_owned());
        if known.is_some() {
            // Nothing that is pinned to the file before is drawn with this one.
            node.hashes.remove(model);
            self.note(node).await?;
            self.replaced.insert(named.clone());
        }
        if !self.read.get(&path).is_some_and(|(read, ..)| *read == stamp) {
            tracing::info!(node.name = %node.name, model, bytes = stamp.bytes, "reading a model file");
            match read(path.clone(), stop.clone()).await {
                // One that is being written is read when it is whole.
                Ok((_, after)) if after != Some(stamp) => return Ok(None),
                Ok(((blake3, sha256), _)) => drop(self.read.insert(path.clone(), (stamp, blake3, sha256))),
                Err(FileError::Stopped { .. }) => return Ok(None),
                Err(error) => return Ok(self.unknown(node, model, chain(&error)).await),
            }
        }
        let Some((_, blake3, sha256)) = self.read.get(&path).cloned() else { return Ok(None) };
        if self.replaced.remove(&named) {
            self.unload(node).await;
        }
        Ok(Some(ModelHash::Known { blake3, sha256, bytes: stamp.bytes, changed }))
    }

    /// That a file is not known, with its maker's word where the server has one; none when the server does not answer.
    async fn unknown(&mut self, node: &Node, model: &str, reason: String) -> Option<ModelHash> {
        let asked = (node.id, model.to_owned());
        match node.hashes.get(model) {
            Some(ModelHash::Unknown { maker, .. }) if self.asked.contains(&asked) => {
                return Some(ModelHash::Unknown { reason, maker: maker.clone() });
            }
            _ => {}
        }
        let (folder, name) = model.split_once('/')?;
        let server = Server::new(&node.url, self.patience.clone()).ok()?;
        let written = match server.model_metadata(folder, name).await {
            Ok(written) => written,
            // A file of another format is answered in several ways.
            Err(comfyui::Error::Status { .. } | comfyui::Error::Garbage { .. }) => None,
            Err(_) => return None,
        };
        self.asked.insert(asked);
        let maker = written.as_ref().map(Header::metadata_of).and_then(|written| makers_hash(&written).map(str::to_owned));
        Some(ModelHash::Unknown { reason, maker })
    }

    /// Has a server forget the file that was there before: it keeps models in memory by their names.
    async fn unload(&self, node: &Node) {
        tracing::warn!(node.name = %node.name, "a model file was replaced: the server is asked to load it anew");
        if let Ok(server) = Server::new(&node.url, self.patience.clone())
            && let Err(error) = server.free(true).await
        {
            tracing::warn!(node.name = %node.name, %error, "the server may go on with the model file that was there before");
        }
    }

    async fn note(&self, node: &Node) -> Result<(), StoreError> {
        let (folder, hashes) = (node.models_folder.clone(), node.hashes.clone());
        self.store.note_model_hashes(node.id, folder, hashes, self.clock.now()).await.map(drop)
    }
}

/// Looking at a file can take long where its folder is another host's.
async fn stamp(folder: PathBuf, model: String) -> Result<(PathBuf, Stamp), FileError> {
    let looked = {
        let folder = folder.clone();
        spawn_blocking(move || {
            let path = locate(&folder, &model)?;
            let stamp = Stamp::of(&path)?;
            Ok((path, stamp))
        })
    };
    looked.await.unwrap_or(Err(FileError::Stopped { path: folder }))
}

/// A file's hashes, and how it stood once they were made; none when it could not be looked at then.
async fn read(path: PathBuf, stop: CancellationToken) -> Result<((Digest, String), Option<Stamp>), FileError> {
    let reading = {
        let path = path.clone();
        spawn_blocking(move || {
            let hashed = hashes(&path, || !stop.is_cancelled())?;
            Ok((hashed, Stamp::of(&path).ok()))
        })
    };
    reading.await.unwrap_or(Err(FileError::Stopped { path }))
}
