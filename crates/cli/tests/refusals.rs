//! Bad input and bad luck: each gets a clear error, and nothing is lost.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on fails, and one that cannot be tried says so")]

mod desk;

use std::process::Command;

use desk::{Desk, Said};

const AKI: &str = "bible/characters/aki.yaml";
const SCRIPT: &str = "episodes/s01e01/script.fountain";
const SHOTS: &str = "episodes/s01e01/shots.yaml";

/// Spoils a sound project, and expects `check` to say exactly this, naming file, line and column.
fn refused(spoil: impl FnOnce(&Desk), said: &str) {
    let desk = Desk::tiny();
    spoil(&desk);
    let answer = desk.run(&["check"]);
    assert_eq!(answer.code, 3, "{answer:?}");
    assert!(answer.err.lines().any(|line| line == said), "expected {said}\n{}", answer.err);
    // Producing refuses in the same words, before anything is made.
    let answer = desk.run(&["produce", "--quiet"]);
    assert_eq!(answer.code, 3, "{answer:?}");
    assert!(answer.err.contains(said) && desk.blobs().is_empty(), "{}", answer.err);
}

fn append(desk: &Desk, file: &str, text: &str) {
    let before = std::fs::read_to_string(desk.path(file)).unwrap();
    desk.write(file, &(before + text));
}

#[test]
fn yaml_that_is_none_is_shown_with_its_place_and_what_would_be_right() {
    refused(
        |desk| desk.write(AKI, "name: [Aki\n"),
        "bible/characters/aki.yaml:2:1: this is no YAML (while parsing a flow sequence, expected ',' or ']'): close the bracket or brace that is open, and put commas between the items",
    );
    refused(
        |desk| append(desk, AKI, "name: Aki\n"),
        "bible/characters/aki.yaml:25:1: `name` is given twice, first in line 1: keep one of the two",
    );
}

#[test]
fn a_colour_that_is_none_is_refused() {
    refused(
        |desk| desk.edit(AKI, "#3c4a72", "#3c4a7"),
        "bible/characters/aki.yaml:14:9: \"#3c4a7\" is no colour: write # and six hex digits, like \"#2b4c7e\" (in quotes, for YAML reads a bare # as a comment)",
    );
}

#[test]
fn a_speaker_or_a_place_that_the_bible_does_not_know_gets_the_nearest_name() {
    refused(
        |desk| desk.edit(SCRIPT, "\nKIT\n", "\nKITT\n"),
        "episodes/s01e01/script.fountain:13:1: KITT is no character of the bible: did you mean KIT? Or add \"KITT\" to a character's `aliases`",
    );
    refused(
        |desk| desk.edit(SCRIPT, "STREET", "STRET"),
        "episodes/s01e01/script.fountain:4:1: no location is called \"STRET\": did you mean \"Street\"? Or add \"STRET\" to the `aliases` of a location",
    );
}

#[test]
fn references_that_lead_nowhere_are_refused() {
    refused(
        |desk| append(desk, AKI, "relationships:\n  - { to: kitt, kind: friend }\n"),
        "bible/characters/aki.yaml:26:11: there is no character `kitt`: did you mean `kit`?",
    );
    refused(
        |desk| append(desk, AKI, "arc:\n  - at: S01E01.04\n    note: Later.\n"),
        "bible/characters/aki.yaml:26:9: S01E01 has no scene 4: its last scene is S01E01.01",
    );
}

#[test]
fn the_same_name_twice_is_refused() {
    refused(
        |desk| desk.write("bible/characters/aki2.yaml", &std::fs::read_to_string(desk.path(AKI)).unwrap()),
        "bible/characters/aki2.yaml:1:7: \"Aki\" is also a name of `aki`: a script could not tell them apart: choose another",
    );
    refused(
        |desk| {
            std::fs::create_dir(desk.path("episodes/s1e1")).unwrap();
            desk.write("episodes/s1e1/script.fountain", "INT. STREET - DAY\n\nAki waits.\n");
        },
        "episodes/s1e1: S01E01 is here and in episodes/s01e01: keep one of the two folders",
    );
}

