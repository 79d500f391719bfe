//! Networks on the command line: added with their hash, listed, verified, taken away.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;
#[path = "../../vision-models/tests/embedding/onnx.rs"]
mod onnx;

use desk::Desk;

#[test]
fn a_model_is_added_listed_verified_and_removed() {
    let desk = Desk::tiny();
    let none = desk.run(&["models", "list"]);
    assert!(none.code == 0 && none.err.contains("models add FILE --preset ccip"), "{none:?}");

    std::fs::write(desk.path("feat.onnx"), onnx::embedder(384, 32, 768, 7)).unwrap();
    let added = desk.json(&["models", "add", "feat.onnx", "--preset", "ccip"]);
    let hash = blake3::hash(&std::fs::read(desk.path("feat.onnx")).unwrap()).to_hex().to_string();
    assert_eq!((&added[0]["name"], &added[0]["blake3"]), (&"ccip-caformer-24-randaug-pruned".into(), &hash.as_str().into()));
    std::fs::remove_file(desk.path("feat.onnx")).unwrap();

    let listed = desk.run(&["models", "list"]);
    assert!(listed.out.contains("identity") && listed.out.contains("384x384") && listed.out.contains(&hash[..16]), "{}", listed.out);
    assert_eq!(desk.json(&["models", "verify"])[0]["state"], "same");
    let doctor = desk.run(&["doctor"]);
    assert!(doctor.out.lines().any(|line| line.contains("ok") && line.contains("ccip-caformer-24-randaug-pruned")), "{}", doctor.out);

    std::fs::write(desk.path("feat.onnx"), onnx::finder(&[])).unwrap();
    let twice = desk.run(&["models", "add", "feat.onnx", "--preset", "ccip"]);
    assert!(twice.code == 1 && twice.err.contains("there is a model ccip-caformer-24-randaug-pruned already"), "{twice:?}");

    std::fs::write(desk.path(".echo/models/ccip-caformer-24-randaug-pruned/model.onnx"), "another file").unwrap();
    let changed = desk.run(&["models", "verify", "ccip-caformer-24-randaug-pruned"]);
    assert!(changed.code == 1 && changed.out.trim_end().ends_with("changed"), "{changed:?}");
    let doctor = desk.run(&["doctor"]);
    assert!(doctor.out.contains("is not the file that was added"), "{}", doctor.out);

    assert_eq!(desk.run(&["models", "remove", "ccip-caformer-24-randaug-pruned"]).code, 0);
    assert!(!desk.path(".echo/models/ccip-caformer-24-randaug-pruned").exists());
    let gone = desk.run(&["models", "remove", "ccip-caformer-24-randaug-pruned"]);
    assert!(gone.code == 1 && gone.err.contains("there is no model ccip-caformer-24-randaug-pruned"), "{gone:?}");
}

#[test]
fn a_manifest_of_ones_own_is_written_from_a_printed_one_and_its_mistakes_are_named() {
    let desk = Desk::tiny();
    std::fs::write(desk.path("mine.onnx"), onnx::embedder(384, 32, 768, 7)).unwrap();
    let printed = desk.run(&["models", "manifest", "ccip"]).out;
    desk.write("mine.toml", &printed.replace("ccip-caformer-24-randaug-pruned\"", "mine\"").replace("0.178475", "0.2"));
    let added = desk.json(&["models", "add", "mine.onnx", "--manifest", "mine.toml"]);
    assert_eq!((&added[0]["name"], &added[0]["threshold"]), (&"mine".into(), &0.2.into()), "{added}");

    desk.write("mine.toml", &printed.replace("0.178475", "3.0"));
    let wrong = desk.run(&["models", "add", "mine.onnx", "--manifest", "mine.toml"]);
    assert!(wrong.code == 1 && wrong.err.contains("threshold") && wrong.err.contains("between 0 and 1"), "{wrong:?}");
    desk.write("mine.toml", &format!("blake3 = \"{}\"\n{printed}", "0".repeat(64)));
    let other = desk.run(&["models", "add", "mine.onnx", "--manifest", "mine.toml"]);
    assert!(other.code == 1 && other.err.contains("it is another file"), "{other:?}");
    let unknown = desk.run(&["models", "add", "mine.onnx", "--preset", "arcface"]);
    assert!(unknown.code == 1 && unknown.err.contains("there are ccip"), "{unknown:?}");
    assert_eq!(desk.json(&["models", "list"]).as_array().unwrap().len(), 1, "nothing of these is left");
}
