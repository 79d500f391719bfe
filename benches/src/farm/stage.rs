//! A farm in a database: projects, nodes, workers, jobs.

use std::collections::{BTreeMap, BTreeSet};

use bible::Digest;
use farm::{Band, Capabilities, JobId, Money, NodeId, Policy, Requirements};
use store::farm::{NewJob, NewNode};
use store::{DatabaseUrl, Project, Store};
use uuid::Uuid;

/// What jobs with one of five models take.
pub(super) fn needs(model: usize) -> Requirements {
    Requirements {
        engine: "comfyui".to_owned(),
        template: format!("t{model}"),
        classes: ["KSampler".to_owned()].into(),
        models: [format!("checkpoints/m{model}")].into(),
        pinned: BTreeMap::new(),
        vram: 0,
        group: None,
    }
}

pub(super) fn job(number: u128, payload: serde_json::Value, needs: Requirements) -> NewJob {
    NewJob {
        id: JobId(Uuid::from_u128(number)),
        project: Uuid::from_u128(1 + number % 4),
        user: format!("user-{}", number % 2),
        subject: "shot".to_owned(),
        band: Band::Normal,
        deadline: None,
        size: 1.0,
        needs,
        after: Vec::new(),
        payload,
        variants: 0,
        held: false,
    }
}

/// Projects, so many nodes with all five models, and so many workers that drive an equal part of them.
pub(super) async fn begin(store: &Store, nodes: u128, workers: u128) -> anyhow::Result<()> {
    let now = chrono::Utc::now();
    for number in 1..=4 {
        let project = Project {
            id: Uuid::from_u128(number),
            slug: format!("project-{number}").parse()?,
            title: "Lanterns".to_owned(),
            description: String::new(),
            bible: Digest::of(b"bible"),
            created_at: now,
            updated_at: now,
        };
        store.create_project(&project).await?;
    }
    for number in 0..nodes {
        let node = NewNode {
            id: NodeId(Uuid::from_u128(10_000 + number)),
            name: format!("node-{number:05}"),
            url: "http://node".to_owned(),
            groups: [format!("g{}", number % workers)].into(),
            models_folder: None,
            per_hour: Money::ZERO,
            hours: None,
        };
        let id = store.add_farm_node(node, now).await?;
        let models = (0..5).map(|model| format!("checkpoints/m{model}")).collect();
        let has = Capabilities { engine: "comfyui".to_owned(), classes: ["KSampler".to_owned()].into(), models, ..Capabilities::default() };
        store.describe_farm_node(id, has, now).await?;
    }
    let policy = Policy { lease: 3600.0, ..Policy::default() };
    for worker in 0..workers {
        store.drive_nodes(&format!("w{worker}"), &[format!("g{worker}")].into(), &BTreeSet::new(), usize::MAX, &policy, now).await?;
    }
    Ok(())
}

pub(super) async fn sqlite() -> anyhow::Result<Store> {
    let folder = tempfile::tempdir()?.keep();
    Ok(Store::open(&DatabaseUrl::Sqlite(folder.join("studio.db"))).await?)
}
