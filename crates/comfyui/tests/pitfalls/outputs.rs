//! What a prompt leaves counts when it is there, whole, ours and as expected.

use comfy_sim::{Fault, Memory, On, Schedule, Version};
use comfyui::wire::FailureKind;
use comfyui::{ArtifactError, Cause, Error, Expected, Graph, Link, Node, Prefix, Socket, Submission, Update};

use crate::stage::*;

fn on_save(fault: Fault) -> Schedule {
    Schedule::once(On::Node("SaveImage".to_owned()), fault)
}

fn artifact_error(error: Error) -> ArtifactError {
    match error {
        Error::Artifact { what, .. } => what,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn pitfall_08_the_same_graph_again_gives_files_of_its_own() {
    let (sim, server) = stage(Schedule::default()).await;
    let socket = Socket::connect(&server).await.unwrap();
    let first = submission(sampled(7, 3));
    let again = Submission { ticket: next_attempt(first.ticket), ..first.clone() };
    let (first, _) = run_heard(&server, &first, &socket).await;
    let (again, updates) = run_heard(&server, &again, &socket).await;
    let (first, again) = (first.unwrap(), again.unwrap());
    assert_ne!(first.artifacts[0].file, again.artifacts[0].file);
    assert_eq!(sim.saved_files(), 2);
    assert!(updates.contains(&Update::Cached(vec!["1".into()])), "only what saves ran again: {updates:?}");
}

#[tokio::test]
async fn pitfall_08_files_of_another_attempt_do_not_count() {
    let (_sim, server) = stage(Schedule::default()).await;
    let submission = submission(picture());
    let done = run(&server, &submission).await.unwrap();
    let error = server.collect(&done.entry, &Prefix::new("another/attempt").unwrap(), &one_picture()).await.unwrap_err();
    assert!(matches!(artifact_error(error), ArtifactError::NotOurs(_)));
}

#[tokio::test]
async fn pitfall_08_files_that_are_named_and_not_there_do_not_count() {
    let (_sim, server) = stage(Schedule::once(On::End, Fault::FilesGone)).await;
    let error = run(&server, &submission(picture())).await.unwrap_err();
    assert!(error.retryable());
    assert!(matches!(artifact_error(error), ArtifactError::Missing(_)));
}

#[tokio::test]
async fn pitfall_09_what_was_cached_is_told_so_that_jobs_can_be_grouped() {
    let (_sim, server) = stage(Schedule::default()).await;
    let socket = Socket::connect(&server).await.unwrap();
    let model = |seed: u64| {
        Graph::new()
            .with("4", Node::new("CheckpointLoaderSimple").with("ckpt_name", "standin.safetensors"))
            .with("5", Node::new("EmptyLatentImage").with("width", 64).with("height", 48).with("batch_size", 1))
            .with("6", Node::new("CLIPTextEncode").with("text", "a girl").with("clip", Link::to("4", 1)))
            .with(
                "3",
                Node::new("KSampler")
                    .with("model", Link::to("4", 0))
                    .with("seed", seed)
                    .with("steps", 2)
                    .with("cfg", 7.0)
                    .with("sampler_name", "euler")
                    .with("scheduler", "normal")
                    .with("denoise", 1.0)
                    .with("positive", Link::to("6", 0))
                    .with("negative", Link::to("6", 0))
                    .with("latent_image", Link::to("5", 0)),
            )
            .with("8", Node::new("VAEDecode").with("samples", Link::to("3", 0)).with("vae", Link::to("4", 2)))
            .with("9", Node::new("SaveImage").with("images", Link::to("8", 0)).with("filename_prefix", "x"))
    };
    let mut cached = Vec::new();
    for graph in [model(1), model(u64::MAX), picture(), model(3)] {
        let (done, updates) = run_heard(&server, &submission(graph), &socket).await;
        done.unwrap();
        let nodes = updates.into_iter().find_map(|update| if let Update::Cached(nodes) = update { Some(nodes.len()) } else { None });
        cached.push(nodes.unwrap_or(0));
    }
    // Model, latent and text stay from one to the next; one other graph in between, and they are gone.
    assert_eq!(cached, [0, 3, 0, 0]);
}

#[tokio::test]
async fn pitfall_10_no_two_attempts_write_under_one_name() {
    let (sim, server) = stage(Schedule::default()).await;
    let submissions: Vec<_> = (0..6).map(|_| Submission::new(ticket(), coloured(5, 4), vec![Expected::pictures("9", 4)])).collect();
    let runs = futures::future::join_all(submissions.iter().map(|submission| run(&server, submission))).await;
    let files: std::collections::HashSet<_> =
        runs.into_iter().flat_map(|done| done.unwrap().artifacts).map(|artifact| artifact.file).collect();
    assert_eq!((files.len(), sim.saved_files()), (24, 24));
}

#[tokio::test]
async fn pitfall_10_a_file_that_is_not_whole_does_not_count() {
    let (_sim, server) = stage(on_save(Fault::CutFile)).await;
    let error = run(&server, &submission(picture())).await.unwrap_err();
    assert_eq!((error.cause(), error.retryable()), (Cause::Server, true));
    assert!(matches!(artifact_error(error), ArtifactError::Unreadable { .. }));
}

#[tokio::test]
async fn a_full_disk_is_the_servers_trouble() {
    let (_sim, server) = stage(on_save(Fault::DiskFull)).await;
    let error = run(&server, &submission(picture())).await.unwrap_err();
    assert!(matches!(&error, Error::Failed(failure) if failure.kind == FailureKind::DiskFull), "{error:?}");
    assert_eq!(error.cause(), Cause::Server);
}

#[tokio::test]
async fn pitfall_11_success_without_an_output_is_none() {
    let (_sim, server) = stage(on_save(Fault::NoOutput)).await;
    let error = run(&server, &submission(picture())).await.unwrap_err();
    assert!(matches!(&error, Error::Incomplete { missing, blocked: None } if *missing == ["9".into()]), "{error:?}");
    assert!(error.retryable());
}

#[tokio::test]
async fn pitfall_11_what_held_an_output_back_is_told() {
    let fault = Fault::Block { message: "no face was found".to_owned() };
    let (_sim, server) = stage(Schedule::once(On::Node("EmptyImage".to_owned()), fault)).await;
    let socket = Socket::connect(&server).await.unwrap();
    let (done, _) = run_heard(&server, &submission(picture()), &socket).await;
    let error = done.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server says that it is done, but nodes 9 left nothing: node 9 (SaveImage): Execution Blocked: no face was found"
    );
    assert_eq!((error.cause(), error.retryable()), (Cause::Execution, false));
}

#[tokio::test]
async fn pitfall_11_fewer_or_other_pictures_than_expected_do_not_count() {
    let (_sim, server) = stage(Schedule::default()).await;
    let too_few = Submission::new(ticket(), coloured(1, 2), vec![Expected::pictures("9", 3)]);
    assert_eq!(artifact_error(run(&server, &too_few).await.unwrap_err()), ArtifactError::Count { expected: 3, found: 2 });
    let other_size = Submission::new(ticket(), coloured(2, 1), vec![Expected::pictures("9", 1).of_size(640, 480)]);
    assert!(matches!(artifact_error(run(&server, &other_size).await.unwrap_err()), ArtifactError::Size { .. }));
    let no_film = Submission::new(ticket(), coloured(3, 1), vec![Expected::film("9")]);
    assert!(matches!(artifact_error(run(&server, &no_film).await.unwrap_err()), ArtifactError::Unreadable { .. }));
}

#[tokio::test]
async fn pitfall_12_out_of_memory_is_told_apart_and_the_next_prompt_runs() {
    for version in [Version::V0_33, Version::V0_3] {
        for (memory, kind) in [(Memory::Gpu, FailureKind::GpuMemory), (Memory::Host, FailureKind::HostMemory)] {
            let (_sim, server) = stage_of(version, Schedule::once(On::Node("EmptyImage".to_owned()), Fault::OutOfMemory { memory })).await;
            let error = run(&server, &submission(picture())).await.unwrap_err();
            assert!(matches!(&error, Error::Failed(failure) if failure.kind == kind), "{error:?}");
            assert_eq!((error.cause(), error.retryable()), (Cause::Memory, true));
            run(&server, &submission(picture())).await.unwrap();
        }
    }
}

#[tokio::test]
async fn pitfall_12_a_node_that_fails_of_itself_is_not_tried_again() {
    let fault = Fault::Raise { exception: "ValueError".to_owned(), message: "injected".to_owned() };
    let (_sim, server) = stage(Schedule::once(On::Node("EmptyImage".to_owned()), fault)).await;
    let error = run(&server, &submission(picture())).await.unwrap_err();
    assert_eq!(error.to_string(), "the drawing failed: node 1 (EmptyImage): injected");
    assert_eq!((error.cause(), error.retryable()), (Cause::Execution, false));
}

#[tokio::test]
async fn pitfall_18_temporary_outputs_are_gone_after_a_restart() {
    let (sim, server) = stage(Schedule::default()).await;
    let graph = Graph::new()
        .with("1", picture().get(&"1".into()).unwrap().clone())
        .with("9", Node::new("PreviewImage").with("images", Link::to("1", 0)));
    let submission = submission(graph);
    let done = run(&server, &submission).await.unwrap();
    assert_eq!(done.artifacts.len(), 1);
    sim.restart(std::time::Duration::from_millis(50));
    until(async || server.queue().await.is_ok()).await;
    let error = server.collect(&done.entry, &submission.ticket.prefix(), &one_picture()).await.unwrap_err();
    assert!(matches!(artifact_error(error), ArtifactError::Missing(_)));
}
