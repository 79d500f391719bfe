//! Submitting, cancelling, restarts: a prompt is run once.

use std::time::Duration;

use comfy_sim::{Fault, On, Rule, Schedule, Version};
use comfyui::{Begin, Cancelling, Cause, Error, Expected, Graph, Link, Node, Standing, Submission};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::stage::*;

fn on_post(fault: Fault) -> Schedule {
    Schedule::once(On::Request("POST /prompt".to_owned()), fault)
}

#[tokio::test]
async fn pitfall_01_a_number_is_never_sent_with_our_id() {
    let (sim, server) = stage(Schedule::default()).await;
    let ahead = submission(sampled(1, 40));
    server.submit(&ahead, None).await.unwrap();
    // The same prompt twice, as a careless retry does: it runs twice, and the worker lives.
    let twice = submission(picture());
    server.submit(&twice, None).await.unwrap();
    server.submit(&twice, None).await.unwrap();
    let numbers: Vec<_> = server.queue().await.unwrap().pending.iter().map(|item| item.number).collect();
    assert_ne!(numbers[0], numbers[1]);
    run(&server, &submission(coloured(1, 1))).await.unwrap();
    assert_eq!(sim.taken().len(), 4);
}

#[tokio::test]
async fn pitfall_01_a_dead_worker_is_found_out() {
    let (sim, server) = stage(Schedule::default()).await;
    let ahead = submission(sampled(1, 40));
    server.submit(&ahead, None).await.unwrap();
    running(&server, ahead.ticket.prompt).await;
    // Somebody else makes the tie that kills the worker.
    let tie = json!({"prompt_id": "b9a0aecd-53a0-4b38-92b7-e1d327e1cf03", "number": -5});
    assert_eq!(post_others(&sim, &picture(), &tie).await.0, 200);
    assert_eq!(post_others(&sim, &picture(), &tie).await.0, 500);
    let error = run(&server, &submission(coloured(1, 1))).await.unwrap_err();
    assert!(matches!(error, Error::WorkerDead { .. }), "{error:?}");
    assert_eq!((error.cause(), error.retryable()), (Cause::Server, true));
}

#[tokio::test]
async fn pitfall_06_an_unclear_submit_is_looked_up_and_not_repeated() {
    for fault in [Fault::AnswerLost, Fault::AnswerLate { ms: 3000 }, Fault::GarbageJson] {
        for version in [Version::V0_33, Version::V0_3] {
            let (sim, server) = stage_of(version, on_post(fault.clone())).await;
            let done = run(&server, &submission(picture())).await.unwrap();
            assert_eq!(done.artifacts.len(), 1);
            assert_eq!(sim.taken().len(), 1, "{fault:?} on {version:?}");
        }
    }
}

#[tokio::test]
async fn pitfall_06_a_submit_that_did_not_arrive_may_be_tried_again() {
    for fault in [Fault::RequestLost, Fault::Status { code: 502 }] {
        let (sim, server) = stage(on_post(fault)).await;
        let first = submission(picture());
        let error = run(&server, &first).await.unwrap_err();
        assert!(matches!(error, Error::NotTaken { .. }) && error.retryable(), "{error:?}");
        assert_eq!(sim.taken().len(), 0);
        run(&server, &Submission { ticket: next_attempt(first.ticket), ..first }).await.unwrap();
        assert_eq!(sim.taken().len(), 1);
    }
}

#[tokio::test]
async fn pitfall_06_what_cannot_be_found_out_is_not_retryable() {
    let rule = |route: &str| Rule { on: On::Request(route.to_owned()), skip: 0, times: 0, fault: Fault::Status { code: 503 } };
    let blind = rule("GET /queue");
    let (sim, server) = stage(on_post(Fault::AnswerLost).and(rule("GET /api/jobs")).and(blind)).await;
    let error = run(&server, &submission(picture())).await.unwrap_err();
    assert!(matches!(error, Error::Ambiguous { .. }), "{error:?}");
    assert_eq!((error.cause(), error.retryable()), (Cause::Unclear, false));
    assert_eq!(sim.taken().len(), 1);
}

#[tokio::test]
async fn pitfall_06_after_a_crash_of_ours_the_prompt_is_found_by_its_ticket() {
    for version in [Version::V0_33, Version::V0_3] {
        let (sim, server) = stage_of(version, Schedule::default()).await;
        let submission = submission(sampled(3, 20));
        server.submit(&submission, None).await.unwrap();
        // Another process, with what the first one stored.
        let again = client(&sim);
        let nothing = CancellationToken::new();
        for _ in 0..2 {
            let done = again.run(&submission, Begin::PerhapsSubmitted, None, &nothing, &mut |_| {}).await.unwrap();
            assert_eq!(done.artifacts.len(), 1);
        }
        assert_eq!(sim.taken().len(), 1);
    }
}

#[tokio::test]
async fn pitfall_07_after_a_restart_the_prompt_is_lost_and_a_new_attempt_draws_it() {
    for version in [Version::V0_33, Version::V0_3] {
        let schedule = Schedule::once(On::Node("SaveImage".to_owned()), Fault::Restart { down_ms: 150 });
        let (sim, server) = stage_of(version, schedule).await;
        let first = submission(picture());
        let error = run(&server, &first).await.unwrap_err();
        assert!(matches!(error, Error::Lost { .. }) && error.retryable(), "{error:?}");
        assert_eq!(server.standing(first.ticket.prompt).await.unwrap(), Standing::Unknown);
        let done = run(&server, &Submission { ticket: next_attempt(first.ticket), ..first }).await.unwrap();
        assert_eq!((done.artifacts.len(), sim.saved_files()), (1, 1));
    }
}

