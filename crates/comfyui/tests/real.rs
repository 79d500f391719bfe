//! The client against a real ComfyUI: `COMFYUI_URL=http://127.0.0.1:8188 cargo test -p comfyui --test real -- --ignored`.
//! Only nodes that need no models are used, so any server will do; it should be an idle one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use comfyui::wire::Conclusion;
use comfyui::{
    Begin, Cancelling, Done, Error, Expected, Graph, Link, Node, Patience, Server, Socket, Standing, Submission, Ticket, Update, Upload,
    check,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

fn server() -> Server {
    let address = std::env::var("COMFYUI_URL").expect("COMFYUI_URL names a real server");
    Server::new(&address, Patience { deadline: Some(Duration::from_secs(120)), ..Patience::default() }).unwrap()
}

fn ticket() -> Ticket {
    Ticket { job: Uuid::now_v7(), attempt: 1, prompt: Uuid::now_v7() }
}

async fn run(server: &Server, graph: Graph, expected: Vec<Expected>) -> (Result<Done, Error>, Vec<Update>) {
    let socket = Socket::connect(server).await.unwrap();
    let submission = Submission::new(ticket(), graph, expected);
    let mut updates = Vec::new();
    let done = server.run(&submission, Begin::Fresh, Some(&socket), &CancellationToken::new(), &mut |update| updates.push(update)).await;
    (done, updates)
}

fn empty(count: u32, color: u32) -> Node {
    Node::new("EmptyImage").with("width", 128).with("height", 96).with("batch_size", count).with("color", color)
}

fn save(images: Link) -> Node {
    Node::new("SaveImage").with("images", images).with("filename_prefix", "x")
}

async fn loaded(server: &Server) -> Node {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbaImage::from_fn(128, 96, |x, y| image::Rgba([x as u8, y as u8, 90, if x < 64 { 255 } else { 0 }]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let upload = Upload { name: "real.png".to_owned(), subfolder: "echo-studio-test".to_owned(), bytes: bytes.into_inner().into() };
    Node::new("LoadImage").with("image", server.upload(upload).await.unwrap().input())
}

/// Graphs by name, with what they should leave.
async fn graphs(server: &Server) -> Vec<(&'static str, Graph, Expected)> {
    let scale = Node::new("ImageScale")
        .with("image", Link::to("1", 0))
        .with("upscale_method", "lanczos")
        .with("width", 256)
        .with("height", 192)
        .with("crop", "disabled");
    let scaled = Graph::new().with("1", empty(1, 0x33_66_cc)).with("2", scale).with("9", save(Link::to("2", 0)));
    let inverted = Graph::new()
        .with("1", loaded(server).await)
        .with("2", Node::new("ImageInvert").with("image", Link::to("1", 0)))
        .with("9", save(Link::to("2", 0)));
    let blurred = Graph::new()
        .with("1", loaded(server).await)
        .with("2", Node::new("ImageBlur").with("image", Link::to("1", 0)).with("blur_radius", 5).with("sigma", 2.0))
        .with("9", save(Link::to("2", 0)));
    let composed = Graph::new()
        .with("1", empty(1, 0xff_00_00))
        .with("2", loaded(server).await)
        .with("3", Node::new("InvertMask").with("mask", Link::to("2", 1)))
        .with(
            "4",
            Node::new("ImageCompositeMasked")
                .with("destination", Link::to("1", 0))
                .with("source", Link::to("2", 0))
                .with("x", 0)
                .with("y", 0)
                .with("resize_source", false)
                .with("mask", Link::to("3", 0)),
        )
        .with("9", save(Link::to("4", 0)));
    let batch = Graph::new()
        .with("1", empty(2, 1))
        .with("2", empty(1, 2))
        .with("3", Node::new("BatchImagesNode").with("images.image0", Link::to("1", 0)).with("images.image1", Link::to("2", 0)))
        .with("9", save(Link::to("3", 0)));
    let advanced = Graph::new().with("1", empty(1, 3)).with(
        "9",
        Node::new("SaveImageAdvanced")
            .with("images", Link::to("1", 0))
            .with("filename_prefix", "x")
            .with("format", "png")
            .with("format.bit_depth", "16-bit")
            .with("format.input_color_space", "sRGB"),
    );
    let previewed = Graph::new().with("1", empty(1, 4)).with("9", Node::new("PreviewImage").with("images", Link::to("1", 0)));
    let animated = Graph::new().with("1", empty(8, 5)).with(
        "9",
        Node::new("SaveAnimatedWEBP")
            .with("images", Link::to("1", 0))
            .with("filename_prefix", "x")
            .with("fps", 8.0)
            .with("lossless", true)
            .with("quality", 80)
            .with("method", "default"),
    );
    let webm = Graph::new().with("1", empty(8, 6)).with(
        "9",
        Node::new("SaveWEBM")
            .with("images", Link::to("1", 0))
            .with("filename_prefix", "x")
            .with("codec", "vp9")
            .with("fps", 8.0)
            .with("crf", 32.0),
    );
    let mp4 =
        Graph::new().with("1", empty(8, 7)).with("2", Node::new("CreateVideo").with("images", Link::to("1", 0)).with("fps", 8.0)).with(
            "9",
            Node::new("SaveVideo")
                .with("video", Link::to("2", 0))
                .with("filename_prefix", "x")
                .with("format", "mp4")
                .with("format.codec", "h264"),
        );
    let pictures = |count| Expected::pictures("9", count).of_size(128, 96);
    vec![
        ("EmptyImage, ImageScale, SaveImage", scaled, Expected::pictures("9", 1).of_size(256, 192)),
        ("LoadImage, ImageInvert, SaveImage", inverted, pictures(1)),
        ("LoadImage, ImageBlur, SaveImage", blurred, pictures(1)),
        ("LoadImage, InvertMask, ImageCompositeMasked, SaveImage", composed, pictures(1)),
        ("BatchImagesNode, SaveImage", batch, pictures(3)),
        ("SaveImageAdvanced", advanced, pictures(1)),
        ("PreviewImage", previewed, pictures(1)),
        ("SaveAnimatedWEBP", animated, pictures(1)),
        ("SaveWEBM", webm, Expected::film("9")),
        ("CreateVideo, SaveVideo", mp4, Expected::film("9")),
    ]
}

#[tokio::test]
#[ignore = "needs a real server: COMFYUI_URL"]
async fn graphs_without_models_run_and_are_verified() {
    let server = server();
    let stats = server.system_stats().await.unwrap();
    println!("ComfyUI {} on {}", stats.system.comfyui_version, stats.devices.first().map_or("?", |device| &device.name));
    let info = server.object_info().await.unwrap();
    assert!(info.unreadable.is_empty(), "{:?}", info.unreadable);
    println!("{} node classes", info.classes.len());
    for (name, graph, expected) in graphs(&server).await {
        assert_eq!(check(&graph, &info), [], "{name}");
        let (done, updates) = run(&server, graph, vec![expected.clone()]).await;
        let done = done.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(done.artifacts.len(), expected.count, "{name}");
        let files: Vec<_> = done.artifacts.iter().map(|artifact| (artifact.media_type, artifact.bytes.len())).collect();
        println!("{name}: {files:?}, {} updates", updates.len());
        server.forget(done.prompt).await.unwrap();
        assert_eq!(server.standing(done.prompt).await.unwrap(), Standing::Unknown);
    }
}

#[tokio::test]
#[ignore = "needs a real server: COMFYUI_URL"]
async fn the_same_graph_again_leaves_files_of_its_own() {
    let server = server();
    let graph = Graph::new().with("1", empty(1, 0x77_88_99)).with("9", save(Link::to("1", 0)));
    let expected = || vec![Expected::pictures("9", 1)];
    let (first, _) = run(&server, graph.clone(), expected()).await;
    let (second, updates) = run(&server, graph, expected()).await;
    assert_ne!(first.unwrap().artifacts[0].file, second.unwrap().artifacts[0].file);
    assert!(updates.contains(&Update::Cached(vec!["1".into()])), "{updates:?}");
}

#[tokio::test]
#[ignore = "needs a real server: COMFYUI_URL"]
async fn what_is_wrong_is_told() {
    let server = server();
    let unknown = Graph::new().with("9", Node::new("KSamplerNope"));
    let error = run(&server, unknown, vec![]).await.0.unwrap_err();
    println!("{error}");
    assert!(matches!(error, Error::Refused(_)));
    let partly = Graph::new()
        .with("1", empty(1, 1))
        .with("9", save(Link::to("1", 0)))
        .with("11", Node::new("LoadImage").with("image", "nope.png"))
        .with("10", save(Link::to("11", 0)));
    let error = run(&server, partly, vec![]).await.0.unwrap_err();
    println!("{error}");
    assert!(matches!(error, Error::PartlyRefused(_)));
    let huge = Node::new("EmptyImage").with("width", 16_384).with("height", 16_384).with("batch_size", 4096).with("color", 0);
    let graph = Graph::new().with("1", huge).with("9", save(Link::to("1", 0)));
    let error = run(&server, graph, vec![Expected::pictures("9", 4096)]).await.0.unwrap_err();
    println!("{error}");
    assert_eq!(error.cause(), comfyui::Cause::Memory);
}

#[tokio::test]
#[ignore = "needs a real server: COMFYUI_URL"]
async fn cancelling_hits_what_runs_and_what_waits() {
    let server = server();
    // Takes long: each picture is scaled up with the slowest method.
    let slow = |color| {
        let mut graph = Graph::new().with("1", empty(48, color));
        for step in 2..12_u32 {
            let scale = Node::new("ImageScale")
                .with("image", Link::to((step - 1).to_string().as_str(), 0))
                .with("upscale_method", "lanczos")
                .with("width", 900 + step)
                .with("height", 700)
                .with("crop", "disabled");
            graph.insert(step.to_string().as_str(), scale);
        }
        graph.with("99", save(Link::to("11", 0)))
    };
    let (runs, waits) = (Submission::new(ticket(), slow(1), vec![]), Submission::new(ticket(), slow(2), vec![]));
    server.submit(&runs, None).await.unwrap();
    server.submit(&waits, None).await.unwrap();
    while server.standing(runs.ticket.prompt).await.unwrap() != Standing::Running {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.cancel(waits.ticket.prompt).await.unwrap(), Cancelling::Gone);
    let Cancelling::Ended(entry) = server.cancel(runs.ticket.prompt).await.unwrap() else { panic!("it is gone without a trace") };
    assert_eq!(entry.conclusion(), Conclusion::Interrupted);
    let found = server.find_job(runs.ticket.job).await.unwrap();
    assert_eq!(found.len(), 1);
    server.forget(runs.ticket.prompt).await.unwrap();
}
