//! Servers that a production lends to the farm: they are its nodes, and a worker in this process drives them.

use std::collections::BTreeSet;
use std::path::Path;

use bible::Digest;
use comfyui::{Patience, Server};
use farm::{Money, NodeId};
use store::farm::NewNode;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use worker::{ModelReader, Options, Worker};

use crate::{Studio, StudioError};

/// The worker in this process. Dropping it is as good as a kill: what runs stays on the nodes, and the next production
/// goes on with it.
#[derive(Debug)]
pub(crate) struct LentNodes {
    stop: CancellationToken,
    working: JoinHandle<Result<(), store::StoreError>>,
    /// Whoever reads the nodes' model files ends with it.
    _reading: DropGuard,
}

impl LentNodes {
    /// Brings what the worker has to its end, and lets its nodes go.
    pub(crate) async fn give_back(mut self) {
        self.stop.cancel();
        match (&mut self.working).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = &error as &dyn std::error::Error, "the farm's worker ended"),
            Err(error) => tracing::error!(%error, "the farm's worker ended"),
        }
    }
}

impl Drop for LentNodes {
    fn drop(&mut self) {
        self.working.abort();
    }
}

impl Studio {
    /// Makes servers nodes of the farm, where they are not yet, and has a worker drive them. `data` is the folder whose
    /// production lock is held: the worker is named after it, so that a production after a crash takes over at once
    /// what the one before had under way.
    pub(crate) async fn lend_nodes(&self, servers: &[Server], data: &Path) -> Result<LentNodes, StudioError> {
        let known = self.store.farm_nodes().await?;
        let mut options = Options::new(worker_name(data));
        for server in servers {
            let name = match known.iter().find(|node| is_at(node, server)) {
                Some(node) => node.name.clone(),
                None => self.add_node(server).await?,
            };
            options.nodes.insert(name);
        }
        let stop = CancellationToken::new();
        let reading = CancellationToken::new();
        tokio::spawn(ModelReader::new(self.store.clone(), &options).run(reading.clone()));
        let working = tokio::spawn(Worker::new(self.store.clone(), self.blobs.clone(), options).run(stop.clone()));
        Ok(LentNodes { stop, working, _reading: reading.drop_guard() })
    }

    /// Makes a server a node of the farm, named after its place.
    async fn add_node(&self, server: &Server) -> Result<String, StudioError> {
        let address = server.address();
        let port = address.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
        let name = format!("{}{port}{}", address.host_str().unwrap_or("node"), address.path().trim_end_matches('/'));
        let new = NewNode {
            id: NodeId((self.environment.new_id)()),
            name: name.clone(),
            url: address.to_string(),
            groups: BTreeSet::new(),
            models_folder: None,
            per_hour: Money::ZERO,
            hours: None,
        };
        self.store.add_farm_node(new, (self.environment.now)()).await?;
        Ok(name)
    }

    /// The farm's nodes that a worker drives.
    pub(crate) async fn driven_nodes(&self) -> Result<Vec<Server>, StudioError> {
        let now = (self.environment.now)();
        let nodes = self.store.farm_nodes().await?;
        nodes.iter().filter(|node| node.owner.as_ref().is_some_and(|(_, until)| *until > now)).map(|node| server(&node.url)).collect()
    }
}

/// Whether a node is this server.
#[must_use]
pub fn is_at(node: &farm::Node, server: &Server) -> bool {
    Server::new(&node.url, Patience::default()).is_ok_and(|known| known.address() == server.address())
}

fn worker_name(data: &Path) -> String {
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let place = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let digest = Digest::of(format!("{}\n{}", host.trim(), place.display()).as_bytes()).to_string();
    format!("production-{}", &digest[digest.len() - 12..])
}

/// Reads addresses, separated by commas.
///
/// # Errors
/// [`StudioError::Rendering`] names the one that is none.
pub(crate) fn servers(addresses: &str) -> Result<Vec<Server>, StudioError> {
    addresses.split(',').map(str::trim).filter(|address| !address.is_empty()).map(server).collect()
}

fn server(address: &str) -> Result<Server, StudioError> {
    Server::new(address, Patience::default()).map_err(|error| StudioError::Rendering { reason: error.to_string() })
}
