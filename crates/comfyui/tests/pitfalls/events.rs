//! Events are hints: lost, late, blocked or silent, the prompt is watched to its end.

use std::time::{Duration, Instant};

use comfy_sim::{Fault, On, Options, Schedule, Sim, Version};
use comfyui::{Error, Expected, Graph, Link, Node, Patience, PreviewMethod, Server, Socket, Submission, Update};
use futures::SinkExt;
use serde_json::json;

use crate::stage::*;

#[tokio::test]
async fn pitfall_02_every_connection_has_a_client_id_of_its_own() {
    let (_sim, server) = stage(Schedule::default()).await;
    let old = Socket::connect(&server).await.unwrap();
    let new = Socket::connect(&server).await.unwrap();
    assert_ne!(old.client(), new.client());
    drop(old);
    // The old one's end takes nothing from the new one.
    let (done, updates) = run_heard(&server, &submission(sampled(1, 3)), &new).await;
    done.unwrap();
    assert!(updates.contains(&Update::Started), "{updates:?}");
}

#[tokio::test]
async fn pitfall_02_a_socket_that_stays_silent_costs_time_and_nothing_else() {
    let (_sim, server) = stage(Schedule::always(On::Socket, Fault::Mute)).await;
    let socket = Socket::connect(&server).await.unwrap();
    let (done, updates) = run_heard(&server, &submission(picture()), &socket).await;
    assert_eq!(done.unwrap().artifacts.len(), 1);
    assert_eq!(updates, []);
}

#[tokio::test]
async fn pitfall_03_another_client_that_does_not_read_does_not_hold_us_up() {
    let (sim, server) = stage(Schedule::default()).await;
    noise(&sim, "noise.png", 1400);
    // Somebody connects, asks for 40 MB over the socket, and never reads.
    let (_stalled, _) = tokio_tungstenite::connect_async(format!("ws://{}/ws?clientId=stalled", sim.address())).await.unwrap();
    let big = Graph::new()
        .with("1", Node::new("LoadImage").with("image", "noise.png"))
        .with("2", Node::new("RepeatImageBatch").with("image", Link::to("1", 0)).with("amount", 7))
        .with("3", Node::new("SaveImageWebsocket").with("images", Link::to("2", 0)));
    let (_, answer) = post_others(&sim, &big, &json!({"client_id": "stalled"})).await;
    server.watch(answer["prompt_id"].as_str().unwrap().parse().unwrap(), None, &mut |_| {}).await.unwrap();
    // From here on the server sends nobody anything.
    let socket = Socket::connect(&server).await.unwrap();
    let (done, updates) = run_heard(&server, &submission(picture()), &socket).await;
    assert_eq!(done.unwrap().artifacts.len(), 1);
    assert_eq!(updates, [], "the server was expected to be stuck");
}

#[tokio::test]
async fn pitfall_03_our_own_socket_is_read_whether_anybody_listens_or_not() {
    let (sim, server) = stage(Schedule::default()).await;
    noise(&sim, "noise.png", 1400);
    let unheard = Socket::connect(&server).await.unwrap();
    let big = Graph::new()
        .with("1", Node::new("LoadImage").with("image", "noise.png"))
        .with("2", Node::new("RepeatImageBatch").with("image", Link::to("1", 0)).with("amount", 7))
        .with("3", Node::new("SaveImageWebsocket").with("images", Link::to("2", 0)));
    let (_, answer) = post_others(&sim, &big, &json!({"client_id": unheard.client()})).await;
    server.watch(answer["prompt_id"].as_str().unwrap().parse().unwrap(), None, &mut |_| {}).await.unwrap();
    let socket = Socket::connect(&server).await.unwrap();
    let (done, updates) = run_heard(&server, &submission(sampled(1, 3)), &socket).await;
    done.unwrap();
    assert!(updates.contains(&Update::Started), "{updates:?}");
}

#[tokio::test]
async fn pitfall_04_history_that_is_written_after_the_event_is_waited_for() {
    for version in [Version::V0_33, Version::V0_3] {
        let (sim, server) = stage_of(version, Schedule::always(On::End, Fault::HistoryLate { ms: 120 })).await;
        let socket = Socket::connect(&server).await.unwrap();
        for color in 0..5 {
            let (done, _) = run_heard(&server, &submission(coloured(color, 1)), &socket).await;
            assert_eq!(done.unwrap().artifacts.len(), 1);
        }
        assert_eq!(sim.taken().len(), 5);
    }
}

#[tokio::test]
async fn pitfall_05_lost_events_are_made_good_by_asking() {
    for fault in [Fault::DropSockets, Fault::HoldEvents { ms: 10_000 }] {
        for version in [Version::V0_33, Version::V0_3] {
            let schedule = Schedule::once(On::Node("SaveImage".to_owned()), fault.clone());
            let (_sim, server) = stage_of(version, schedule).await;
            let socket = Socket::connect(&server).await.unwrap();
            let begun = Instant::now();
            let (done, _) = run_heard(&server, &submission(picture()), &socket).await;
            assert_eq!(done.unwrap().artifacts.len(), 1, "{fault:?}");
            assert!(begun.elapsed() < Duration::from_secs(5), "{fault:?}: {:?}", begun.elapsed());
        }
    }
}

