//! Into the studio and out of it, as people do it: folders, archives, screenplays, the cast as a table.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use desk::Desk;

const TEXT: &str = "<b>O'Brien & 明</b>";

fn example(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).display().to_string()
}

/// Every file of a folder that is not hidden, by its path, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with('.') || entry.file_name() == "out" {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else {
                found.insert(entry.path().strip_prefix(folder).unwrap().to_owned(), std::fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_folder_goes_into_the_store_and_back_without_loss() {
    let desk = Desk::tiny();
    desk.edit("project.yaml", "title:", &format!("tagline: \"{TEXT}\" # {TEXT}\ntitle:"));
    for (number, from) in [example("lantern-road"), example("tiny"), desk.project().display().to_string()].iter().enumerate() {
        let (store, folder) = (format!("../store-{number}"), format!("../folder-{number}"));
        let first = desk.json(&["import", from, "--to", &store]);
        desk.json(&["export", &folder, "--project", &store]);
        assert_eq!(files(&desk.path(&folder)), files(Path::new(from)), "{from}");
        let second = desk.json(&["import", &folder]);
        assert_eq!(first["tree"], second["tree"], "{from}");
        assert!(first["tree"].is_string());
    }
}

#[test]
fn an_older_version_goes_over_a_project_only_when_that_is_meant() {
    let desk = Desk::tiny();
    desk.json(&["import", "."]);
    desk.edit("bible/characters/aki.yaml", "#3c4a72", "#a83c2c");
    std::fs::create_dir_all(desk.path("parts/hair/mine")).unwrap();
    desk.write("bible/world.yaml", "era: now\n");
    desk.json(&["import", ".", "-m", "Red hair"]);
    desk.json(&["export", "../git"]);
    std::fs::create_dir(desk.path("../git/.git")).unwrap();
    let refused = desk.run(&["export", "../git", "--ref", "HEAD~1"]);
    assert!(refused.code == 1 && refused.err.contains("is not empty"), "{refused:?}");
    let done = desk.json(&["export", "../git", "--ref", "HEAD~1", "--replace"]);
    assert_eq!((done["files"]["written"].as_u64(), done["files"]["removed"].as_u64()), (Some(1), Some(1)), "{done}");
    assert!(desk.path("../git/.git").exists());
    assert!(!std::fs::read_to_string(desk.path("../git/bible/characters/aki.yaml")).unwrap().contains("#a83c2c"));
}

#[test]
fn a_history_travels_in_one_file_and_its_project_is_there_as_it_was() {
    let desk = Desk::tiny();
    desk.json(&["import", "."]);
    desk.edit("bible/characters/aki.yaml", "#3c4a72", "#a83c2c");
    assert_eq!(desk.run(&["bible", "commit", "-m", TEXT]).code, 0);
    assert_eq!(desk.run(&["bible", "tag", "pilot", "-m", "to the network"]).code, 0);
    let made = desk.json(&["export", "../tiny.echo"]);
    assert_eq!((made["commits"].as_u64(), made["tags"].as_u64()), (Some(2), Some(1)), "{made}");
    let again = desk.run(&["export", "../tiny.echo"]);
    assert!(again.code == 1 && again.err.contains("--replace"), "{again:?}");

    let imported = desk.json(&["import", "../tiny.echo", "--to", "../elsewhere"]);
    assert_eq!(imported["names"].as_array().unwrap().len(), 2, "{imported}");
    assert_eq!(files(&desk.path("../elsewhere")), files(&desk.project()));
    let log = |project: &str| desk.json(&["bible", "log", "--project", project]);
    assert_eq!(log("../elsewhere"), log("."));

    // Work goes on here, and the other place catches up; its files with it.
    desk.edit("bible/characters/aki.yaml", "#a83c2c", "#101010");
    assert_eq!(desk.run(&["bible", "commit", "-m", "Black hair"]).code, 0);
    desk.json(&["export", "../tiny.echo", "--replace"]);
    let imported = desk.json(&["import", "../tiny.echo", "--to", "../elsewhere"]);
    assert!(imported["files_written"] == true && imported["names"].to_string().contains("forward"), "{imported}");
    assert_eq!(files(&desk.path("../elsewhere")), files(&desk.project()));
}

#[test]
fn an_archive_that_is_damaged_or_of_another_show_is_refused_and_nothing_is_made() {
    let desk = Desk::tiny();
    desk.json(&["import", "."]);
    desk.json(&["export", "../tiny.echo"]);
    let mut bytes = std::fs::read(desk.path("../tiny.echo")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(desk.path("../damaged.echo"), &bytes).unwrap();
    let refused = desk.run(&["import", "../damaged.echo", "--to", "../new"]);
    assert!(refused.code == 1 && refused.err.contains("archive"), "{refused:?}");
    assert!(!desk.path("../new").exists());
    desk.json(&["import", &example("lantern-road"), "--to", "../other"]);
    let refused = desk.run(&["import", "../tiny.echo", "--to", "../other"]);
    assert!(refused.code == 1 && refused.err.contains("`tiny`"), "{refused:?}");
    let refused = desk.run(&["import", "project.yaml"]);
    assert!(refused.code == 1 && refused.err.contains("nothing that can be imported"), "{refused:?}");
}

#[test]
fn a_screenplay_becomes_an_episode_and_says_what_the_bible_lacks() {
    let desk = Desk::tiny();
    let fdx = "<?xml version=\"1.0\"?><FinalDraft DocumentType=\"Script\"><Content>\
        <Paragraph Type=\"Scene Heading\" Number=\"1\"><Text>EXT. STREET - NIGHT</Text></Paragraph>\
        <Paragraph Type=\"Character\"><Text>AKI</Text></Paragraph>\
        <Paragraph Type=\"Dialogue\"><Text>&lt;b&gt;O'Brien &amp; 明&lt;/b&gt;</Text></Paragraph></Content></FinalDraft>";
    desk.write("two.fdx", fdx);
    let made = desk.json(&["import", "two.fdx", "--episode", "2"]);
    assert_eq!((made["episode"].as_str(), made["scenes"].as_u64()), (Some("S01E02"), Some(1)), "{made}");
    let script = std::fs::read_to_string(desk.path("episodes/s01e02/script.fountain")).unwrap();
    assert_eq!(script, format!("EXT. STREET - NIGHT #1#\n\nAKI\n{TEXT}\n"));
    assert_eq!(desk.run(&["check"]).code, 0);

    let taken = desk.run(&["import", "two.fdx", "--episode", "S01E02"]);
    assert!(taken.code == 1 && taken.err.contains("--replace") || taken.err.contains("replaced"), "{taken:?}");
    let fountain = "INT. NOWHERE - DAY\r\n\r\nNOBODY\r\nHello.\r\n";
    desk.write("three.fountain", fountain);
    let made = desk.json(&["import", "three.fountain", "--episode", "S01E02", "--replace"]);
    assert_eq!(std::fs::read_to_string(desk.path("episodes/s01e02/script.fountain")).unwrap(), fountain);
    assert!(made["problems"].to_string().contains("NOBODY"), "{made}");
    desk.write("four.fdx", "<FinalDraft><Content></FinalDraft>");
    let broken = desk.run(&["import", "four.fdx", "--episode", "4"]);
    assert!(broken.code == 1 && broken.err.contains("line 1, column 22"), "{broken:?}");
    assert!(!desk.path("episodes/s01e04").exists());
}

#[test]
fn the_cast_goes_out_as_a_table_and_comes_back() {
    let desk = Desk::tiny();
    assert_eq!(desk.run(&["cast", "export", "cast.csv", "--excel"]).code, 0);
    let table = std::fs::read_to_string(desk.path("cast.csv")).unwrap();
    assert_eq!(desk.json(&["cast", "import", "cast.csv"]), serde_json::json!([]));
    assert_eq!(desk.run(&["cast", "export"]).out, table.trim_start_matches('\u{feff}'));

    desk.write("cast.csv", &format!("character,voice_actor,languages\naki,\"{TEXT}\",en; ja\n"));
    let before = std::fs::read_to_string(desk.path("bible/characters/aki.yaml")).unwrap();
    assert_eq!(desk.json(&["cast", "import", "cast.csv", "--dry-run"]).as_array().unwrap().len(), 2);
    assert_eq!(std::fs::read_to_string(desk.path("bible/characters/aki.yaml")).unwrap(), before);
    desk.json(&["cast", "import", "cast.csv"]);
    let after = std::fs::read_to_string(desk.path("bible/characters/aki.yaml")).unwrap();
    assert!(after.contains(TEXT) && after.contains("# change this one, and see `echo-studio plan`"), "{after}");
    assert_eq!(desk.run(&["check"]).code, 0);

    desk.write("cast.csv", "character,name\naki,Kit\n");
    let refused = desk.run(&["cast", "import", "cast.csv"]);
    assert!(refused.code == 3 && refused.err.contains("\"Kit\""), "{refused:?}");
    assert_eq!(std::fs::read_to_string(desk.path("bible/characters/aki.yaml")).unwrap(), after);
    desk.write("cast.csv", "character,age\naki,young\n");
    let refused = desk.run(&["cast", "import", "cast.csv"]);
    assert!(refused.code == 3 && refused.err.contains("cast.csv:2:2: age:"), "{refused:?}");
}
