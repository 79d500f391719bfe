//! A desk for tests: a copy of an example in a folder of its own, and the program to run on it.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

/// What the program said and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    /// A copy of `examples/tiny`: one scene, three shots of about a second, two characters.
    pub(crate) fn tiny() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny"), &folder.path().join("tiny"));
        Self { folder }
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().join("tiny")
    }

    /// A file of the project.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.project().join(name)
    }

    /// The program, to be started on the project.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_echo-studio"));
        command.args(arguments).current_dir(self.project()).env("NO_COLOR", "1").env_remove("ECHO_STUDIO_DATABASE");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs it and expects it to end well, with JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let said = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(said.code, 0, "{arguments:?}: {said:?}");
        serde_json::from_str(&said.out).unwrap()
    }

    /// Produces it to a cut episode.
    pub(crate) fn produced() -> Self {
        let desk = Self::tiny();
        let outcome = desk.json(&["produce", "--quiet"]);
        assert_eq!(outcome["episodes"][0]["cut"], true, "{outcome}");
        desk
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// Subjects of the plan's steps that do something.
    pub(crate) fn planned(&self, action: &str) -> BTreeSet<String> {
        let plan = self.json(&["plan"]);
        let steps = plan["steps"].as_array().unwrap();
        steps.iter().filter(|step| step["action"] == action).map(|step| step["subject"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn film(&self) -> PathBuf {
        self.path("out/S01E01/tiny-S01E01.mp4")
    }

    /// Every stored file, by the digest that is its name, with its bytes.
    pub(crate) fn blobs(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let folders = std::fs::read_dir(self.path(".echo/blobs")).into_iter().flatten().flatten();
        for file in folders.filter_map(|folder| std::fs::read_dir(folder.path()).ok()).flatten().flatten() {
            let name = file.file_name().into_string().unwrap();
            if name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                found.push((name, std::fs::read(file.path()).unwrap()));
            }
        }
        found.sort();
        found
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name == ".echo" || name == "out" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}
