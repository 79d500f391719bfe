//! Pictures that the gate rejects, drawn again: with a correction, when more attempts are allowed, and beside a dissolve.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "desk/comfy.rs"]
mod comfy;
mod desk;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use comfy::{RENDER, Server, drifting, files_of, judged, subjects, tried};
use desk::Desk;
use serde_json::Value;

/// Subjects that the gate rejects.
fn rejected(judged: &BTreeMap<String, (String, String)>) -> BTreeSet<String> {
    judged.iter().filter(|(_, (status, _))| status == "rejected").map(|(subject, _)| subject.clone()).collect()
}

/// Whether a file says something: servers write what they were asked for into their pictures.
fn says(desk: &Desk, text: &str) -> bool {
    desk.blobs().iter().any(|(_, bytes)| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

/// The show as it is written, drawn by a server, with some lines more.
fn rendered(desk: &Desk, more: &str) {
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    let own = project.split("render:").next().unwrap();
    desk.write("project.yaml", &format!("{own}{RENDER}{more}"));
}

fn produce(desk: &Desk, server: &Server) -> desk::Said {
    desk.run(&["produce", "--quiet", "--comfyui", &server.url])
}

#[test]
fn a_picture_that_the_gate_rejects_is_drawn_again_with_a_correction_and_the_best_attempt_is_kept() {
    // Colours are off by so much that some seeds pass and others do not.
    let (desk, server) = (Desk::tiny(), drifting(0.1));
    let taken = || server.sim.taken().len();
    rendered(&desk, "  attempts: 11\n");
    let refused = produce(&desk, &server);
    assert!(refused.code == 3 && refused.err.contains("`attempts` is 11") && refused.err.contains("write 1 to 10"), "{refused:?}");

    rendered(&desk, "");
    assert_eq!(produce(&desk, &server).code, 4);
    let (judged_once, tried) = (judged(&desk), tried(&desk));
    assert!(tried.keys().any(|subject| subject.starts_with("sheet")), "{judged_once:?}");
    let mut again = 0;
    for (subject, tries) in &tried {
        again += tries.len() - 1;
        let seeds: BTreeSet<u64> = tries.iter().map(|tried| tried["seed"].as_u64().unwrap()).collect();
        assert_eq!(seeds.len(), tries.len(), "{subject}: another seed for each attempt");
        let chosen: Vec<&Value> = tries.iter().filter(|tried| tried["chosen"] == true).collect();
        assert_eq!(chosen.len(), 1, "{subject}: {tries:?}");
        let score = |tried: &Value| tried["score"].as_f64().unwrap();
        if chosen[0]["status"] == "rejected" {
            assert_eq!(tries.len(), 3, "{subject}: as often as may be, and no more");
            assert!(tries.iter().all(|tried| tried["status"] == "rejected" && score(tried) <= score(chosen[0])), "{subject}: {tries:?}");
        } else {
            assert_eq!(tries.last(), Some(chosen[0]), "{subject}: the first that passes is the last that is drawn");
        }
        assert!(tries[1..].iter().all(|tried| !tried["stressed"].as_array().unwrap().is_empty()), "{subject}: {tries:?}");
    }
    let repainted = |tried: &Value| tried["repainted"].as_array().is_some_and(|parts| !parts.is_empty());
    assert!(tried.values().flatten().any(repainted), "parts that are off are drawn anew by themselves: {tried:?}");
    assert!(taken() > again, "{} {again}", taken());
    assert!(says(&desk, ":1.3)"), "what was wrong is stressed");
    // The attempts are kept beside the one that is used, and nothing is drawn again.
    assert_eq!(subjects(&desk.json(&["plan"])), BTreeSet::new());
    let drawn = taken();
    assert_eq!(produce(&desk, &server).code, 4);
    assert_eq!(taken(), drawn);
    assert_eq!(judged(&desk), judged_once);
}

#[test]
fn where_more_attempts_are_allowed_what_was_rejected_is_gone_on_with_and_nothing_is_drawn_twice() {
    let (desk, server) = (Desk::tiny(), drifting(0.1));
    rendered(&desk, "  attempts: 1\n");
    assert_eq!(produce(&desk, &server).code, 4);
    let before = judged(&desk);
    assert_eq!(tried(&desk), BTreeMap::new(), "one attempt is all");
    assert!(!rejected(&before).is_empty() && rejected(&before).len() < before.len(), "{before:?}");
    assert_eq!(subjects(&desk.json(&["plan"])), BTreeSet::new());
    assert!(!says(&desk, ":1.3)"), "nothing was stressed, where nothing was drawn again");
    // What a person has decided on is not drawn again.
    let kept = rejected(&before).into_iter().find(|subject| subject.starts_with("sheet")).unwrap();
    assert_eq!(desk.run(&["review", &kept, "--reject", "--by", "Mori"]).code, 0);

    rendered(&desk, "");
    let plan = desk.json(&["plan"]);
    let mut due = rejected(&before);
    due.remove(&kept);
    assert_eq!(subjects(&plan), due);
    let reasons = serde_json::json!([{ "kind": "rejected", "attempts": 1, "of": 3 }]);
    assert!(
        plan["steps"].as_array().unwrap().iter().filter(|step| step["action"] == "draw").all(|step| step["reasons"] == reasons),
        "{plan}"
    );
    let words = desk.run(&["plan"]).out;
    assert!(words.contains("the gate rejected it after 1 attempt, and 3 are allowed"), "{words}");
    assert_eq!(produce(&desk, &server).code, 4);
    assert_eq!(subjects(&desk.json(&["plan"])), BTreeSet::new());

    // It comes to the same as where three were allowed from the beginning.
    let (other, elsewhere) = (Desk::tiny(), drifting(0.1));
    rendered(&other, "");
    assert_eq!(produce(&other, &elsewhere).code, 4);
    let without = |mut judged: BTreeMap<String, (String, String)>| {
        judged.remove(&kept);
        judged
    };
    assert_eq!(without(judged(&desk)), without(judged(&other)));
    let attempts = tried(&other);
    assert_eq!(
        tried(&desk),
        attempts.iter().filter(|(subject, _)| **subject != kept).map(|(subject, tries)| (subject.clone(), tries.clone())).collect()
    );
    let spared = attempts[&kept].len() - 1;
    assert_eq!(server.sim.taken().len() + spared, elsewhere.sim.taken().len(), "the first attempts were not drawn again");
    assert!(rejected(&judged(&desk)).len() < rejected(&before).len(), "some came right");
}

/// The pixels of a PNG, without alpha.
fn pixels(png: &[u8]) -> Vec<u8> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut rgba).unwrap();
    rgba.chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied().collect()
}

