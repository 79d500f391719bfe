//! Finding pictures from the command line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod desk;
#[path = "../../vision-models/tests/embedding/onnx.rs"]
mod onnx;

use desk::Desk;

#[test]
fn pictures_are_found_by_who_is_in_them_and_by_a_picture_and_a_misspelt_name_is_told() {
    let desk = Desk::produced();
    let aki = desk.json(&["search", "--character", "aki", "--kind", "shot"]);
    let subjects: Vec<&str> = aki["pictures"].as_array().unwrap().iter().map(|picture| picture["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["shot S01E01.01.001", "shot S01E01.01.003"]);

    let blob = aki["pictures"][1]["picture"]["digest"].as_str().unwrap().to_owned();
    let (_, bytes) = desk.blobs().into_iter().find(|(digest, _)| *digest == blob).unwrap();
    std::fs::write(desk.path("frame.png"), bytes).unwrap();
    let said = desk.run(&["search", "--like", "frame.png", "--limit", "2", "--quiet"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.lines().next().unwrap().starts_with("accepted     1.000 shot S01E01.01.003 frame-0000"), "{said:?}");
    assert!(said.err.contains("colours-and-layout@1") && said.err.contains("29 more"), "{said:?}");
    let by_subject = desk.json(&["search", "--like", "shot S01E01.01.003", "--limit", "1", "--quiet"]);
    assert_eq!(by_subject["pictures"][0]["picture"]["digest"], blob.as_str());

    for (arguments, told) in [
        (["--character", "akl"], "did you mean `aki`?"),
        (["--like", "shot S01E01.01.009"], "did you mean \"shot S01E01.01.00"),
        (["--like", "nothing.png"], "there is no file nothing.png"),
        (["--like", "project.yaml"], "it must be PNG or JPEG"),
        (["--limit", "0"], "1 to 200"),
    ] {
        let said = desk.run(&["search", arguments[0], arguments[1]]);
        assert!(said.code == 1 && said.err.contains(told), "{arguments:?}: {said:?}");
    }
}

#[test]
fn with_an_identity_model_its_embedding_compares_pictures() {
    let desk = Desk::produced();
    std::fs::write(desk.path("model.onnx"), onnx::embedder(384, 32, 768, 7)).unwrap();
    let added = desk.run(&["models", "add", "model.onnx", "--preset", "ccip"]);
    assert_eq!(added.code, 0, "{added:?}");
    let like = ["search", "--like", "shot S01E01.01.003", "--kind", "shot", "--quiet"];
    let found = desk.json(&like);
    assert!(found["model"].as_str().unwrap().starts_with("ccip-caformer-24-randaug-pruned@"), "{found}");
    assert_eq!(found["pictures"][0]["subject"], "shot S01E01.01.003");
    assert!(found["pictures"][0]["similarity"].as_f64().unwrap() > 0.9999, "{found}");
    // The vectors of both models stay, and neither is compared with the other's.
    assert_eq!(desk.run(&["models", "remove", "ccip-caformer-24-randaug-pruned"]).code, 0);
    assert_eq!(desk.json(&like)["model"], "colours-and-layout@1");
}

#[test]
fn with_a_style_network_alone_it_compares_what_pictures_look_like() {
    let desk = Desk::produced();
    std::fs::write(desk.path("model.onnx"), onnx::embedder(224, 32, 512, 7)).unwrap();
    desk.json(&["models", "add", "model.onnx", "--preset", "clip-vit-b32"]);
    let like = ["search", "--like", "shot S01E01.01.003", "--kind", "shot", "--quiet"];
    let found = desk.json(&like);
    assert!(found["model"].as_str().unwrap().starts_with("clip-vit-b32@"), "{found}");
    assert!(found["finds"].as_str().unwrap().contains("not made to tell who somebody is"), "{found}");
    assert_eq!(found["pictures"][0]["subject"], "shot S01E01.01.003");
    assert!(found["pictures"][0]["similarity"].as_f64().unwrap() > 0.9999, "{found}");
    let doctor = desk.run(&["doctor"]).out;
    assert!(doctor.lines().any(|line| line.contains("ok") && line.contains("style network")), "{doctor}");
    std::fs::write(desk.path(".echo/models/clip-vit-b32/model.onnx"), "another file").unwrap();
    assert_eq!(desk.json(&like)["model"], "colours-and-layout@1");
    assert!(desk.run(&["doctor"]).out.contains("clip-vit-b32 is not the file that was added"));
}

/// The manifest of a detector in YOLO's form that sees figures.
const DETECTOR: &str = "name = \"boxes\"\nkind = \"finder\"\nlicence = \"none\"\nsource = \"written by a test\"\n\
    [input]\nwidth = 32\nheight = 32\nmean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]\n\
    [output]\nform = \"yolo\"\nclasses = [\"figure\"]\n";

/// A picture whose left half alone is as it was.
fn painted_over_on_the_right(png: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, samples) = (info.width as usize, info.color_type.samples());
    for (place, sample) in pixels.iter_mut().enumerate() {
        if place / samples % width > width / 2 {
            *sample = if samples == 4 && place % 4 == 3 { 255 } else { (place * 7 % 251) as u8 };
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, info.width, info.height);
    encoder.set_color(info.color_type);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}

#[test]
fn people_are_cut_out_of_a_picture_by_the_projects_own_detector_where_it_has_one() {
    let desk = Desk::produced();
    std::fs::write(desk.path("model.onnx"), onnx::embedder(384, 32, 768, 7)).unwrap();
    desk.json(&["models", "add", "model.onnx", "--preset", "ccip"]);
    let shown = desk.json(&["search", "--kind", "shot", "--limit", "1"]);
    let blob = shown["pictures"][0]["picture"]["digest"].as_str().unwrap().to_owned();
    let (_, frame) = desk.blobs().into_iter().find(|(digest, _)| *digest == blob).unwrap();
    std::fs::write(desk.path("draft.png"), painted_over_on_the_right(&frame)).unwrap();
    let like = ["search", "--like", "draft.png", "--kind", "shot", "--quiet"];
    let built_in = desk.json(&like);
    let model = |found: &serde_json::Value| found["model"].as_str().unwrap().to_owned();
    assert!(!model(&built_in).contains('+'), "{built_in}");
    assert!(built_in["pictures"][0]["similarity"].as_f64().unwrap() < 0.9999, "{built_in}");

    // It always sees somebody on the left: middle and size on a scale of 32 across and down, and how sure it is.
    std::fs::write(desk.path("boxes.onnx"), onnx::finder(&[[8.0, 16.0, 12.0, 24.0, 0.9]])).unwrap();
    desk.write("boxes.toml", DETECTOR);
    desk.json(&["models", "add", "boxes.onnx", "--manifest", "boxes.toml"]);
    let own = desk.json(&like);
    assert!(model(&own).starts_with(&format!("{}+boxes@", model(&built_in))), "{own}");
    assert_eq!(own["pictures"][0]["subject"], shown["pictures"][0]["subject"]);
    assert!(own["pictures"][0]["similarity"].as_f64().unwrap() > 0.9999, "what it sees is the same: {own}");

    std::fs::write(desk.path(".echo/models/boxes/model.onnx"), "another file").unwrap();
    let changed = desk.run(&like);
    assert!(changed.code == 0 && changed.err.contains("the file of the model boxes is not the one that was added"), "{changed:?}");
}
