//! How a farm begins in the worker's tests: a project, nodes, and jobs of one picture each.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::collections::BTreeSet;

use bible::Digest;
use comfyui::Graph;
use farm::{Band, JobId, Money, NodeId};
use store::farm::{NewJob, NewNode};
use store::{Project, Store};
use uuid::Uuid;
use worker::{ExpectedOutput, OutputMedia, Payload, Variant};

/// The project that everything is drawn for.
pub(crate) const PROJECT: Uuid = Uuid::from_u128(1);

pub(crate) fn now() -> farm::Time {
    chrono::Utc::now()
}

pub(crate) async fn make_project(store: &Store) {
    let project = Project {
        id: PROJECT,
        slug: "lantern-road".parse().unwrap(),
        title: "Lanterns".to_owned(),
        description: String::new(),
        bible: Digest::of(b"bible"),
        created_at: now(),
        updated_at: now(),
    };
    assert!(store.create_project(&project).await.unwrap());
}

pub(crate) const fn node_id(number: u128) -> NodeId {
    NodeId(Uuid::from_u128(100 + number))
}

/// A node that costs nothing, is always there, and whose files nobody can read.
pub(crate) fn node(number: u128, url: String) -> NewNode {
    NewNode {
        id: node_id(number),
        name: format!("node-{number}"),
        url,
        groups: BTreeSet::new(),
        models_folder: None,
        per_hour: Money::ZERO,
        hours: None,
    }
}

/// A job of one picture.
pub(crate) fn job(number: u128, seed: u64, steps: u32, size: (u32, u32)) -> NewJob {
    let graph: Graph = serde_json::from_value(comfy_sim::picture_graph(seed, steps, size)).unwrap();
    let needs = worker::needs_of(&graph, "standin");
    let expected = vec![ExpectedOutput { node: "9".into(), count: 1, media: OutputMedia::Picture, size: Some(size) }];
    let variants = vec![Variant { name: None, graph, inputs: Vec::new(), expected }];
    NewJob {
        id: JobId(Uuid::from_u128(number)),
        project: PROJECT,
        user: "aiko".to_owned(),
        subject: format!("shot {number}"),
        band: Band::Normal,
        deadline: None,
        size: 1.0,
        needs,
        after: Vec::new(),
        payload: serde_json::to_value(Payload { variants }).unwrap(),
        variants: 0,
        held: false,
    }
}
