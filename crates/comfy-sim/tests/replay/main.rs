//! The recordings of real servers, replayed: the server here has to say the same.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod same;
mod talk;

use std::time::Duration;

use comfy_sim::{Fault, Memory, On, Options, Rule, Schedule, Sim};
use serde_json::{Value, json};

use crate::same::{messages, same, without_steps};
use crate::talk::{Talk, get, post, post_text, recording};

/// A server with the model files that the recorded ones had.
async fn server(schedule: Schedule) -> Sim {
    let checkpoints = vec!["tiny_sd15_random.safetensors".to_owned(), "tiny_sd15_random_b.safetensors".to_owned()];
    let step = Duration::from_millis(20);
    Sim::start(Options { checkpoints, schedule, step, ..Options::default() }).await.unwrap()
}

/// The graph of a recorded history answer.
fn graph(history: &Value) -> Value {
    history[1].as_object().unwrap().values().next().unwrap()["prompt"][2].clone()
}

/// Runs a graph with a socket of its own; gives the messages, the history and the job.
async fn run(sim: &Sim, graph: &Value, features: bool, extra: Value) -> (Vec<Value>, Value, Value) {
    let mut talk = Talk::connect(sim, "ad6d466e6a7d4831977f9a6fdcfe2111").await;
    if features {
        talk.say_features().await;
    }
    let mut heard = vec![talk.next(Duration::from_secs(5)).await.unwrap()];
    if features {
        heard.push(talk.next(Duration::from_secs(5)).await.unwrap());
    }
    let mut body = json!({"prompt": graph, "client_id": "ad6d466e6a7d4831977f9a6fdcfe2111"});
    if !extra.is_null() {
        body["extra_data"] = extra;
    }
    let answer = post(sim, "/prompt", &body).await;
    assert_eq!(answer[0], 200, "{answer}");
    let id = answer[1]["prompt_id"].as_str().unwrap();
    heard.extend(talk.until_end().await);
    let history = get(sim, &format!("/history/{id}")).await;
    let job = get(sim, &format!("/api/jobs/{id}")).await;
    (heard.iter().map(same).collect(), same(&history), same(&job))
}

#[tokio::test]
async fn a_graph_without_models_is_told_as_recorded() {
    let (recorded, sim) = (recording("01_model_free_scale"), server(Schedule::default()).await);
    let (heard, history, job) = run(&sim, &graph(&recorded["history"]), false, Value::Null).await;
    assert_eq!(heard, messages(&recorded["ws"]));
    assert_eq!(history, same(&recorded["history"]));
    assert_eq!(job, same(&recorded["job"]));
}

#[tokio::test]
async fn a_second_run_of_the_same_graph_gives_the_first_ones_files() {
    let (recorded, sim) = (recording("02_cached_rerun"), server(Schedule::default()).await);
    let graph = graph(&recorded["history"]);
    run(&sim, &graph, false, Value::Null).await;
    let (heard, history, _) = run(&sim, &graph, false, Value::Null).await;
    // The recorded socket was open before.
    assert_eq!(heard[1..], messages(&recorded["ws"]));
    let outputs = |history: &Value| history[1]["ID"]["outputs"].clone();
    assert_eq!(outputs(&history), outputs(&same(&recorded["history"])));
    assert_eq!(sim.saved_files(), 1);
}

#[tokio::test]
async fn previews_say_whose_they_are_when_the_client_asks_for_it() {
    let (recorded, sim) = (recording("10_txt2img_preview_metadata"), server(Schedule::default()).await);
    let previews = json!({"preview_method": "latent2rgb"});
    let (heard, ..) = run(&sim, &graph(&recorded["history"]), true, previews).await;
    assert_eq!(heard, messages(&recorded["ws"]));
}

#[tokio::test]
async fn older_previews_come_without_a_name() {
    let (recorded, sim) = (recording("11_txt2img_preview_legacy"), server(Schedule::default()).await);
    let previews = json!({"preview_method": "latent2rgb"});
    let graph = graph(&recorded["history"]);
    run(&sim, &graph, false, previews.clone()).await;
    let (heard, ..) = {
        // The recorded run was the second of the same model: only what differs runs.
        let mut graph = graph.clone();
        graph["3"]["inputs"]["seed"] = json!(987_654_321);
        run(&sim, &graph, false, previews).await
    };
    let kinds = |messages: &[Value]| -> Vec<Value> {
        messages.iter().filter(|message| message.get("binary_event").is_some() || message["type"] == "progress").cloned().collect()
    };
    assert_eq!(kinds(&heard), kinds(&messages(&recorded["ws"])));
}