#[tokio::test]
async fn pitfall_05_a_prompt_in_neither_queue_nor_history_is_lost() {
    for version in [Version::V0_33, Version::V0_3] {
        let (_sim, server) = stage_of(version, Schedule::once(On::End, Fault::HistoryGone)).await;
        let socket = Socket::connect(&server).await.unwrap();
        let (done, _) = run_heard(&server, &submission(picture()), &socket).await;
        let error = done.unwrap_err();
        assert!(matches!(error, Error::Lost { .. }) && error.retryable(), "{error:?}");
    }
}

#[tokio::test]
async fn pitfall_17_a_half_open_connection_is_found_out_by_pinging() {
    let sim = Sim::start(Options { schedule: Schedule::always(On::Socket, Fault::Mute), ..Options::default() }).await.unwrap();
    let short = Duration::from_millis(100);
    let server = Server::new(&sim.url(), Patience { ping: short, pong: short, ..patience() }).unwrap();
    let socket = Socket::connect(&server).await.unwrap();
    until(async || socket.is_closed()).await;
}

#[tokio::test]
async fn pitfall_17_a_connection_that_answers_pings_stays() {
    let (sim, _) = stage(Schedule::default()).await;
    let ping = Duration::from_millis(50);
    let server = Server::new(&sim.url(), Patience { ping, pong: Duration::from_secs(2), ..patience() }).unwrap();
    let socket = Socket::connect(&server).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!socket.is_closed());
    sim.drop_sockets();
    until(async || socket.is_closed()).await;
}

#[tokio::test]
async fn pitfall_17_a_picture_larger_than_the_librarys_frame_limit_comes_through() {
    let (sim, server) = stage(Schedule::default()).await;
    noise(&sim, "noise.png", 2500);
    let graph = Graph::new()
        .with("1", Node::new("LoadImage").with("image", "noise.png"))
        .with("3", Node::new("SaveImageWebsocket").with("images", Link::to("1", 0)));
    let socket = Socket::connect(&server).await.unwrap();
    let (done, updates) = run_heard(&server, &Submission::new(ticket(), graph, Vec::<Expected>::new()), &socket).await;
    done.unwrap();
    let largest =
        updates.iter().filter_map(|update| if let Update::Preview(preview) = update { Some(preview.bytes.len()) } else { None }).max();
    assert!(largest > Some(16 << 20), "{largest:?}");
}

#[tokio::test]
async fn pitfall_17_the_socket_survives_nonsense_from_the_server_side_and_ours() {
    let (sim, server) = stage(Schedule::default()).await;
    // Another client talks nonsense; the server does not mind, and neither do we.
    let (mut other, _) = tokio_tungstenite::connect_async(format!("ws://{}/ws", sim.address())).await.unwrap();
    other.send(tokio_tungstenite::tungstenite::Message::text("{nonsense")).await.unwrap();
    let socket = Socket::connect(&server).await.unwrap();
    let (done, updates) = run_heard(&server, &submission(sampled(1, 3)), &socket).await;
    done.unwrap();
    assert!(updates.contains(&Update::Step { node: Some("1".into()), value: 3.0, max: 3.0 }), "{updates:?}");
}

#[tokio::test]
async fn previews_come_with_their_node_when_they_are_asked_for() {
    let (_sim, server) = stage(Schedule::default()).await;
    let socket = Socket::connect(&server).await.unwrap();
    let quiet = submission(sampled(1, 3));
    let shown = Submission { previews: PreviewMethod::Auto, ..submission(sampled(2, 3)) };
    for (submission, expected) in [(quiet, 0), (shown, 3)] {
        let (done, updates) = run_heard(&server, &submission, &socket).await;
        done.unwrap();
        let previews: Vec<_> =
            updates.iter().filter_map(|update| if let Update::Preview(preview) = update { Some(preview) } else { None }).collect();
        assert_eq!(previews.len(), expected);
        for preview in previews {
            assert_eq!(preview.of, Some((submission.ticket.prompt.to_string(), "1".into())));
            assert_eq!(image::guess_format(&preview.bytes).unwrap(), image::ImageFormat::Jpeg);
        }
    }
}

#[tokio::test]
async fn pitfall_19_a_slow_node_is_neither_lost_nor_late() {
    for version in [Version::V0_33, Version::V0_3] {
        let schedule = Schedule::once(On::Node("EmptyImage".to_owned()), Fault::Slow { ms: 1500, progress: false });
        let (_sim, server) = stage_of(version, schedule).await;
        let socket = Socket::connect(&server).await.unwrap();
        let (done, _) = run_heard(&server, &submission(picture()), &socket).await;
        assert_eq!(done.unwrap().artifacts.len(), 1);
    }
}

#[tokio::test]
async fn pitfall_19_a_deadline_is_kept_when_one_is_set() {
    let (sim, _) = stage(Schedule::default()).await;
    let server = Server::new(&sim.url(), Patience { deadline: Some(Duration::from_millis(300)), ..patience() }).unwrap();
    let error = run(&server, &submission(sampled(1, 2000))).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
}
