//! Finding pictures from the command line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod desk;
#[expect(dead_code, reason = "each test file writes the networks that it needs")]
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
