//! From a folder of text to an episode, and from an edit to the pictures it touches.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;

use std::collections::BTreeSet;
use std::process::Command;

use desk::Desk;

/// What ffprobe reads of a stream.
fn probe(desk: &Desk, stream: &str, entry: &str) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", stream, "-of", "csv=p=0", "-show_entries"])
        .arg(format!("stream={entry}"))
        .arg(desk.film())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_folder_of_text_becomes_an_episode_with_every_frame_that_was_asked_for() {
    let desk = Desk::tiny();
    assert_eq!(desk.run(&["bible", "commit", "-m", "As given"]).code, 0);
    let commit = desk.json(&["bible", "show"])["id"].as_str().unwrap().to_owned();
    let plan = desk.json(&["plan"]);
    let shots = plan["steps"].as_array().unwrap().iter().filter(|step| step["subject"].as_str().unwrap().starts_with("shot "));
    let frames: u64 = shots.map(|step| step["frames"].as_u64().unwrap()).sum();
    assert_eq!(frames, 26 + 26 + 24);

    let outcome = desk.json(&["produce", "--quiet"]);
    assert_eq!(outcome["episodes"][0]["missing"], serde_json::Value::Null, "{outcome}");
    assert_eq!(probe(&desk, "v:0", "codec_name,width,height,r_frame_rate,nb_read_frames"), format!("h264,640,360,24/1,{frames}"));
    assert_eq!(probe(&desk, "a:0", "codec_name"), "aac");
    assert_eq!(probe(&desk, "s:0", "codec_name"), "mov_text");
    for name in ["subtitles.srt", "subtitles.ass", "contact-sheet.jpg", "report.html"] {
        assert!(desk.path("out/S01E01").join(name).metadata().unwrap().len() > 60, "{name}");
    }
    let report = std::fs::read_to_string(desk.path("out/S01E01/report.html")).unwrap();
    assert!(report.contains(&commit), "each clip names the commit that it was drawn from");
    let subtitles = std::fs::read_to_string(desk.path("out/S01E01/subtitles.srt")).unwrap();
    assert!(subtitles.contains("Ready?") && subtitles.contains("Always."), "{subtitles}");
}

#[test]
fn a_second_production_draws_nothing_and_says_so() {
    let desk = Desk::produced();
    let film = std::fs::read(desk.film()).unwrap();
    let said = desk.run(&["produce", "--quiet"]);
    assert_eq!((said.code, said.out.lines().next()), (0, Some("Nothing to draw: all 32 pictures and clips are as the bible has them.")));
    assert_eq!(std::fs::read(desk.film()).unwrap(), film);
    assert!(desk.planned("draw").is_empty());
}

#[test]
fn one_hair_colour_touches_the_pictures_of_its_character_and_no_others() {
    let desk = Desk::produced();
    let film = std::fs::read(desk.film()).unwrap();
    let listed = desk.json(&["pictures"]);
    let all: BTreeSet<String> = listed.as_array().unwrap().iter().map(|one| one["subject"].as_str().unwrap().to_owned()).collect();
    // Shot 2 is the fox alone; all else is Aki's, or the fox's sheets.
    let aki: BTreeSet<String> =
        all.iter().filter(|subject| !subject.starts_with("sheet kit/") && *subject != "shot S01E01.01.002").cloned().collect();

    desk.edit("bible/characters/aki.yaml", "#3c4a72", "#a83c2c");
    assert_eq!(desk.planned("draw"), aki);
    let outcome = desk.json(&["produce", "--quiet"]);
    assert_eq!((outcome["drawn"].as_u64(), outcome["reused"].as_u64()), (Some(aki.len() as u64), Some(0)));
    assert_eq!(outcome["episodes"][0]["cut"], true);
    assert_ne!(std::fs::read(desk.film()).unwrap(), film);

    desk.edit("bible/characters/aki.yaml", "#a83c2c", "#3c4a72");
    assert_eq!((desk.planned("draw"), desk.planned("reuse")), (BTreeSet::new(), aki.clone()));
    let outcome = desk.json(&["produce", "--quiet"]);
    assert_eq!((outcome["drawn"].as_u64(), outcome["reused"].as_u64()), (Some(0), Some(aki.len() as u64)));
    assert_eq!(std::fs::read(desk.film()).unwrap(), film);
}

#[test]
fn two_machines_make_the_same_bytes() {
    let (one, other) = (Desk::produced(), Desk::produced());
    assert!(one.blobs().iter().all(|(name, bytes)| blake3::hash(bytes).to_hex().as_str() == name));
    let pictures = |desk: &Desk| -> Vec<String> {
        desk.blobs().into_iter().filter(|(_, bytes)| bytes.starts_with(b"\x89PNG")).map(|(name, _)| name).collect()
    };
    assert_eq!(pictures(&one), pictures(&other));
    assert_eq!(std::fs::read(one.film()).unwrap(), std::fs::read(other.film()).unwrap());
}

#[test]
fn a_person_can_overrule_the_gate_and_the_episode_follows() {
    let desk = Desk::produced();
    let subject = "shot S01E01.01.002";
    let said = desk.run(&["review", subject, "--reject", "--note", "the fox looks away"]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = desk.run(&["produce", "--quiet"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.out.contains("S01E01 is not cut") && said.out.contains(subject), "{said:?}");
    assert_eq!(desk.run(&["review", subject, "--accept"]).code, 0);
    assert_eq!(desk.run(&["produce", "--quiet"]).code, 0);
}