#[tokio::test]
async fn pitfall_11_a_graph_that_is_taken_in_part_is_refused_and_cancelled() {
    let (sim, server) = stage(Schedule::default()).await;
    let graph = sampled(1, 400)
        .with("11", Node::new("LoadImage").with("image", "nope.png"))
        .with("10", Node::new("SaveImage").with("images", Link::to("11", 0)).with("filename_prefix", "x"));
    let error = run(&server, &submission(graph)).await.unwrap_err();
    assert!(matches!(error, Error::PartlyRefused(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the server would run only a part of the graph; node 11: Custom validation failed for node: image - Invalid image file: nope.png"
    );
    assert!(!error.retryable());
    until(async || server.queue().await.unwrap().items().count() == 0).await;
    assert_eq!(sim.saved_files(), 0, "the good branch was stopped");
}

#[tokio::test]
async fn what_a_server_refuses_is_told_with_all_reasons_and_never_retried() {
    for version in [Version::V0_33, Version::V0_3] {
        let (sim, server) = stage_of(version, Schedule::default()).await;
        let unknown = Graph::new().with("9", Node::new("KSamplerNope"));
        let error = run(&server, &submission(unknown)).await.unwrap_err();
        assert!(matches!(error, Error::Refused(_)) && !error.retryable(), "{error:?}");
        let mut wrong = picture();
        wrong.insert("1", Node::new("EmptyImage").with("width", 0).with("height", 48).with("batch_size", 1));
        let error = run(&server, &submission(wrong)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the server does not take the graph: Prompt outputs failed validation; node 1: Value 0 smaller than min of 1: width; node 1: Required input is missing: color"
        );
        assert_eq!(sim.taken().len(), 0);
    }
}

#[tokio::test]
async fn pitfall_13_cancelling_hits_our_own_prompt_whether_it_runs_or_waits() {
    for version in [Version::V0_33, Version::V0_3] {
        let (_sim, server) = stage_of(version, Schedule::default()).await;
        let (runs, waits) = (submission(sampled(1, 2000)), submission(sampled(2, 2000)));
        server.submit(&runs, None).await.unwrap();
        server.submit(&waits, None).await.unwrap();
        running(&server, runs.ticket.prompt).await;
        assert_eq!(server.cancel(waits.ticket.prompt).await.unwrap(), Cancelling::Gone);
        running(&server, runs.ticket.prompt).await;
        let Cancelling::Ended(entry) = server.cancel(runs.ticket.prompt).await.unwrap() else { panic!("it ran and left no trace") };
        assert_eq!(entry.conclusion(), comfyui::wire::Conclusion::Interrupted);
        // A cancel that comes too late, or for what never was, does no harm.
        assert!(matches!(server.cancel(runs.ticket.prompt).await.unwrap(), Cancelling::Ended(_)));
        assert_eq!(server.cancel(ticket().prompt).await.unwrap(), Cancelling::Gone);
        run(&server, &submission(picture())).await.unwrap();
    }
}

#[tokio::test]
async fn pitfall_13_somebody_elses_prompt_is_never_interrupted() {
    for version in [Version::V0_33, Version::V0_3] {
        let (sim, server) = stage_of(version, Schedule::default()).await;
        let (_, others) = post_others(&sim, &sampled(1, 40), &json!({})).await;
        let ours = submission(sampled(2, 2000));
        server.submit(&ours, None).await.unwrap();
        server.cancel(ours.ticket.prompt).await.unwrap();
        let others = others["prompt_id"].as_str().unwrap().parse().unwrap();
        let entry = server.watch(others, None, &mut |_| {}).await.unwrap();
        assert!(matches!(entry.conclusion(), comfyui::wire::Conclusion::Success { .. }));
    }
}

#[tokio::test]
async fn pitfall_13_a_picture_that_is_done_in_spite_of_cancelling_is_taken() {
    let schedule = Schedule::once(On::Node("SaveImage".to_owned()), Fault::Slow { ms: 400, progress: false });
    let (_sim, server) = stage(schedule).await;
    let (submission, cancel) = (submission(picture()), CancellationToken::new());
    let canceller = async {
        running(&server, submission.ticket.prompt).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        cancel.cancel();
    };
    let mut update = |_| {};
    let (done, ()) = tokio::join!(server.run(&submission, Begin::Fresh, None, &cancel, &mut update), canceller);
    assert_eq!(done.unwrap().artifacts.len(), 1);
}

#[tokio::test]
async fn pitfall_13_a_cancelled_run_ends_as_cancelled() {
    let (sim, server) = stage(Schedule::default()).await;
    let (submission, cancel) = (submission(sampled(1, 2000)), CancellationToken::new());
    let canceller = async {
        running(&server, submission.ticket.prompt).await;
        cancel.cancel();
    };
    let mut update = |_| {};
    let (done, ()) = tokio::join!(server.run(&submission, Begin::Fresh, None, &cancel, &mut update), canceller);
    let error = done.unwrap_err();
    assert!(matches!(error, Error::Cancelled) && !error.retryable(), "{error:?}");
    assert_eq!(sim.saved_files(), 0);
}

#[tokio::test]
async fn a_request_larger_than_the_server_takes_is_told_so() {
    let sim = comfy_sim::Sim::start(comfy_sim::Options { largest_request: 4096, ..Default::default() }).await.unwrap();
    let server = client(&sim);
    let large = picture().with("2", Node::new("Note").with("text", "x".repeat(10_000)));
    let error = server.submit(&Submission::new(ticket(), large, vec![Expected::pictures("9", 1)]), None).await.unwrap_err();
    assert!(matches!(&error, Error::RequestTooLarge { .. }) && !error.retryable(), "{error:?}");
}
