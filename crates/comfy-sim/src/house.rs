//! What outlives a restart of the server, and what does not.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Options;
use crate::cache::Cache;
use crate::folders::Folders;
use crate::history::History;
use crate::queue::Queue;
use crate::schedule::{Fault, Faults, Point};
use crate::sockets::{Outgoing, Sockets, publish};

/// Files, options, and the schedule of faults.
pub(crate) struct House {
    pub(crate) options: Options,
    pub(crate) folders: Folders,
    pub(crate) faults: Faults,
    life: RwLock<Arc<Life>>,
    /// When the process is to die, and for how long.
    pub(crate) restart: watch::Sender<Option<Duration>>,
    /// All that was ever taken: prompt id and `extra_data`.
    taken: Mutex<Vec<(String, Value)>>,
}

impl std::fmt::Debug for House {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("House").field("options", &self.options).finish_non_exhaustive()
    }
}

/// One run of the process: everything that a restart loses.
pub(crate) struct Life {
    /// Fires when it is over.
    pub(crate) over: CancellationToken,
    pub(crate) queue: Queue,
    pub(crate) history: History,
    pub(crate) sockets: Arc<Sockets>,
    pub(crate) cache: Mutex<Cache>,
    pub(crate) interrupted: AtomicBool,
    /// The node that runs, and whose events they are.
    pub(crate) running: Mutex<Option<(Option<String>, String)>>,
    pub(crate) free: AtomicBool,
    counter: AtomicI64,
}

impl House {
    pub(crate) fn new(options: Options, folders: Folders) -> Arc<Self> {
        let faults = Faults::new(options.schedule.clone());
        let (restart, _) = watch::channel(None);
        Arc::new(Self { options, folders, faults, life: RwLock::new(Life::begin()), restart, taken: Mutex::default() })
    }

    /// The present life.
    pub(crate) fn life(&self) -> Arc<Life> {
        Arc::clone(&self.life.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the present life and begins another.
    pub(crate) fn reborn(&self) -> Result<Arc<Life>, std::io::Error> {
        self.life().end();
        self.folders.empty_temp()?;
        let life = Life::begin();
        *self.life.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&life);
        Ok(life)
    }

    /// The faults that hit the whole server, at a place of a run. Says whether the worker goes on.
    pub(crate) fn strike(&self, life: &Life, faults: &[Fault]) -> bool {
        let mut goes_on = true;
        for fault in faults {
            match fault {
                Fault::WorkerDies => goes_on = false,
                Fault::DropSockets => life.sockets.cut_all(),
                Fault::HoldEvents { ms } => life.sockets.hold(Instant::now() + Duration::from_millis(*ms)),
                Fault::Restart { down_ms } => {
                    self.die(Duration::from_millis(*down_ms));
                    goes_on = false;
                }
                _ => {}
            }
        }
        goes_on
    }

    /// Ends the present life; the listener cuts the connections and begins another after `down`.
    pub(crate) fn die(&self, down: Duration) {
        self.life().end();
        self.restart.send_replace(Some(down));
    }

    pub(crate) fn take(&self, prompt_id: &str, extra: Value) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push((prompt_id.to_owned(), extra));
    }

    pub(crate) fn taken(&self) -> Vec<(String, Value)> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn faults_at(&self, point: Point<'_>) -> Vec<Fault> {
        self.faults.at(point)
    }
}

impl Life {
    fn begin() -> Arc<Self> {
        let (sockets, events) = Sockets::new();
        let life = Arc::new(Self {
            over: CancellationToken::new(),
            queue: Queue::default(),
            history: History::default(),
            sockets: Arc::new(sockets),
            cache: Mutex::default(),
            interrupted: AtomicBool::new(false),
            running: Mutex::default(),
            free: AtomicBool::new(false),
            counter: AtomicI64::new(0),
        });
        life.clone().start_publishing(events);
        life
    }

    fn start_publishing(self: Arc<Self>, events: mpsc::UnboundedReceiver<(Option<String>, Outgoing)>) {
        let (sockets, over) = (Arc::clone(&self.sockets), self.over.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = publish(sockets, events) => {}
                () = over.cancelled() => {}
            }
        });
    }

    pub(crate) fn end(&self) {
        self.over.cancel();
        self.sockets.cut_all();
    }

    /// The next number of the queue.
    pub(crate) fn count(&self) -> i64 {
        self.counter.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_running(&self, node: Option<(Option<String>, String)>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = node;
    }

    /// The node that runs for a client.
    pub(crate) fn running_for(&self, client: &str) -> Option<String> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().filter(|(owner, _)| owner.as_deref() == Some(client)).map(|(_, node)| node.clone())
    }

    /// `{"type", "data"}` to one client or to all.
    pub(crate) fn tell(&self, to: Option<&str>, kind: &str, data: Value) {
        self.sockets.send(to, Outgoing::Text(Value::from_iter([("type", Value::from(kind)), ("data", data)])));
    }

    pub(crate) fn tell_status(&self) {
        let status = serde_json::json!({"status": {"exec_info": {"queue_remaining": self.queue.remaining()}}});
        self.tell(None, "status", status);
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Results by node, for what is told of a prompt.
pub(crate) type ByNode = BTreeMap<String, Value>;
