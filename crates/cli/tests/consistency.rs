//! Calibrating and benchmarking on folders of labelled pairs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "desk/comfy.rs"]
mod comfy;
mod desk;

use std::path::Path;

use desk::Desk;

/// A picture of one disc on white, as PNG.
fn disc(colour: [u8; 3], wobble: u8) -> Vec<u8> {
    let (width, height) = (96u32, 54u32);
    let pixels = (0..width * height).flat_map(|place| {
        let (x, y) = ((place % width) as i32 - 48, (place / width) as i32 - 27);
        if x * x + y * y < 400 { colour.map(|code| code.saturating_add(wobble)) } else { [255; 3] }
    });
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&pixels.collect::<Vec<u8>>()).unwrap();
    bytes
}

/// Pairs of nine characters, each a disc in a colour of its own: right ones wobble, wrong ones have another colour.
fn pairs(folder: &Path) {
    for character in 0..9u8 {
        let own = [20 + character * 24, 60, 220 - character * 20];
        for number in 0..5u8 {
            let write = |label: &str, kind: &str, picture: Vec<u8>| {
                let pair = folder.join(label).join(format!("c{character}.{kind}.{number}"));
                std::fs::create_dir_all(&pair).unwrap();
                std::fs::write(pair.join("picture.png"), picture).unwrap();
                std::fs::write(pair.join("reference.png"), disc(own, 0)).unwrap();
            };
            write("same", "wobble", disc(own, number * 2));
            write("different", "colour", disc([own[2], 200 - number * 5, own[0]], 0));
        }
    }
}

#[test]
fn a_calibration_is_fitted_and_measured_on_pairs_and_comes_out_the_same_again() {
    let desk = Desk::tiny();
    let folder = desk.path("pairs");
    pairs(&folder);
    let calibration = desk.json(&["consistency", "calibrate", "pairs"]);
    assert_eq!((calibration["fitted"]["characters"].as_u64(), calibration["fitted"]["held_out"].as_u64()), (Some(6), Some(3)));
    assert_eq!(calibration["measures"][0]["measure"], "palette");
    let report = desk.json(&["consistency", "bench", "pairs", "--calibration", "pairs/calibration.json", "--held-out"]);
    assert_eq!((report["pairs"].as_u64(), report["together"]["auc"].as_f64()), (Some(30), Some(1.0)));
    let files = ["report.json", "roc.svg", "reliability.svg", "spread.svg"];
    let read = || files.map(|file| std::fs::read(folder.join("report").join(file)).unwrap());
    let first = read();
    desk.json(&["consistency", "bench", "pairs", "--calibration", "pairs/calibration.json", "--held-out"]);
    assert_eq!(first, read());
}

#[test]
fn masks_of_pairs_are_used_withheld_or_both() {
    let desk = Desk::produced();
    let drawn = |subject: &str| comfy::files_of(&desk, subject);
    let ends_with =
        |files: &[(String, Vec<u8>)], end: &str| files.iter().find(|(name, _)| name.ends_with(end)).map(|(_, bytes)| bytes.clone());
    let (own, other) = (drawn("sheet aki/everyday/front"), drawn("sheet kit/plain/front"));
    let picture = |files: &[(String, Vec<u8>)]| files[0].1.clone();
    for (pair, shown) in [("same/aki.right.1", picture(&own)), ("different/aki.other.1", picture(&other))] {
        let folder = desk.path("pairs").join(pair);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("picture.png"), shown).unwrap();
        for file in ["layout.png", "reference.png"] {
            std::fs::write(folder.join(file), picture(&own)).unwrap();
        }
        for end in ["parts.png", "parts.json", "skeletons.json"] {
            std::fs::write(folder.join(format!("layout.{end}")), ends_with(&own, end).unwrap()).unwrap();
        }
    }
    let measured = |masks: &str| {
        let report = desk.json(&["consistency", "bench", "pairs", "--masks", masks]);
        let measures = report["measures"].as_array().unwrap().iter();
        let of = measures.map(|one| (one["measure"].as_str().unwrap().to_owned(), one["measured"].as_u64().unwrap()));
        let by_masks = of.filter(|(name, _)| name == "colour-model").map(|(_, count)| count).sum::<u64>();
        (report["pairs"].as_u64().unwrap(), by_masks)
    };
    assert_eq!((measured("used"), measured("withheld"), measured("both")), ((2, 2), (2, 0), (4, 2)));
}

