//! A server, a client, and small graphs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use comfy_sim::{Options, Schedule, Sim, Version};
use comfyui::{Begin, Done, Error, Expected, Graph, Link, Node, Patience, Server, Socket, Submission, Ticket, Update};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Short enough for tests, long enough for a busy machine.
pub(crate) fn patience() -> Patience {
    let ms = Duration::from_millis;
    Patience {
        connect: ms(1000),
        answer: ms(1500),
        transfer: ms(20_000),
        poll: ms(30),
        quiet: ms(300),
        first_look: ms(5),
        lost: ms(500),
        settle: ms(600),
        idle_worker: ms(400),
        unreachable: ms(3000),
        cancel: ms(5000),
        ping: ms(5000),
        pong: ms(5000),
        deadline: Some(ms(20_000)),
    }
}

/// A server with these faults, and a client to it.
pub(crate) async fn stage(schedule: Schedule) -> (Sim, Server) {
    stage_of(Version::V0_33, schedule).await
}

pub(crate) async fn stage_of(version: Version, schedule: Schedule) -> (Sim, Server) {
    let sim = Sim::start(Options { version, schedule, ..Options::default() }).await.unwrap();
    let server = client(&sim);
    (sim, server)
}

pub(crate) fn client(sim: &Sim) -> Server {
    Server::new(&sim.url(), patience()).unwrap()
}

/// A ticket that no other test or attempt has.
pub(crate) fn ticket() -> Ticket {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    let id = |kind: u128| Uuid::from_u128(kind << 120 | 0x4000 << 64 | 0x8000 << 48 | number);
    Ticket { job: id(1), attempt: 1, prompt: id(2) }
}

/// The same job once more.
pub(crate) fn next_attempt(ticket: Ticket) -> Ticket {
    Ticket { attempt: ticket.attempt + 1, ..Ticket { job: ticket.job, ..self::ticket() } }
}

/// A picture of one colour, scaled and saved by node 9.
pub(crate) fn picture() -> Graph {
    coloured(0x33_66_cc, 1)
}

pub(crate) fn coloured(color: u32, count: u32) -> Graph {
    let empty = Node::new("EmptyImage").with("width", 64).with("height", 48).with("batch_size", count).with("color", color);
    Graph::new().with("1", empty).with("9", Node::new("SaveImage").with("images", Link::to("1", 0)).with("filename_prefix", "x"))
}

/// A picture of a sampler, saved by node 9; a step takes 5 ms.
pub(crate) fn sampled(seed: u64, steps: u32) -> Graph {
    let sampler = Node::new("StandInSampler")
        .with("seed", seed)
        .with("prompt", "a girl under a cherry tree")
        .with("width", 64)
        .with("height", 48)
        .with("batch_size", 1)
        .with("steps", steps)
        .with("drift", 0.0);
    Graph::new().with("1", sampler).with("9", Node::new("SaveImage").with("images", Link::to("1", 0)).with("filename_prefix", "x"))
}

pub(crate) fn one_picture() -> Vec<Expected> {
    vec![Expected::pictures("9", 1).of_size(64, 48)]
}

pub(crate) fn submission(graph: Graph) -> Submission {
    Submission::new(ticket(), graph, one_picture())
}

/// Runs without a socket.
pub(crate) async fn run(server: &Server, submission: &Submission) -> Result<Done, Error> {
    server.run(submission, Begin::Fresh, None, &CancellationToken::new(), &mut |_| {}).await
}

/// Runs with a socket, and gives what was told on the way.
pub(crate) async fn run_heard(server: &Server, submission: &Submission, socket: &Socket) -> (Result<Done, Error>, Vec<Update>) {
    let mut updates = Vec::new();
    let done = server.run(submission, Begin::Fresh, Some(socket), &CancellationToken::new(), &mut |update| updates.push(update)).await;
    (done, updates)
}

/// Posts as some other program does.
pub(crate) async fn post(sim: &Sim, path: &str, body: &Value) -> (u16, Value) {
    let client = reqwest::Client::new();
    let response = client.post(format!("{}{path}", sim.url())).body(body.to_string()).send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

/// Somebody else's prompt.
pub(crate) async fn post_others(sim: &Sim, graph: &Graph, more: &Value) -> (u16, Value) {
    let mut body = serde_json::json!({"prompt": graph});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post(sim, "/prompt", &body).await
}

/// Waits until a prompt runs.
pub(crate) async fn running(server: &Server, prompt: Uuid) {
    until(async || server.queue().await.unwrap().running.iter().any(|item| item.prompt == prompt.to_string())).await;
}

/// Waits until something is so.
pub(crate) async fn until(so: impl AsyncFn() -> bool) {
    for _ in 0..1000 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to be so");
}

/// A picture that cannot be compressed, in the server's input folder.
pub(crate) fn noise(sim: &Sim, name: &str, side: u32) {
    let mut state = 1_u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    image::RgbImage::from_fn(side, side, |_, _| image::Rgb([byte(), byte(), byte()])).save(sim.input().join(name)).unwrap();
}