#[tokio::test]
async fn what_is_wrong_with_a_graph_is_told_as_recorded() {
    // The exact words depend on the configuration, and tracebacks on the code.
    fn plain(value: &Value) -> Value {
        let mut value = same(value);
        if let Some(nodes) = value.get_mut("node_errors").and_then(Value::as_object_mut) {
            for error in nodes.values_mut().flat_map(|node| node["errors"].as_array_mut().unwrap()) {
                let extra = error["extra_info"].as_object_mut().unwrap();
                extra.remove("traceback");
                extra.remove("input_config");
            }
        }
        value.as_object_mut().map(|fields| fields.remove("number"));
        value
    }
    let sim = server(Schedule::default()).await;
    let mut different = Vec::new();
    for (case, recorded) in recording("20_validation_errors").as_object().unwrap() {
        let Some(request) = recorded.get("request") else { continue };
        let body = match request {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        let answer = post_text(&sim, "/prompt", body).await;
        let (status, body) = (&answer[0], plain(&answer[1]));
        if status != &recorded["status"] || body != plain(&recorded["response"]) {
            different.push(format!("{case}: {status} {body:#}\n recorded: {} {:#}", recorded["status"], plain(&recorded["response"])));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

/// A graph that runs for as long as steps are asked for.
fn sampling(seed: u64, steps: u32, prefix: &str) -> Value {
    json!({
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny_sd15_random.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 128, "height": 128, "batch_size": 1}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "1girl, anime", "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "lowres", "clip": ["4", 1]}},
        "3": {"class_type": "KSampler", "inputs": {"seed": seed, "steps": steps, "cfg": 7.0, "sampler_name": "euler",
            "scheduler": "normal", "denoise": 1.0, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0],
            "latent_image": ["5", 0]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": prefix}}
    })
}

/// A graph that is done at once.
fn plain(prefix: &str, color: u32) -> Value {
    json!({
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 48, "batch_size": 1, "color": color}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": prefix}}
    })
}

async fn submit(sim: &Sim, body: Value) -> String {
    let answer = post(sim, "/prompt", &body).await;
    assert_eq!(answer[0], 200, "{answer}");
    answer[1]["prompt_id"].as_str().unwrap().to_owned()
}

/// Waits until a prompt runs.
async fn running(sim: &Sim, id: &str) {
    for _ in 0..500 {
        if get(sim, &format!("/api/jobs/{id}")).await[1]["status"] == "in_progress" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{id} does not run");
}

#[tokio::test]
async fn interrupting_and_cancelling_is_told_as_recorded() {
    let (recorded, sim) = (recording("30_queue_cancel_priority"), server(Schedule::default()).await);
    let mut talk = Talk::connect(&sim, "c").await;
    let id = submit(&sim, json!({"prompt": sampling(1, 500, "long"), "client_id": "c"})).await;
    running(&sim, &id).await;
    assert_eq!(post(&sim, "/queue", &json!({"delete": [id]})).await, recorded["queue_delete_running"]);
    assert_eq!(get(&sim, &format!("/history/{id}")).await, recorded["history_while_running"]);
    let job = |id: &str| format!("/api/jobs/{id}");
    assert_eq!(same(&get(&sim, &job(&id)).await)[1]["status"], recorded["job_running"][1]["status"]);
    let waiting = submit(&sim, json!({"prompt": plain("w", 1)})).await;
    assert_eq!(post(&sim, &format!("/api/jobs/{waiting}/cancel"), &json!({})).await, recorded["jobs_cancel_running"]);
    assert_eq!(get(&sim, &format!("/history/{waiting}")).await, recorded["deleted_queued_history"]);
    assert_eq!(get(&sim, &job(&waiting)).await, recorded["deleted_queued_job"]);
    post(&sim, "/interrupt", &json!({"prompt_id": id})).await;
    let heard: Vec<_> = talk.until_end().await.iter().map(same).collect();
    assert_eq!(without_steps(&heard), without_steps(&messages(&recorded["interrupt_running_ws"])));
    assert_eq!(get(&sim, &job(&id)).await[1]["status"], recorded["interrupt_job"][1]["status"]);
    let status = |history: &Value| history[1].as_object().unwrap().values().next().unwrap()["status"]["status_str"].clone();
    assert_eq!(status(&get(&sim, &format!("/history/{id}")).await), status(&recorded["interrupt_history"]));
    for unknown in [id.as_str(), "00000000-0000-4000-8000-000000000000"] {
        assert_eq!(post(&sim, &format!("/api/jobs/{unknown}/cancel"), &json!({})).await, recorded["jobs_cancel_unknown"]);
    }
    assert_eq!(post(&sim, "/api/jobs/cancel", &json!({"job_ids": ["abc"]})).await, recorded["jobs_cancel_batch_bad"]);
}

#[tokio::test]
async fn prompts_run_in_the_order_that_was_recorded() {
    let sim = server(Schedule::default()).await;
    let first = submit(&sim, json!({"prompt": sampling(1, 20, "long")})).await;
    running(&sim, &first).await;
    let mut ids = vec![first];
    for more in [json!({}), json!({}), json!({"front": true}), json!({"front": true}), json!({"number": -1000.5}), json!({"number": 0})] {
        let mut body = json!({"prompt": plain("short", ids.len() as u32)});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ids.push(submit(&sim, body).await);
    }
    while get(&sim, "/prompt").await[1]["exec_info"]["queue_remaining"] != 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let order: Vec<_> = sim.ended().iter().map(|ended| ids.iter().position(|id| id == ended).unwrap()).collect();
    // The recording: long, −1000.5, front2, front, 0, a, b.
    assert_eq!(order, [0, 5, 4, 3, 6, 1, 2]);
}

#[tokio::test]
async fn a_text_where_a_model_belongs_fails_while_it_runs_as_recorded() {
    let (recorded, sim) = (recording("30_queue_cancel_priority"), server(Schedule::default()).await);
    let mut graph = sampling(1, 2, "x");
    graph["3"]["inputs"]["model"] = json!("not a model");
    let (heard, history, job) = run(&sim, &graph, false, Value::Null).await;
    assert_eq!(without_steps(&heard), without_steps(&messages(&recorded["execution_error_ws"])));
    assert_eq!(job[1]["status"], recorded["execution_error_job"][1]["status"]);
    assert_eq!(history[1]["ID"]["status"]["completed"], false);
}

#[tokio::test]
async fn an_old_sockets_end_silences_the_new_one_of_the_same_id() {
    let sim = server(Schedule::default()).await;
    let old = Talk::connect(&sim, "twice").await;
    let mut new = Talk::connect(&sim, "twice").await;
    new.next(Duration::from_secs(5)).await.unwrap();
    old.close().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    submit(&sim, json!({"prompt": plain("x", 1), "client_id": "twice"})).await;
    let heard = new.until_quiet().await;
    assert_eq!(json!(heard), recording("40_ws_reconnect_race")["dup_after_old_closed_B"]);
}

#[tokio::test]
async fn after_a_reconnect_the_node_is_told_without_its_prompt() {
    let recorded = recording("40_ws_reconnect_race");
    let sim = server(Schedule::default()).await;
    let talk = Talk::connect(&sim, "again").await;
    let id = submit(&sim, json!({"prompt": sampling(1, 60, "x"), "client_id": "again"})).await;
    running(&sim, &id).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    talk.close().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut talk = Talk::connect(&sim, "again").await;
    let heard = [talk.next(Duration::from_secs(5)).await.unwrap(), talk.next(Duration::from_secs(5)).await.unwrap()];
    assert_eq!(same(&heard[1]), same(&recorded["reconnect_same_id"][1][1]));
}

#[tokio::test]
async fn without_a_client_steps_go_to_everybody_and_the_end_to_nobody() {
    let sim = server(Schedule::default()).await;
    let mut other = Talk::connect(&sim, "other").await;
    let previews = json!({"preview_method": "latent2rgb"});
    submit(&sim, json!({"prompt": sampling(1, 3, "x"), "extra_data": previews})).await;
    let heard = other.until_quiet().await;
    let kinds: std::collections::BTreeSet<_> = heard.iter().map(|heard| heard["type"].as_str().unwrap_or("preview")).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["preview", "progress", "progress_state", "status"]);
}

#[tokio::test]
async fn the_same_id_and_number_twice_kills_the_worker_as_recorded() {
    let (recorded, sim) = (recording("50_heap_tie"), server(Schedule::default()).await);
    let long = submit(&sim, json!({"prompt": sampling(1, 30, "long")})).await;
    running(&sim, &long).await;
    let body = json!({"prompt": plain("x", 1), "prompt_id": "b9a0aecd-53a0-4b38-92b7-e1d327e1cf03", "number": 500});
    let answers = json!([post(&sim, "/prompt", &body).await, post(&sim, "/prompt", &body).await]);
    assert_eq!(answers, recorded["tie_same_number_same_id"]);
    while sim.ended().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let queue = get(&sim, "/queue").await;
    let pending: Vec<_> = queue[1]["queue_pending"].as_array().unwrap().iter().map(|item| json!([item[0], item[1]])).collect();
    assert_eq!((json!(pending), &queue[1]["queue_running"]), (recorded["queue_after"].clone(), &json!([])));
}

#[tokio::test]
async fn a_restart_loses_everything_as_recorded() {
    let (recorded, sim) = (recording("60_server_kill"), server(Schedule::default()).await);
    let mut talk = Talk::connect(&sim, "c").await;
    let id = submit(&sim, json!({"prompt": sampling(1, 60, "x"), "client_id": "c"})).await;
    let pending = submit(&sim, json!({"prompt": plain("x", 1)})).await;
    running(&sim, &id).await;
    sim.restart(Duration::from_millis(100));
    let last = talk.until_quiet().await.pop().unwrap();
    assert!(last.get("broken").is_some(), "ends without a close, as 1006 says: {last}");
    while reqwest::get(format!("{}/queue", sim.url())).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let after = &recorded["SIGKILL_after"];
    assert_eq!(get(&sim, "/queue").await, after["queue"]);
    assert_eq!(get(&sim, &format!("/history/{id}")).await, after["history"]);
    assert_eq!(get(&sim, &format!("/api/jobs/{id}")).await, after["job"]);
    assert_eq!(get(&sim, &format!("/api/jobs/{pending}")).await, after["job_pending"]);
    assert_eq!(post(&sim, "/prompt", &json!({"prompt": plain("x", 1)})).await[1]["number"], 0);
}

#[tokio::test]
async fn faults_of_nodes_are_told_as_recorded() {
    let recorded = recording("90_faults");
    let rule = |skip, fault| Rule { on: On::Node("ImageInvert".to_owned()), skip, times: 1, fault };
    let schedule = Schedule::default()
        .and(rule(0, Fault::Raise { exception: "ValueError".to_owned(), message: "injected".to_owned() }))
        .and(rule(1, Fault::OutOfMemory { memory: Memory::Gpu }))
        .and(rule(2, Fault::Block { message: "injected".to_owned() }));
    let sim = server(schedule).await;
    for (case, color) in [("error", 1), ("oom", 2), ("block", 3)] {
        let mut graph = plain("x", color);
        graph["2"] = json!({"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}});
        graph["3"]["inputs"]["images"] = json!(["2", 0]);
        let (heard, history, job) = run(&sim, &graph, false, Value::Null).await;
        // The recorded node was one made for faults.
        let named = |messages: Vec<Value>| -> Vec<Value> {
            messages
                .iter()
                .map(|message| serde_json::from_str(&message.to_string().replace("FaultInject", "ImageInvert")).unwrap())
                .collect()
        };
        let kept = |messages: Vec<Value>| named(messages).into_iter().collect::<Vec<_>>();
        assert_eq!(kept(without_steps(&heard)), kept(without_steps(&messages(&recorded[case]["ws"]))), "{case}");
        assert_eq!(history[1]["ID"]["status"]["status_str"], recorded[case]["history_status"]["status_str"], "{case}");
        assert_eq!(history[1]["ID"]["outputs"], recorded[case]["outputs"], "{case}");
        assert_eq!(job[1]["status"], recorded[case]["job_status"], "{case}");
    }
}

#[tokio::test]
async fn pictures_over_the_socket_come_as_recorded() {
    let (recorded, sim) = (recording("70_graphs"), server(Schedule::default()).await);
    let mut picture = Vec::new();
    image::RgbImage::new(16, 16).write_to(&mut std::io::Cursor::new(&mut picture), image::ImageFormat::Png).unwrap();
    std::fs::write(sim.input().join("char.png"), picture).unwrap();
    let mut graph = recorded["save_websocket"]["workflow"].clone();
    // Not linked to an output, and so never run.
    graph.as_object_mut().unwrap().remove("2");
    let (heard, ..) = run(&sim, &graph, true, Value::Null).await;
    assert_eq!(heard[2..], messages(&recorded["save_websocket_ws"]));
}

#[tokio::test]
async fn uploads_are_named_as_recorded() {
    let sim = server(Schedule::default()).await;
    let client = reqwest::Client::new();
    // The first is uploaded, again with the same bytes, with others, and over it.
    let contents = [&b"one"[..], b"one", b"two", b"two"];
    let uploads = recording("70_graphs")["uploads"].as_array().unwrap().clone();
    for (index, recorded) in uploads.iter().filter(|upload| upload["path"] == "/upload/image").enumerate() {
        let part = reqwest::multipart::Part::bytes(contents.get(index).copied().unwrap_or(b"x"))
            .file_name(recorded["filename"].as_str().unwrap().to_owned());
        let mut form = reqwest::multipart::Form::new().part("image", part);
        for (name, value) in recorded["fields"].as_object().unwrap() {
            form = form.text(name.clone(), value.as_str().unwrap().to_owned());
        }
        let response = client.post(format!("{}/upload/image", sim.url())).multipart(form).send().await.unwrap();
        let (status, body) = (response.status().as_u16(), response.text().await.unwrap());
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        assert_eq!((json!(status), json(&body)), (recorded["status"].clone(), json(recorded["body"].as_str().unwrap())), "{recorded}");
    }
}

#[tokio::test]
async fn recorded_graphs_of_nodes_that_are_here_run_and_leave_the_same_names() {
    let (recorded, sim) = (recording("70_graphs"), server(Schedule::default()).await);
    let picture = image::RgbaImage::from_fn(64, 48, |x, y| image::Rgba([x as u8, y as u8, 9, 255]));
    for name in ["char.png", "ep01/s01/key.png"] {
        std::fs::create_dir_all(sim.input().join(name).parent().unwrap()).unwrap();
        picture.save(sim.input().join(name)).unwrap();
    }
    let mut ran = Vec::new();
    for case in [
        "load_invert",
        "load_blur_subfolder",
        "load_output_annotated",
        "save_image_adv",
        "save_image_batch4",
        "create_save_video_auto",
        "create_save_video_old_style",
        "create_save_video_mp4",
        "txt2img",
        "txt2img_batch_to_video",
        "img2img",
    ] {
        let (heard, history, _) = run(&sim, &recorded[case]["workflow"], false, Value::Null).await;
        assert!(heard.iter().any(|message| message["type"] == recorded[case]["status"]), "{case}: {heard:#?}");
        let names = |outputs: &Value| same(outputs).to_string().replace("dvxrn", "standin");
        assert_eq!(names(&history[1]["ID"]["outputs"]), names(&recorded[case]["outputs"]), "{case}");
        ran.push(case);
    }
    assert_eq!(ran.len(), 11);
}

#[tokio::test]
async fn recorded_films_leave_the_same_names_and_are_films() {
    let (recorded, sim) = (recording("71_wan_video"), server(Schedule::default()).await);
    image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8, y as u8, 9])).save(sim.input().join("char.png")).unwrap();
    for case in ["wan_i2v", "wan_flf2v"] {
        // The files of models are this server's own.
        let text = recorded[case]["workflow"].to_string();
        let files =
            [("tiny_wan_i2v_random", "standin_video"), ("tiny_clip_l_random", "standin_text"), ("tiny_wan_vae_random", "standin_vae")];
        let text = files.iter().fold(text, |text, (theirs, ours)| text.replace(theirs, ours));
        let (heard, history, _) = run(&sim, &serde_json::from_str(&text).unwrap(), false, Value::Null).await;
        assert!(heard.iter().any(|message| message["type"] == recorded[case]["status"]), "{case}: {heard:#?}");
        let outputs = &history[1]["ID"]["outputs"];
        assert_eq!(*outputs, same(&recorded[case]["outputs"]), "{case}");
        let file = recorded[case]["outputs"]["11"]["images"][0]["filename"].as_str().unwrap();
        let probed = std::process::Command::new("ffprobe")
            .args(["-loglevel", "error", "-count_frames", "-show_entries", "stream=codec_name,width,height,r_frame_rate,nb_read_frames"])
            .args(["-of", "csv=p=0"])
            .arg(sim.output().join("video").join(file))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(probed.stdout).unwrap().trim(), "h264,128,128,16/1,9", "{case}");
    }
}