#[test]
fn a_folder_without_pairs_says_how_one_is_laid_out() {
    let desk = Desk::tiny();
    let said = desk.run(&["consistency", "bench", "bible"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("same") && said.err.contains("different") && said.err.contains("picture.png"), "{}", said.err);
}

#[test]
fn a_gate_is_proposed_from_what_people_said_and_nothing_is_changed() {
    let desk = Desk::produced();
    let before = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    let propose = || desk.json(&["consistency", "propose"]);
    assert_eq!((&propose()["accepted"], &propose()["rejected"]), (&0.into(), &0.into()), "the gate's own word does not count");
    let pictures = desk.json(&["pictures"]);
    let sheets =
        pictures.as_array().unwrap().iter().filter_map(|picture| picture["subject"].as_str()).filter(|name| name.starts_with("sheet "));
    for (index, sheet) in sheets.take(5).enumerate() {
        let word = if index < 3 { "--accept" } else { "--reject" };
        assert_eq!(desk.run(&["review", sheet, word, "--by", "Mori"]).code, 0);
    }
    let proposal = propose();
    assert_eq!(proposal["outcome"], "too_few", "{proposal}");
    assert_eq!((&proposal["accepted"], &proposal["rejected"], &proposal["needed"]), (&3.into(), &2.into(), &30.into()));
    let said = desk.run(&["consistency", "propose"]).out;
    assert!(said.contains("people accepted 3 and rejected 2 measured pictures; 30 of each are needed"), "{said}");
    assert_eq!(std::fs::read_to_string(desk.path("project.yaml")).unwrap(), before);
}

#[test]
fn what_people_decided_on_becomes_pairs_that_are_measured_as_any_others() {
    let (desk, server) = (Desk::tiny(), comfy::drifting(0.1));
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();
    desk.write("project.yaml", &format!("{project}{}  attempts: 1\n", comfy::RENDER));
    let early = desk.run(&["consistency", "collect", "pairs"]);
    assert!(early.code == 1 && early.err.contains("produce it first"), "{early:?}");
    assert_eq!(desk.run(&["produce", "--quiet", "--comfyui", &server.url]).code, 4);
    let review = |subject: &str, word: &str| assert_eq!(desk.run(&["review", subject, word, "--by", "Mori"]).code, 0, "{subject}");
    for slot in ["front", "side", "back"] {
        review(&format!("sheet aki/everyday/{slot}"), "--accept");
    }
    for subject in ["sheet aki/everyday/happy", "shot S01E01.01.001"] {
        review(subject, "--reject");
    }
    // Nobody of Kit's sheet is accepted, and two people are in the third shot.
    review("sheet kit/plain/front", "--reject");
    review("shot S01E01.01.003", "--accept");

    let collected = desk.json(&["consistency", "collect", "pairs"]);
    assert_eq!((&collected["same"], &collected["different"]), (&3.into(), &2.into()), "{collected}");
    let left_out = collected["left_out"].to_string();
    assert!(
        left_out.contains("no other accepted picture of a sheet shows kit") && left_out.contains("not exactly one person"),
        "{left_out}"
    );
    for pair in ["same/aki.sheet.1", "same/aki.sheet.3", "different/aki.sheet.1", "different/aki.shot.1"] {
        for file in ["picture.png", "reference.png", "layout.png", "layout.parts.png", "layout.parts.json", "layout.skeletons.json"] {
            assert!(desk.path(&format!("pairs/{pair}/{file}")).is_file(), "{pair}/{file}");
        }
    }
    let same = |one: &str, other: &str| std::fs::read(desk.path(one)).unwrap() == std::fs::read(desk.path(other)).unwrap();
    assert!(same("pairs/different/aki.sheet.1/reference.png", "pairs/different/aki.shot.1/reference.png"), "the front stands for her");
    for number in 1..=3 {
        assert!(!same(&format!("pairs/same/aki.sheet.{number}/reference.png"), &format!("pairs/same/aki.sheet.{number}/picture.png")));
    }
    let report = desk.json(&["consistency", "bench", "pairs"]);
    assert_eq!((&report["pairs"], &report["unjudged"]), (&5.into(), &serde_json::json!([])), "{report}");
    let too_few = desk.run(&["consistency", "calibrate", "pairs"]);
    assert!(too_few.code == 1 && too_few.err.contains("20"), "{too_few:?}");
    let again = desk.run(&["consistency", "collect", "pairs"]);
    assert!(again.code == 1 && again.err.contains("pairs"), "a folder that is there stays as it is: {again:?}");
}

#[test]
fn bounds_by_kind_leave_what_lies_between_them_to_a_person_and_changing_them_draws_nothing() {
    let desk = Desk::produced();
    let statuses = |kind: &str| -> Vec<(String, String)> {
        let pictures = desk.json(&["pictures"]);
        let of_kind = pictures.as_array().unwrap().iter().filter(|picture| picture["subject"].as_str().unwrap().starts_with(kind));
        let told = |picture: &serde_json::Value| (picture["status"].as_str().unwrap().to_owned(), picture["gate_rule"].to_string());
        of_kind.map(told).collect()
    };
    assert!(statuses("").iter().all(|(status, rule)| status == "accepted" && rule == "null"), "{:?}", statuses(""));
    let project = std::fs::read_to_string(desk.path("project.yaml")).unwrap();

    // Nothing of the layout engine is perfect to the last bit, and nothing is far off.
    desk.write("project.yaml", &format!("{project}gate: {{ accept: 0.85, sheets: {{ accept: 1, person: 0.5 }} }}\n"));
    let plan = desk.json(&["plan"]);
    assert_eq!(plan["steps"].as_array().unwrap().len(), 0, "{plan}");
    let said = desk.run(&["produce", "--quiet"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.out.starts_with("Nothing to draw"), "{}", said.out);
    assert!(said.out.contains("from 0.500 and below 1.000 a person decides, by the gate of sheets"), "{}", said.out);
    assert!(statuses("sheet ").iter().any(|(status, rule)| status == "needs_review" && rule == "\"sheets\""), "{:?}", statuses("sheet "));
    assert!(statuses("shot ").iter().all(|(status, rule)| status == "accepted" && rule == "null"), "{:?}", statuses("shot "));
    let waiting = desk.json(&["pictures", "--waiting"]);
    let waiting = waiting[0]["subject"].as_str().unwrap();
    let reviewed = desk.run(&["review", waiting, "--accept", "--by", "Mori"]);
    assert!(reviewed.out.contains("The gate had said needs review: 0."), "{}", reviewed.out);
    assert!(reviewed.out.contains("accepted from 1.000, for a person from 0.500 (the gate of sheets)"), "{}", reviewed.out);

    desk.write("project.yaml", &format!("{project}gate: {{ sheets: {{ accept: 1, person: 1 }} }}\n"));
    desk.run(&["produce", "--quiet"]);
    assert!(statuses("sheet ").iter().any(|(status, _)| status == "rejected"), "no band, no person");
    let kept = desk.json(&["pictures"]);
    let kept = kept.as_array().unwrap().iter().find(|picture| picture["subject"] == waiting).unwrap();
    assert_eq!((&kept["status"], &kept["decided_by"]), (&"accepted".into(), &"Mori".into()), "a person's word stands");

    desk.write("project.yaml", &project);
    assert_eq!(desk.run(&["produce", "--quiet"]).code, 0);
    assert!(
        statuses("").iter().all(|(status, rule)| status == "accepted" && (rule == "null" || rule == "\"sheets\"")),
        "{:?}",
        statuses("")
    );
}
