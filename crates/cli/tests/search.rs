//! Finding pictures from the command line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod desk;

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
