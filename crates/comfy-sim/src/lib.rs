//! A server that speaks ComfyUI's protocol, draws stand-in pictures, and fails on a schedule.
//!
//! For tests of everything that talks to ComfyUI, and for dry runs of a whole production without a GPU. It runs graphs
//! for real as far as its nodes go (pictures are loaded, scaled, composed, saved; samplers draw a stand-in that follows
//! from prompt and seed), keeps the real server's weaknesses (they were recorded from real ones, and the recordings are
//! replayed in this crate's tests), and adds faults where a [`Schedule`] says so.
//!
//! It contains nothing of ComfyUI, and may know nothing of the client that it is tested with.
//!
//! ```
//! # async fn example() -> Result<(), comfy_sim::StartError> {
//! use comfy_sim::{Fault, On, Options, Schedule, Sim};
//!
//! let schedule = Schedule::once(On::Node("SaveImage".to_owned()), Fault::DiskFull);
//! let sim = Sim::start(Options { schedule, ..Options::default() }).await?;
//! println!("listening at {}", sim.url());
//! # Ok(())
//! # }
//! ```

mod cache;
mod exception;
mod folders;
mod history;
mod house;
mod listener;
mod nodes;
mod picture_graph;
mod queue;
mod routes;
mod schedule;
mod sockets;
mod validate;
mod worker;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::folders::{Folder, Folders};
use crate::house::House;
pub use crate::picture_graph::picture_graph;
pub use crate::schedule::{Fault, Memory, On, Rule, Schedule, ScheduleError};

/// What a server is like.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Where it listens; port 0 for any free one.
    pub listen: SocketAddr,
    /// Which version's protocol it speaks.
    pub version: Version,
    /// Folder for `input`, `output` and `temp`; one that vanishes with the server when none is given.
    pub folder: Option<PathBuf>,
    /// What goes wrong.
    pub schedule: Schedule,
    /// The checkpoints that it says it has.
    pub checkpoints: Vec<String>,
    /// The LoRAs that it says it has.
    pub loras: Vec<String>,
    /// A folder like a server's `models`: what makers wrote into the safetensors files there is told. None is needed to draw.
    pub models: Option<PathBuf>,
    /// How long a sampler's step takes.
    pub step: Duration,
    /// How far `KSampler`'s pictures are from what the prompt says, 0 to 1.
    pub drift: f64,
    /// Whether PNGs are packed in a hurry: larger than a server's, and written in a fraction of the time.
    pub hurried_pngs: bool,
    /// The largest request in bytes.
    pub largest_request: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            version: Version::V0_33,
            folder: None,
            schedule: Schedule::default(),
            checkpoints: vec!["standin.safetensors".to_owned()],
            loras: vec!["standin_lora.safetensors".to_owned()],
            models: None,
            step: Duration::from_millis(5),
            drift: 0.0,
            hurried_pngs: false,
            largest_request: 100 << 20,
        }
    }
}

/// Versions of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 0.3.64: no `/api/jobs`, any text as a prompt's id.
    V0_3,
    /// 0.33.0.
    V0_33,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The schedule makes no sense.
    #[error("the schedule of faults makes no sense")]
    Schedule(#[from] ScheduleError),
    /// The folder cannot be used.
    #[error("the server's folder cannot be used")]
    Folder(#[source] std::io::Error),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A running server. Ends when it is dropped.
#[derive(Debug)]
pub struct Sim {
    address: SocketAddr,
    house: Arc<House>,
    stop: CancellationToken,
    listener: JoinHandle<()>,
    _folder: Option<TempDir>,
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.stop.cancel();
        self.house.life().end();
        self.listener.abort();
    }
}

impl Sim {
    /// Starts a server.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        options.schedule.check()?;
        let folder = if options.folder.is_none() { Some(tempfile::tempdir().map_err(StartError::Folder)?) } else { None };
        let root = options.folder.clone().or_else(|| folder.as_ref().map(|folder| folder.path().to_owned())).unwrap_or_default();
        let folders = Folders::create(root).map_err(StartError::Folder)?;
        let failed = |source| StartError::Listen { address: options.listen, source };
        let socket = tokio::net::TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let house = House::new(options, folders);
        let stop = CancellationToken::new();
        let listener = tokio::spawn(listener::listen(Arc::clone(&house), socket, stop.clone()));
        Ok(Self { address, house, stop, listener, _folder: folder })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder that pictures are loaded from.
    #[must_use]
    pub fn input(&self) -> PathBuf {
        self.house.folders.path(Folder::Input)
    }

    /// The folder that pictures are saved to.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.house.folders.path(Folder::Output)
    }

    /// How many files have been saved and are still there.
    #[must_use]
    pub fn saved_files(&self) -> usize {
        count(&self.output())
    }

    /// Ids of all prompts in the history, oldest first: each was run once.
    #[must_use]
    pub fn ended(&self) -> Vec<String> {
        self.house.life().history.all().into_iter().map(|entry| entry.item.prompt_id).collect()
    }

    /// Everything that was submitted and taken since the start, restarts included: prompt id and `extra_data`.
    #[must_use]
    pub fn taken(&self) -> Vec<(String, Value)> {
        self.house.taken()
    }

    /// The process dies and comes again after `down`.
    pub fn restart(&self, down: Duration) {
        self.house.die(down);
    }

    /// All sockets break off.
    pub fn drop_sockets(&self) {
        self.house.life().sockets.cut_all();
    }

    /// Runs until `cancel` fires.
    pub async fn until(self, cancel: CancellationToken) {
        cancel.cancelled().await;
    }
}

fn count(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
}
