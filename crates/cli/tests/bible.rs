//! The bible's history from the command line: branches, merges with conflicts, taking back, blame.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;

use std::process::Stdio;

use desk::Desk;

const AKI: &str = "bible/characters/aki.yaml";

fn text(desk: &Desk) -> String {
    std::fs::read_to_string(desk.path(AKI)).unwrap()
}

#[test]
fn an_alternative_is_tried_on_a_branch_and_merged_with_what_others_did_meanwhile() {
    let desk = Desk::tiny();
    let original = text(&desk);
    assert_eq!(desk.run(&["bible", "commit", "-m", "As given"]).code, 0);
    assert_eq!(desk.run(&["bible", "switch", "-c", "red-hair"]).code, 0);
    desk.edit(AKI, "\"#3c4a72\"", "\"#a83c2c\"");
    let impact = desk.json(&["bible", "impact"]);
    let stale = impact["steps"].as_array().unwrap().iter().filter(|step| step["action"] == "draw").count();
    assert_eq!(stale, 16, "{impact}");
    assert_eq!(desk.run(&["bible", "sync"]).code, 0);

    assert_eq!(desk.run(&["bible", "switch", "main"]).code, 0);
    assert_eq!(text(&desk), original);
    desk.edit(AKI, "age: 14", "age: 15");
    let refused = desk.run(&["bible", "merge", "red-hair"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("uncommitted edits in characters.aki"), "{}", refused.err);
    assert_eq!(desk.run(&["bible", "commit", "-m", "A year later"]).code, 0);
    let merged = desk.run(&["bible", "merge", "red-hair"]);
    assert_eq!(merged.code, 0, "{}", merged.err);
    let both = original.replace("age: 14", "age: 15").replace("\"#3c4a72\"", "\"#a83c2c\"");
    assert_eq!(text(&desk), both, "comments and all else are as they were");
    assert_eq!(desk.json(&["bible", "status"]), serde_json::json!([]));

    let blame = desk.json(&["bible", "blame", "characters.aki.colour_model.hair"]);
    assert_eq!((&blame["value"], &blame["changes"][0]["old"]), (&"#a83c2c".into(), &"#3c4a72".into()));
    assert!(blame["changes"][0]["commit"]["message"].as_str().unwrap().contains("characters.aki"), "{blame}");

    assert_eq!(desk.run(&["bible", "revert", "HEAD", "-m", "1"]).code, 0);
    assert_eq!(text(&desk), original.replace("age: 14", "age: 15"));
    assert_eq!(desk.run(&["bible", "restore", "characters.aki.age", "--from", "HEAD~3"]).code, 0);
    assert_eq!(text(&desk), original);
    let checked = desk.json(&["bible", "fsck"]);
    assert_eq!((checked["commits"].as_u64(), checked["faults"].as_array().map(Vec::len)), (Some(6), Some(0)), "{checked}");
}

#[test]
fn a_contradiction_changes_nothing_until_somebody_says_what_stands() {
    let desk = Desk::tiny();
    assert_eq!(desk.run(&["bible", "commit", "-m", "As given"]).code, 0);
    assert_eq!(desk.run(&["bible", "switch", "-c", "red-hair"]).code, 0);
    desk.edit(AKI, "\"#3c4a72\"", "\"#a83c2c\"");
    assert_eq!(desk.run(&["bible", "sync"]).code, 0);
    assert_eq!(desk.run(&["bible", "switch", "main"]).code, 0);
    desk.edit(AKI, "\"#3c4a72\"", "\"#1c8c3c\"");
    assert_eq!(desk.run(&["bible", "commit", "-m", "Green"]).code, 0);
    let before = text(&desk);

    let met = desk.run(&["bible", "merge", "red-hair"]);
    assert_eq!(met.code, 6, "{met:?}");
    assert!(met.out.contains("characters.aki.colour_model.hair") && met.err.contains("Nothing was changed"), "{met:?}");
    assert_eq!(text(&desk), before);
    let slip = desk.run(&["bible", "merge", "red-hair", "--theirs", "characters.aki.colour_model.hiar"]);
    assert!(slip.err.contains("did you mean `characters.aki.colour_model.hair`"), "{}", slip.err);
    let settled = desk.run(&["bible", "merge", "red-hair", "--take", "characters.aki.colour_model.hair=\"#112233\""]);
    assert_eq!(settled.code, 0, "{settled:?}");
    assert_eq!(text(&desk), before.replace("#1c8c3c", "#112233"));
}

#[test]
fn killed_at_any_moment_the_history_is_whole_and_no_edit_is_lost() {
    let desk = Desk::tiny();
    assert_eq!(desk.run(&["bible", "commit", "-m", "As given"]).code, 0);
    let start = std::time::Instant::now();
    desk.edit(AKI, "age: 14", "age: 100");
    assert_eq!(desk.run(&["bible", "commit", "-m", "Undisturbed"]).code, 0);
    let whole = start.elapsed();
    for kill in 0..20_u32 {
        desk.edit(AKI, &format!("age: {}", 100 + kill), &format!("age: {}", 101 + kill));
        let mut child = desk.command(&["bible", "commit", "-m", "Disturbed"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The fractional parts of multiples of the golden ratio: every moment is hit, without a pattern.
        std::thread::sleep(whole.mul_f64((f64::from(kill) * 0.618_033_988_749_895).fract()));
        child.kill().unwrap();
        child.wait().unwrap();
        let checked = desk.json(&["bible", "fsck"]);
        assert_eq!(checked["faults"], serde_json::json!([]), "after kill {kill}");
    }
    assert_eq!(desk.run(&["bible", "commit", "-m", "The last"]).code, 0);
    assert_eq!(desk.json(&["bible", "status"]), serde_json::json!([]));
    assert_eq!(desk.json(&["bible", "blame", "characters.aki.age"])["value"], 120);
    let log = desk.json(&["bible", "log"]);
    let commits = log["entries"].as_array().unwrap().len();
    assert!((3..=23).contains(&commits), "each edit is in history once or was left for the next: {log}");
}
