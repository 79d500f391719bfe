//! The whole rule: whatever goes wrong, each job's picture is drawn, taken once, and none is made up.

use comfy_sim::{Fault, Memory, On, Rule, Schedule, Version};
use comfyui::{Begin, Cause, Error, Socket, Standing, Submission, Update};
use tokio_util::sync::CancellationToken;

use crate::stage::*;

#[tokio::test]
async fn pitfall_20_a_prompt_is_done_when_it_is_there_verified_and_forgotten() {
    for version in [Version::V0_33, Version::V0_3] {
        let (sim, server) = stage_of(version, Schedule::default()).await;
        let socket = Socket::connect(&server).await.unwrap();
        let submission = submission(sampled(u64::MAX, 3));
        let (done, updates) = run_heard(&server, &submission, &socket).await;
        let done = done.unwrap();
        let [artifact] = done.artifacts.as_slice() else { panic!("{:?}", done.artifacts) };
        assert_eq!((artifact.media_type, artifact.size, artifact.node.as_str()), ("image/png", Some((64, 48)), "9"));
        assert!(updates.contains(&Update::Started) && updates.contains(&Update::Node("9".into())), "{updates:?}");
        let (id, extra) = sim.taken().remove(0);
        assert_eq!(id, submission.ticket.prompt.to_string());
        assert_eq!(extra["echo_studio"], serde_json::json!({"job": submission.ticket.job, "attempt": 1}));
        server.forget(done.prompt).await.unwrap();
        assert_eq!(server.standing(done.prompt).await.unwrap(), Standing::Unknown);
    }
}

/// One of everything that can go wrong.
fn everything() -> Vec<(On, Fault)> {
    let post = || On::Request("POST /prompt".to_owned());
    let get = |route: &str| On::Request(format!("GET {route}"));
    let save = || On::Node("SaveImage".to_owned());
    vec![
        (post(), Fault::RequestLost),
        (post(), Fault::AnswerLost),
        (post(), Fault::GarbageJson),
        (post(), Fault::Status { code: 503 }),
        (get("/api/jobs"), Fault::AnswerLost),
        (get("/api/jobs"), Fault::GarbageJson),
        (get("/history"), Fault::RequestLost),
        (get("/history"), Fault::GarbageJson),
        (get("/queue"), Fault::Status { code: 502 }),
        (get("/view"), Fault::AnswerLost),
        (On::Start, Fault::Restart { down_ms: 100 }),
        (save(), Fault::Restart { down_ms: 100 }),
        (On::End, Fault::Restart { down_ms: 100 }),
        (On::Start, Fault::DropSockets),
        (On::End, Fault::DropSockets),
        (On::Socket, Fault::Mute),
        (save(), Fault::OutOfMemory { memory: Memory::Gpu }),
        (save(), Fault::NoOutput),
        (save(), Fault::DiskFull),
        (save(), Fault::CutFile),
        (save(), Fault::Slow { ms: 300, progress: false }),
        (On::End, Fault::HistoryLate { ms: 100 }),
        (On::End, Fault::HistoryGone),
        (On::End, Fault::FilesGone),
    ]
}

/// Draws a job as the farm does: a new attempt when the cause calls for one, the same again when it is unclear.
async fn draw(server: &comfyui::Server, first: Submission) -> (comfyui::Done, u32) {
    let (mut submission, mut begin) = (first, Begin::Fresh);
    for attempts in 1..8 {
        // A socket that does not open is done without.
        let socket = Socket::connect(server).await.ok();
        let error: Error = match server.run(&submission, begin, socket.as_ref(), &CancellationToken::new(), &mut |_| {}).await {
            Ok(done) => return (done, attempts),
            Err(error) => error,
        };
        match error.cause() {
            // What was drawn may still be there: the same ticket is looked for.
            Cause::Unclear => begin = Begin::PerhapsSubmitted,
            Cause::Transient | Cause::Server | Cause::Memory => {
                // A server that is away comes back.
                tokio::time::sleep(std::time::Duration::from_millis(60) * attempts).await;
                submission.ticket = next_attempt(submission.ticket);
                begin = Begin::Fresh;
            }
            Cause::Request | Cause::Execution | Cause::Cancelled => panic!("not for a retry: {error:?}"),
        }
    }
    panic!("not drawn in seven attempts");
}

#[tokio::test]
async fn pitfall_20_whatever_goes_wrong_once_the_picture_is_drawn_and_is_the_right_one() {
    for version in [Version::V0_33, Version::V0_3] {
        for (on, fault) in everything() {
            let named = format!("{fault:?} on {on:?}, {version:?}");
            let (_sim, server) = stage_of(version, Schedule::once(on, fault)).await;
            let (done, attempts) = draw(&server, submission(coloured(0x12_34_56, 1))).await;
            let pixels = image::load_from_memory(&done.artifacts[0].bytes).unwrap().to_rgb8();
            assert_eq!(pixels.get_pixel(63, 47).0, [0x12, 0x34, 0x56], "{named}");
            assert!(attempts <= 2, "{named}: {attempts} attempts");
        }
    }
}

#[tokio::test]
async fn pitfall_20_jobs_side_by_side_on_a_failing_server_are_each_drawn_once() {
    let rules = everything().into_iter().enumerate().map(|(index, (on, fault))| Rule { on, skip: index as u32 % 7, times: 1, fault });
    let (_sim, server) = stage(Schedule { rules: rules.collect() }).await;
    let jobs: Vec<_> = (0..12_u32).map(|color| submission(coloured(color, 1))).collect();
    let drawn = futures::future::join_all(jobs.into_iter().map(|job| draw(&server, job))).await;
    let shades: Vec<_> =
        drawn.iter().map(|(done, _)| image::load_from_memory(&done.artifacts[0].bytes).unwrap().to_rgb8().get_pixel(0, 0).0[2]).collect();
    assert_eq!(shades, (0..12).collect::<Vec<u8>>());
    let files: std::collections::HashSet<_> = drawn.iter().map(|(done, _)| &done.artifacts[0].file).collect();
    assert_eq!(files.len(), 12);
}