#[test]
fn an_episode_without_scenes_and_a_shot_without_frames_are_refused() {
    refused(
        |desk| {
            desk.write(SCRIPT, "Title: Nothing\n");
            std::fs::remove_file(desk.path(SHOTS)).unwrap();
        },
        "episodes/s01e01/script.fountain: S01E01 has no scene: begin one with a heading such as INT. KITCHEN - DAY",
    );
    refused(
        |desk| desk.edit(SHOTS, "frames: 24", "frames: 0"),
        "episodes/s01e01/shots.yaml:16:17: a shot of 0 frames cannot be seen: write 1 or more, or remove the shot",
    );
}

#[test]
fn a_part_that_nobody_drew_is_refused_with_the_nearest() {
    let desk = Desk::tiny();
    desk.edit(AKI, "part: yukata", "part: yukta");
    let said = desk.run(&["produce", "--quiet"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("there is no garment named `yukta`; did you mean `yukata`?"), "{said:?}");
}

#[test]
fn a_folder_without_a_project_says_where_one_is() {
    let desk = Desk::tiny();
    let said = desk.run(&["plan", ".."]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("there is no project.yaml in it") && said.err.contains("did you mean"), "{said:?}");
}

#[test]
fn without_ffmpeg_it_says_so_at_once_and_how_to_get_it() {
    let desk = Desk::tiny();
    let said: Said = desk.command(&["produce", "--quiet"]).env("PATH", desk.project()).output().unwrap().into();
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.err.contains("ffmpeg") && said.err.contains("apt install ffmpeg"), "{said:?}");
    // What was finished without it is kept, and with it the same command goes on.
    let said = desk.run(&["produce", "--quiet"]);
    assert_eq!(said.code, 0, "{said:?}");
}

/// Runs a shell line with mounts of its own; nothing when this system does not allow that.
fn in_own_mounts(line: &str) -> Option<Said> {
    let run =
        |line: &str| Command::new("unshare").args(["--user", "--map-root-user", "--mount", "sh", "-c", line]).env("NO_COLOR", "1").output();
    if run("mount -t tmpfs tmpfs /mnt").is_ok_and(|tried| tried.status.success()) {
        return Some(run(line).unwrap().into());
    }
    println!("not tried: this system does not let a test have mounts of its own");
    None
}

#[test]
fn a_full_disk_loses_nothing_and_the_same_command_goes_on() {
    let (desk, program) = (Desk::tiny(), env!("CARGO_BIN_EXE_echo-studio"));
    let (project, disk) = (desk.project().display().to_string(), desk.path("disk").display().to_string());
    std::fs::create_dir(&disk).unwrap();
    // A disk too small for the episode; then the same disk with room.
    let Some(said) = in_own_mounts(&format!(
        "mount -t tmpfs -o size=1m tmpfs {disk} && cd {project} &&
         {program} produce --quiet --data {disk}/data --out {disk}/out; echo ended with $?
         mount -o remount,size=200m {disk} && {program} produce --quiet --data {disk}/data --out {disk}/out; echo ended with $?
         {program} pictures --json --data {disk}/data | grep -c subject"
    )) else {
        return;
    };
    assert!(said.err.contains("space") || said.err.contains("full"), "{said:?}");
    assert!(said.out.contains("ended with 1\n") && said.out.contains("ended with 0\n") && said.out.ends_with("31\n"), "{said:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let (desk, program) = (Desk::tiny(), env!("CARGO_BIN_EXE_echo-studio"));
    let project = desk.project().display().to_string();
    let Some(said) = in_own_mounts(&format!(
        "mount --bind {project} {project} && mount -o remount,bind,ro {project} && cd {project} && {program} produce --quiet; echo ended with $?"
    )) else {
        return;
    };
    assert!(said.out.contains("ended with 1"), "{said:?}");
    assert!(said.err.contains(".echo") && said.err.contains("can be written"), "{said:?}");
}
