//! Model files of nodes are read once, beside what is drawn, and known by what is in them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../store/tests/databases/mod.rs"]
#[expect(dead_code, reason = "the tests' own server, of which one half is used")]
mod databases;
mod stage;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use bible::Digest;
use comfy_sim::{Options as SimOptions, Sim};
use comfyui::{Patience, Server};
use farm::ModelHash;
use serde_json::json;
use stage::now;
use store::Store;
use store::farm::NewNode;
use tokio_util::sync::CancellationToken;
use worker::{ModelReader, Options};

const MODEL: &str = "checkpoints/standin.safetensors";

/// A file like a model's: a header with its maker's words, and what comes behind it.
fn write(folder: &Path, maker: &str, tensors: &[u8]) {
    let header = json!({ "__metadata__": { "modelspec.title": "Stand-in", "modelspec.hash_sha256": maker } }).to_string();
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), tensors].concat();
    std::fs::create_dir_all(folder.join("checkpoints")).unwrap();
    std::fs::write(folder.join(MODEL), bytes).unwrap();
}

struct House {
    models: tempfile::TempDir,
    _database: tempfile::TempDir,
    store: Store,
    sim: Sim,
    reader: ModelReader,
}

impl House {
    /// A node whose model a job takes, driven by one worker.
    async fn new() -> Self {
        let models = tempfile::tempdir().unwrap();
        write(models.path(), "0xabc", b"tensors");
        let (database, store) = databases::sqlite().await;
        stage::make_project(&store).await;
        let checkpoints = ["standin.safetensors", "unused.safetensors"].map(str::to_owned).to_vec();
        let options = SimOptions { models: Some(models.path().to_owned()), checkpoints, ..SimOptions::default() };
        let sim = Sim::start(options).await.unwrap();
        store.submit_jobs(vec![stage::job(1000, 7, 1, (64, 64))], now()).await.unwrap();
        let options = Options { patience: Patience { connect: Duration::from_millis(500), ..Patience::default() }, ..Options::new("one") };
        let reader = ModelReader::new(store.clone(), &options);
        Self { models, _database: database, store, sim, reader }
    }

    /// Adds the node, or says where its folder is by now.
    async fn node(&self, folder: Option<&Path>) {
        let new = NewNode { models_folder: folder.map(Path::to_owned), ..stage::node(1, self.sim.url()) };
        let id = self.store.add_farm_node(new, now()).await.unwrap();
        let server = Server::new(&self.sim.url(), Patience::default()).unwrap();
        self.store.describe_farm_node(id, worker::describe(&server).await.unwrap(), now()).await.unwrap();
        self.store.drive_nodes("one", &BTreeSet::new(), &["node-1".to_owned()].into(), 1, &farm::Policy::default(), now()).await.unwrap();
    }

    async fn look(&mut self) -> Option<ModelHash> {
        self.reader.look(&CancellationToken::new()).await.unwrap();
        let mut node = self.store.farm_nodes().await.unwrap().remove(0);
        assert!(node.hashes.keys().all(|model| model == MODEL), "what nobody draws with is not read: {:?}", node.hashes);
        node.hashes.remove(MODEL)
    }

    /// How often something was noted of model files.
    async fn noted(&self) -> usize {
        let events = self.store.events_after(0, None, 1000).await.unwrap();
        events.iter().filter(|event| event.kind == "farm.node_models").count()
    }
}

fn blake3(hash: Option<ModelHash>) -> Option<Digest> {
    hash.and_then(|hash| hash.blake3())
}

fn reason(hash: Option<ModelHash>) -> (String, Option<String>) {
    match hash {
        Some(ModelHash::Unknown { reason, maker }) => (reason, maker),
        known => panic!("it cannot be known: {known:?}"),
    }
}

#[tokio::test]
async fn a_file_is_read_once_and_again_when_it_is_replaced() {
    let mut house = House::new().await;
    let models = house.models.path().to_owned();
    let of = || Some(Digest::of(&std::fs::read(models.join(MODEL)).unwrap()));
    house.node(Some(&models)).await;
    assert_eq!(blake3(house.look().await), of());
    assert_eq!(house.noted().await, 1);
    house.look().await;
    assert_eq!(house.noted().await, 1, "nothing is new");

    std::thread::sleep(Duration::from_millis(20));
    write(&models, "0xabc", b"TENSORS");
    assert_eq!(blake3(house.look().await), of(), "another file of the same size");
}

#[tokio::test]
async fn what_cannot_be_read_stays_unknown_with_the_reason_and_its_makers_word() {
    let mut house = House::new().await;
    house.node(None).await;
    let (why, maker) = reason(house.look().await);
    assert!(why.contains("--models FOLDER"), "{why}");
    assert_eq!(maker.as_deref(), Some("0xabc"), "the server tells it");

    let elsewhere = tempfile::tempdir().unwrap();
    house.node(Some(elsewhere.path())).await;
    let (why, maker) = reason(house.look().await);
    assert!(why.contains("there is no checkpoints/standin.safetensors under"), "{why}");
    assert_eq!(maker.as_deref(), Some("0xabc"));

    let models = house.models.path().to_owned();
    house.node(Some(&models)).await;
    assert!(blake3(house.look().await).is_some());
    std::fs::remove_file(models.join(MODEL)).unwrap();
    assert!(reason(house.look().await).0.contains("there is no"), "what is gone is not known any more");
}
