//! A server that others use too.

use comfy_sim::{Fault, On, Schedule, Version};
use comfyui::{Mark, Standing, Submission, Upload};
use serde_json::{Map, json};

use crate::stage::*;

#[tokio::test]
async fn pitfall_14_only_our_own_entry_is_taken_out_of_the_history() {
    let (sim, server) = stage(Schedule::default()).await;
    let (_, others) = post_others(&sim, &picture(), &json!({})).await;
    let others = others["prompt_id"].as_str().unwrap().parse().unwrap();
    let done = run(&server, &submission(coloured(1, 1))).await.unwrap();
    server.forget(done.prompt).await.unwrap();
    assert_eq!(server.standing(done.prompt).await.unwrap(), Standing::Unknown);
    assert!(matches!(server.standing(others).await.unwrap(), Standing::Ended(_)));
}

#[tokio::test]
async fn pitfall_15_a_bad_entry_of_somebody_else_does_not_stop_us() {
    let (sim, server) = stage(Schedule::default()).await;
    let bad = json!({"extra_data": {"extra_pnginfo": {"workflow": null}}});
    assert_eq!(post_others(&sim, &picture(), &bad).await.0, 200);
    let list = reqwest::get(format!("{}/api/jobs", sim.url())).await.unwrap();
    assert_eq!(list.status(), 500, "the list is broken for everybody");
    run(&server, &submission(coloured(1, 1))).await.unwrap();
}

#[tokio::test]
async fn pitfall_15_jobs_that_cannot_be_asked_for_are_looked_up_in_the_lists() {
    let broken = Schedule::always(On::Request("GET /api/jobs".to_owned()), Fault::Status { code: 500 });
    let (_sim, server) = stage(broken).await;
    assert_eq!(run(&server, &submission(picture())).await.unwrap().artifacts.len(), 1);
}

#[tokio::test]
async fn pitfall_15_a_workflow_is_sent_whole_or_not_at_all() {
    let (sim, server) = stage(Schedule::default()).await;
    let mut workflow = Map::new();
    workflow.insert("id".to_owned(), json!("wf-1"));
    for workflow in [None, Some(workflow)] {
        run(&server, &Submission { workflow, ..submission(picture()) }).await.unwrap();
    }
    let sent: Vec<_> = sim.taken().into_iter().map(|(_, extra)| extra.get("extra_pnginfo").cloned()).collect();
    assert_eq!(sent, [None, Some(json!({"workflow": {"id": "wf-1"}}))]);
}

#[tokio::test]
async fn pitfall_16_our_prompts_are_found_among_others_by_our_mark() {
    for version in [Version::V0_33, Version::V0_3] {
        let (sim, server) = stage_of(version, Schedule::default()).await;
        let (ended, waits) = {
            let first = submission(picture());
            let second = Submission { ticket: next_attempt(first.ticket), graph: coloured(2, 1), ..first.clone() };
            (first, second)
        };
        run(&server, &ended).await.unwrap();
        post_others(&sim, &sampled(1, 60), &json!({"extra_data": {"echo_studio": "somebody else's idea of it"}})).await;
        server.submit(&waits, None).await.unwrap();
        let found = server.find_job(ended.ticket.job).await.unwrap();
        let marks: Vec<_> = found.iter().map(|found| (found.prompt, found.mark, found.ended)).collect();
        let mark = |attempt| Mark { job: ended.ticket.job, attempt };
        assert_eq!(marks, [(ended.ticket.prompt, mark(1), true), (waits.ticket.prompt, mark(2), false)]);
        assert_eq!(server.find_job(ticket().job).await.unwrap(), []);
    }
}

#[tokio::test]
async fn an_upload_of_other_bytes_under_the_same_name_is_used_by_the_name_that_comes_back() {
    let (_sim, server) = stage(Schedule::default()).await;
    let upload = |shade: u8| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::RgbImage::from_pixel(64, 48, image::Rgb([shade; 3])).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        Upload { name: "key.png".to_owned(), subfolder: "ep01/s01".to_owned(), bytes: bytes.into_inner().into() }
    };
    let inputs = [server.upload(upload(1)).await.unwrap().input(), server.upload(upload(200)).await.unwrap().input()];
    assert_eq!(inputs, ["ep01/s01/key.png", "ep01/s01/key (1).png"]);
    let mut graph = picture();
    graph.insert("1", comfyui::Node::new("LoadImage").with("image", inputs[1].as_str()));
    let done = run(&server, &submission(graph)).await.unwrap();
    let pixels = image::load_from_memory(&done.artifacts[0].bytes).unwrap().to_rgb8();
    assert_eq!(pixels.get_pixel(0, 0).0, [200; 3]);
}

#[tokio::test]
async fn what_a_server_is_and_has_can_be_asked() {
    let (_sim, server) = stage(Schedule::default()).await;
    assert_eq!(server.system_stats().await.unwrap().system.comfyui_version, "0.33.0");
    assert_eq!(server.models("checkpoints").await.unwrap().unwrap(), ["standin.safetensors"]);
    assert_eq!(server.models("nothing").await.unwrap(), None);
    let info = server.object_info().await.unwrap();
    assert!(info.unreadable.is_empty(), "{:?}", info.unreadable);
    assert_eq!(comfyui::check(&picture(), &info), []);
    assert!(server.node_class("KSampler").await.unwrap().is_some());
    assert!(server.node_class("IPAdapter").await.unwrap().is_none());
    server.free(true).await.unwrap();
}