/// The frames of a film.
fn frames(film: &std::path::Path, size: usize) -> Vec<Vec<u8>> {
    let raw =
        Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(film).args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]).output().unwrap();
    assert!(raw.status.success(), "{}", String::from_utf8_lossy(&raw.stderr));
    raw.stdout.chunks_exact(size).map(<[u8]>::to_vec).collect()
}

/// How far pictures of 640 x 360 are from each other: the mean difference of the colours of squares, of which encoding leaves
/// the noise out.
fn apart(one: &[u8], other: &[u8]) -> f64 {
    const SIDE: usize = 40;
    let (columns, rows) = (640 / SIDE, 360 / SIDE);
    let mut sums = vec![0_i64; columns * rows * 3];
    for (place, (one, other)) in one.iter().zip(other).enumerate() {
        let (x, y) = (place / 3 % 640, place / 3 / 640);
        sums[(y / SIDE * columns + x / SIDE) * 3 + place % 3] += i64::from(*one) - i64::from(*other);
    }
    sums.iter().map(|sum| sum.abs() as f64 / (SIDE * SIDE) as f64).sum::<f64>() / sums.len() as f64
}

/// The frame of a dissolve of so many frames, from 0.
fn melted(from: &[u8], to: &[u8], frame: usize, frames: usize) -> Vec<u8> {
    let share = (frame + 1) as f64 / (frames + 1) as f64;
    from.iter().zip(to).map(|(from, to)| (f64::from(*from) * (1.0 - share) + f64::from(*to) * share).round() as u8).collect()
}

#[test]
fn a_dissolve_melts_the_attempts_that_are_used_and_follows_when_another_comes_to_be_used() {
    const FRAMES: usize = 6;
    let (desk, server) = (Desk::tiny(), drifting(0.1));
    for shot in ["framing: close-up", "framing: full"] {
        desk.edit("episodes/s01e01/shots.yaml", shot, &format!("{shot}\n        transition: {{ kind: dissolve, frames: {FRAMES} }}"));
    }
    rendered(&desk, "  attempts: 1\n");
    assert_eq!(produce(&desk, &server).code, 4);
    let shots = ["shot S01E01.01.001", "shot S01E01.01.002", "shot S01E01.01.003"];
    let key =
        |subject: &str, file: &str| files_of(&desk, subject).into_iter().find(|(name, _)| name == file).map(|(_, bytes)| pixels(&bytes));
    let used = || shots.map(|shot| key(shot, "frame-0000.png").unwrap());
    // The greatest difference of a frame from what it should show.
    let dissolves = |of: &str, from: &[u8], to: &[u8]| {
        let film = files_of(&desk, of).into_iter().find(|(name, _)| name == "clip.mp4").unwrap().1;
        std::fs::write(desk.path("dissolve.mp4"), film).unwrap();
        let shown = frames(&desk.path("dissolve.mp4"), from.len());
        assert_eq!(shown.len(), FRAMES);
        (0..FRAMES).map(|frame| apart(&shown[frame], &melted(from, to, frame, FRAMES))).fold(0.0, f64::max)
    };
    let first = used();
    for (index, of) in ["transition S01E01.01.002", "transition S01E01.01.003"].into_iter().enumerate() {
        let off = dissolves(of, &first[index], &first[index + 1]);
        assert!(off < 3.0, "{of}: {off}");
    }

    rendered(&desk, "  attempts: 10\n");
    let plan = desk.json(&["plan"]);
    let again = subjects(&plan);
    assert!(
        again.iter().any(|subject| subject.starts_with("shot")) && again.iter().any(|subject| subject.starts_with("transition")),
        "{again:?}"
    );
    let beside = plan["steps"].as_array().unwrap().iter().find(|step| step["subject"].as_str().unwrap().starts_with("transition")).unwrap();
    assert_eq!(beside["reasons"], serde_json::json!([{ "kind": "beside" }]));
    produce(&desk, &server);
    assert_eq!(subjects(&desk.json(&["plan"])), BTreeSet::new());
    let then = used();
    let mut followed = 0;
    for (index, of) in ["transition S01E01.01.002", "transition S01E01.01.003"].into_iter().enumerate() {
        let (now, before) = (dissolves(of, &then[index], &then[index + 1]), dissolves(of, &first[index], &first[index + 1]));
        assert!(now < 3.0, "{of}: {now}");
        if then[index] != first[index] || then[index + 1] != first[index + 1] {
            followed += 1;
            assert!(before > now + 1.0, "{of}: {before} {now}");
        }
    }
    assert!(followed > 0, "another attempt is used of one of the shots");
}
