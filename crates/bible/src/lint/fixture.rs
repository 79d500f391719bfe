//! A show in a few lines, for tests of rules.

use serde_json::{Value, json};

use super::{Input, Report, lint};
use crate::Project;
use crate::source::{Source, SourceTree, read};
use crate::story::Episode;

/// A show with a room and a person, to which tests add what a rule is about.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    tree: SourceTree,
    scenes: Vec<Value>,
}

impl Desk {
    pub(super) fn new() -> Self {
        let mut tree = SourceTree::new();
        tree.insert("project.yaml", "slug: test\ntitle: Test\n");
        tree.insert("bible/locations/room.yaml", "name: Room\nset: workshop\n");
        tree.insert("bible/locations/street.yaml", "name: Street\nset: lantern-street\n");
        Self { tree, scenes: Vec::new() }
    }

    /// Adds a character; what a drawing needs is filled in unless given.
    pub(super) fn character(mut self, slug: &str, yaml: &str) -> Self {
        let mut text = yaml.to_owned();
        if !text.contains("\nvisual_traits:") {
            text.push_str("visual_traits: { build: slim, height_cm: 165 }\n");
        }
        if !text.contains("\ncolour_model:") {
            text.push_str("colour_model: { skin: \"#f6d9c4\" }\n");
        }
        self.tree.insert(&format!("bible/characters/{slug}.yaml"), text);
        self
    }

    /// Adds a file.
    pub(super) fn file(mut self, path: &str, text: &str) -> Self {
        self.tree.insert(path, text);
        self
    }

    /// The script of the first episode.
    pub(super) fn script(self, text: &str) -> Self {
        self.file("episodes/s01e01/script.fountain", text)
    }

    /// Adds a scene of the first episode: heading, place, light, and its shots as JSON.
    #[expect(clippy::needless_pass_by_value, reason = "tests write the shots where they stand")]
    pub(super) fn scene(mut self, heading: &str, location: &str, time: &str, shots: Value) -> Self {
        let number = self.scenes.len() + 1;
        let shots: Vec<Value> = shots
            .as_array()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(index, mut shot)| {
                shot["at"] = json!(format!("S01E01.{number:02}.{:03}", index + 1));
                for (field, value) in [("frames", json!(24)), ("framing", json!("medium"))] {
                    if shot.get(field).is_none() {
                        shot[field] = value;
                    }
                }
                shot
            })
            .collect();
        self.scenes.push(json!({
            "at": format!("S01E01.{number:02}"), "heading": heading, "location": location, "time": time, "shots": shots,
        }));
        self
    }

    fn read(&self) -> (Project, Source) {
        let source = read(&self.tree);
        // Rules also meet shows that were not read from files, so those that files may not say are built here.
        let mut project = source.project.clone().unwrap_or_else(|| panic!("{:#?}", source.problems));
        if !self.scenes.is_empty() {
            let episode = json!({ "at": "S01E01", "title": "One", "scenes": self.scenes });
            project.episodes = vec![serde_json::from_value::<Episode>(episode).unwrap()];
        }
        (project, source)
    }

    pub(super) fn lint(&self) -> Report {
        self.lint_changed(|_| {})
    }

    /// Lints after a change that no file could make.
    pub(super) fn lint_changed(&self, change: impl FnOnce(&mut Project)) -> Report {
        let (mut project, source) = self.read();
        change(&mut project);
        lint(&Input { project: &project, episodes: &source.episodes, source: Some(&source), tree: Some(&self.tree) })
    }

    /// How many findings of a rule there are.
    pub(super) fn found(&self, rule: &str) -> usize {
        count(&self.lint(), rule)
    }
}

/// How many findings of a rule a report has.
pub(super) fn count(report: &Report, rule: &str) -> usize {
    report.findings.iter().filter(|finding| finding.rule.id == rule).count()
}
