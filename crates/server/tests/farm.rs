//! The render farm over HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use bible::Digest;
use farm::{Band, JobId, Money, NodeId, Requirements};
use serde_json::{Value, json};
use store::Project;
use store::farm::{NewJob, NewNode};
use studio::Studio;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

async fn answer(router: &Router, method: Method, path: &str) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).header("host", "localhost").body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() })
}

async fn get(router: &Router, path: &str) -> Value {
    let (status, body) = answer(router, Method::GET, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

/// The first job is drawn, and its worker has noted something.
async fn what_is_under_way_is_seen(store: &store::Store, router: &Router, now: farm::Time) {
    let (policy, node) = (farm::Policy::default(), NodeId(Uuid::from_u128(101)));
    let new = NewNode {
        id: node,
        name: "gpu-3".to_owned(),
        url: "http://gpu-3:8188".to_owned(),
        groups: std::collections::BTreeSet::new(),
        models_folder: None,
        per_hour: Money::ZERO,
        hours: None,
    };
    store.add_farm_node(new, now).await.unwrap();
    let capabilities =
        farm::Capabilities { engine: "comfyui".to_owned(), classes: ["FaceDetailer".to_owned()].into(), ..Default::default() };
    store.describe_farm_node(node, capabilities, now).await.unwrap();
    store.drive_nodes("w", &Default::default(), &Default::default(), 9, &policy, now).await.unwrap();
    let hash = |byte: &[u8]| farm::ModelHash::Known { blake3: Digest::of(byte), sha256: "5f".repeat(32), bytes: 7, changed: now };
    let unread = farm::ModelHash::Unknown { reason: "it cannot be read".to_owned(), maker: None };
    let hashes = [("checkpoints/a".to_owned(), hash(b"a")), ("checkpoints/b".to_owned(), unread)];
    assert!(store.note_model_hashes(node, None, hashes.into(), now).await.unwrap());
    let nodes = get(router, "/api/anime/farm/nodes").await;
    let told = &nodes["items"].as_array().unwrap().iter().find(|node| node["name"] == "gpu-3").unwrap()["hashes"];
    let known = json!({ "blake3": Digest::of(b"a"), "sha256": "5f".repeat(32), "bytes": 7, "unknown": null });
    assert_eq!((&told["checkpoints/a"], &told["checkpoints/b"]["unknown"]), (&known, &json!("it cannot be read")));
    let (view, mut queues) = (store.farm_view(&policy, now).await.unwrap(), store.farm_queues().await.unwrap());
    let free = view.nodes.iter().find(|known| known.id == node).unwrap();
    let choices = farm::pick::pick(free, &queues.lanes, &mut queues.shares, &view.view, &view.speeds, &policy, now);
    let choices = choices.into_iter().map(|choice| (queues.lanes[choice.lane].id, choice)).collect();
    let claimed = store.claim_jobs(vec![store::farm::Want { node, choices, prompt: Uuid::from_u128(7) }], "w", &policy, now).await.unwrap();
    let claimed = claimed.first().unwrap();
    let progress = farm::Progress {
        at: now,
        class: Some("KSampler".to_owned()),
        step: Some(12),
        steps: Some(20),
        nodes_done: 4,
        nodes: 7,
        fraction: 0.65,
    };
    let preview = store::farm::NewPreview { media_type: "image/jpeg", bytes: b"\xff\xd8picture".to_vec() };
    let note = store::farm::Note { job: claimed.job.id, token: claimed.attempt.token, progress, preview: Some(preview) };
    assert_eq!(store.note_progress(vec![note]).await.unwrap(), 1);

    let id = claimed.job.id.0;
    let job = get(router, &format!("/api/anime/farm/jobs/{id}")).await;
    assert_eq!((&job["progress"]["step"], &job["tries"][0]["progress"]["class"]), (&json!(12), &json!("KSampler")));
    assert!(job["why"].as_str().unwrap().ends_with(": KSampler 12 of 20, 4 of 7 nodes."), "{job}");
    let listed = get(router, "/api/anime/farm/jobs?state=active").await;
    assert_eq!(listed["items"][0]["progress"]["steps"], json!(20));
    let request = |path: String| Request::builder().uri(path).header("host", "localhost").body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request(format!("/api/anime/farm/jobs/{id}/preview"))).await.unwrap();
    assert_eq!((response.status(), &response.headers()["content-type"]), (StatusCode::OK, &"image/jpeg".parse().unwrap()));
    assert_eq!(&axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap()[..], b"\xff\xd8picture");

    let response = router.clone().oneshot(request("/api/anime/events".to_owned())).await.unwrap();
    let mut stream = response.into_body().into_data_stream();
    let first =
        tokio::time::timeout(std::time::Duration::from_secs(10), futures::StreamExt::next(&mut stream)).await.unwrap().unwrap().unwrap();
    let text = String::from_utf8(first.to_vec()).unwrap();
    assert!(text.contains("event: farm.progress") && text.contains("\"step\":12") && !text.contains("id:"), "{text}");
}

#[tokio::test]
async fn a_farm_is_seen_and_steered() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("studio.db").display());
    let studio = Studio::open(&database.parse().unwrap(), &"memory:".parse().unwrap()).await.unwrap();
    let (store, now, project) = (studio.store.clone(), chrono::Utc::now(), Uuid::from_u128(1));
    let made = Project {
        id: project,
        slug: "lantern-road".parse().unwrap(),
        title: "Lanterns".to_owned(),
        description: String::new(),
        bible: Digest::of(b"bible"),
        created_at: now,
        updated_at: now,
    };
    store.create_project(&made).await.unwrap();
    let job = |number, after| NewJob {
        id: JobId(Uuid::from_u128(number)),
        project,
        user: "aiko".to_owned(),
        subject: format!("shot {number}"),
        band: Band::Interactive,
        deadline: None,
        size: 1.0,
        needs: Requirements {
            engine: "comfyui".to_owned(),
            template: "anime".to_owned(),
            classes: ["FaceDetailer".to_owned()].into(),
            models: std::collections::BTreeSet::new(),
            pinned: std::collections::BTreeMap::new(),
            vram: 0,
            group: None,
        },
        after,
        payload: json!({}),
        variants: 0,
        held: false,
    };
    let first = JobId(Uuid::from_u128(10));
    store.submit_jobs(vec![job(10, vec![]), job(11, vec![first])], now).await.unwrap();
    let router = server::router(studio, bible::version::Author::named("Tester"), std::env::temp_dir(), CancellationToken::new());

    let why =
        async |job: u128| get(&router, &format!("/api/anime/farm/jobs/{}", Uuid::from_u128(job))).await["why"].as_str().unwrap().to_owned();
    assert_eq!(why(10).await, "The farm has no nodes: add one.");
    assert_eq!(why(11).await, "It needs 1 other job that is not done yet.");
    let node = NewNode {
        id: NodeId(Uuid::from_u128(100)),
        name: "gpu-1".to_owned(),
        url: "http://gpu-1:8188".to_owned(),
        groups: ["night".to_owned()].into(),
        models_folder: None,
        per_hour: Money::from_units(0.6),
        hours: Some("20:00-08:00".parse().unwrap()),
    };
    store.add_farm_node(node, now).await.unwrap();
    let capabilities = farm::Capabilities { engine: "comfyui".to_owned(), ..farm::Capabilities::default() };
    store.describe_farm_node(NodeId(Uuid::from_u128(100)), capabilities, now).await.unwrap();
    assert_eq!(why(10).await, "No node has the node class FaceDetailer.");

    let status = get(&router, "/api/anime/farm").await;
    assert_eq!((&status["jobs"]["queued"], &status["jobs"]["blocked"], &status["nodes"]), (&json!(1), &json!(1), &json!(1)));
    let nodes = get(&router, "/api/anime/farm/nodes").await;
    assert_eq!(nodes["items"][0]["hours"], json!("20:00-08:00"));
    assert_eq!(nodes["items"][0]["away"], json!("without a worker"));
    let jobs = get(&router, "/api/anime/farm/jobs?state=queued&limit=1").await;
    assert_eq!(jobs["items"][0]["subject"], json!("shot 10"));
    assert_eq!(answer(&router, Method::GET, "/api/anime/farm/jobs?state=bogus").await.0, StatusCode::BAD_REQUEST);

    let act = async |path: String| answer(&router, Method::POST, &path).await;
    let id = first.0;
    assert_eq!(act(format!("/api/anime/farm/jobs/{id}/hold")).await, (StatusCode::OK, json!({ "state": "held" })));
    assert_eq!(act(format!("/api/anime/farm/jobs/{id}/release")).await.1["state"], json!("queued"));
    assert_eq!(act(format!("/api/anime/farm/jobs/{id}/cancel")).await.1["state"], json!("cancelled"));
    assert_eq!(act(format!("/api/anime/farm/jobs/{id}/retry")).await.1["state"], json!("queued"));
    assert_eq!(act(format!("/api/anime/farm/jobs/{}/cancel", Uuid::from_u128(99))).await.0, StatusCode::NOT_FOUND);
    assert_eq!(act("/api/anime/farm/nodes/gpu-1/drain".to_owned()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(act("/api/anime/farm/nodes/gpu-2/drain".to_owned()).await.0, StatusCode::NOT_FOUND);

    assert_eq!(answer(&router, Method::PUT, &format!("/api/anime/farm/pause?project={project}")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(why(10).await, "Its project is paused.");
    assert_eq!(answer(&router, Method::DELETE, &format!("/api/anime/farm/pause?project={project}")).await.0, StatusCode::NO_CONTENT);
    let preview = async |job: u128| answer(&router, Method::GET, &format!("/api/anime/farm/jobs/{}/preview", Uuid::from_u128(job))).await;
    assert!(preview(99).await.1["detail"].as_str().unwrap().starts_with("there is no job"));
    let (status, problem) = preview(10).await;
    let reason = "the job is queued: pictures are kept while a node works on them";
    assert_eq!((status, &problem["detail"]), (StatusCode::NOT_FOUND, &json!(reason)));
    what_is_under_way_is_seen(&store, &router, now).await;

    let ledger = get(&router, &format!("/api/anime/farm/ledger?project={project}&limit=3")).await;
    assert_eq!(ledger, json!({ "items": [], "next_cursor": null }));
    assert_eq!(answer(&router, Method::GET, "/api/anime/farm/ledger?cursor=first").await.0, StatusCode::BAD_REQUEST);
    let nobodys = format!("/api/anime/farm/ledger?project={}", Uuid::from_u128(99));
    assert_eq!(answer(&router, Method::GET, &nobodys).await.0, StatusCode::NOT_FOUND);
    let spending = get(&router, &format!("/api/anime/projects/{project}/spending")).await;
    assert_eq!((&spending["spent"], &spending["per_day"]), (&json!(0.0), &Value::Null));
}
