//! Folders as working copies of a history: two people with a folder each, and one store.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;

use std::path::Path;

use bible::version::{Author, Resolutions};
use desk::at;
use studio::folder::Folder;
use studio::history::{Edits, Expected, Onto, Switched, Synced, folder_changes};
use studio::{History, HistoryError, Show, Studio, StudioError};

/// Two copies of the small example, and a store for both.
struct Team {
    disk: tempfile::TempDir,
    studio: Studio,
    history: History,
}

impl Team {
    async fn new() -> Self {
        let disk = tempfile::tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny");
        for person in ["mei", "rin"] {
            copy(&example, &disk.path().join(person));
        }
        let place = |name: &str| disk.path().join(name).display().to_string();
        let database = format!("sqlite:{}", place("studio.db"));
        let studio = Studio::open(&database.parse().unwrap(), &format!("file:{}", place("blobs")).parse().unwrap()).await.unwrap();
        let history = studio.history_of(&Show::load(&disk.path().join("mei")).unwrap()).await.unwrap();
        let team = Self { disk, studio, history };
        assert!(matches!(team.sync("mei", 0).await, Synced::Committed { .. }));
        assert!(matches!(team.sync("rin", 1).await, Synced::Unchanged { .. }));
        team
    }

    fn folder(&self, person: &str) -> Folder {
        Folder::read(&self.disk.path().join(person)).unwrap()
    }

    fn onto(second: i64) -> Onto {
        Onto {
            branch: None,
            expected: Expected::Any,
            resolutions: Resolutions::new(),
            author: Author::named("Mei"),
            message: None,
            at: at(second),
        }
    }

    async fn sync(&self, person: &str, second: i64) -> Synced {
        self.history.sync(&self.folder(person), format!("{person} {second}"), Self::onto(second)).await.unwrap()
    }

    async fn switch(&self, person: &str, branch: &str, edits: Edits) -> Result<Switched, StudioError> {
        self.history.switch_folder(&self.folder(person), &branch.parse().unwrap(), edits, Self::onto(50)).await
    }

    fn edit(&self, person: &str, file: &str, old: &str, new: &str) {
        let path = self.disk.path().join(person).join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} has no {old}: {text}");
        std::fs::write(path, text.replace(old, new)).unwrap();
    }

    fn text(&self, person: &str, file: &str) -> String {
        std::fs::read_to_string(self.disk.path().join(person).join(file)).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') || name == "out" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

const PROJECT: &str = "project.yaml";
const AKI: &str = "bible/characters/aki.yaml";

#[tokio::test]
async fn a_folder_whose_commit_was_made_just_before_the_process_ended_does_not_contradict_itself() {
    let team = Team::new().await;
    let record = team.disk.path().join("mei/.echo/checkout.json");
    let mut noted: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    team.edit("mei", AKI, "age: 14", "age: 15");
    let Synced::Committed { made, .. } = team.sync("mei", 2).await else { panic!("not committed") };
    // The commit was made; that it was, is not noted.
    noted["pending"] = serde_json::to_value(team.history.commit_of(made.id).await.unwrap().tree).unwrap();
    std::fs::write(&record, noted.to_string()).unwrap();
    team.edit("mei", AKI, "age: 15", "age: 16");
    let Synced::Committed { made: next, .. } = team.sync("mei", 3).await else { panic!("a conflict with itself") };
    assert_eq!(team.history.commit_of(next.id).await.unwrap().parents, [made.id]);
    assert!(matches!(team.sync("mei", 4).await, Synced::Unchanged { .. }));
}

#[tokio::test]
async fn a_folder_that_is_behind_takes_back_nothing_of_what_others_committed() {
    let team = Team::new().await;
    team.edit("mei", PROJECT, "title: ", "# Mei was here\ntitle: ");
    assert!(matches!(team.sync("mei", 2).await, Synced::Committed { .. }));
    let name = "bible/world.yaml";
    std::fs::write(team.disk.path().join("rin").join(name), "name: A small world\n").unwrap();
    let Synced::Committed { made, updated } = team.sync("rin", 3).await else { panic!("Rin edited") };
    assert_eq!(updated, [PROJECT]);
    assert!(team.text("rin", PROJECT).contains("# Mei was here"));
    let tip = team.history.snapshot(made.id).await.unwrap().written();
    assert!(tip.text(PROJECT).unwrap().contains("# Mei was here") && tip.text(name).is_some());

    let Synced::Updated { updated, .. } = team.sync("mei", 4).await else { panic!("Mei is behind") };
    assert_eq!(updated, [name]);
    assert!(matches!(team.sync("mei", 5).await, Synced::Unchanged { .. }));
}

#[tokio::test]
async fn edits_of_one_place_in_two_folders_are_a_conflict_and_both_folders_stay() {
    let team = Team::new().await;
    for (person, weight) in [("mei", "1.25"), ("rin", "1.75")] {
        std::fs::write(team.disk.path().join(person).join("bible/style.yaml"), format!("line_weight: {weight}\n")).unwrap();
    }
    assert!(matches!(team.sync("mei", 2).await, Synced::Committed { .. }));
    let Synced::Conflicts(conflicts) = team.sync("rin", 3).await else { panic!("they contradict") };
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert_eq!(conflicts[0].path, "style.line_weight");
    assert_eq!(conflicts[0].ours, Some(serde_json::json!(1.75)), "ours is what lies in the folder");
    assert_eq!(team.text("rin", "bible/style.yaml"), "line_weight: 1.75\n");
}

#[tokio::test]
async fn going_to_another_branch_brings_its_files_and_loses_no_edit() {
    let team = Team::new().await;
    let main = team.text("mei", PROJECT);
    let head = team.history.head().await.unwrap().commit.unwrap();
    team.history.create_branch(&"night".parse().unwrap(), head, &Author::named("Mei"), at(2)).await.unwrap();
    assert!(matches!(team.switch("mei", "night", Edits::Refuse).await.unwrap(), Switched::Done { .. }));
    team.edit("mei", PROJECT, "title: ", "# night\ntitle: ");
    team.sync("mei", 3).await;
    let Switched::Done { updated, head } = team.switch("mei", "main", Edits::Refuse).await.unwrap() else { panic!("nothing is edited") };
    assert_eq!((updated.as_slice(), head.branch.as_str()), ([PROJECT.to_owned()].as_slice(), "main"));
    assert_eq!(team.text("mei", PROJECT), main);

    std::fs::write(team.disk.path().join("mei/bible/world.yaml"), "name: Unsaved\n").unwrap();
    let refused = team.switch("mei", "night", Edits::Refuse).await.unwrap_err();
    assert!(matches!(&refused, StudioError::History(HistoryError::Uncommitted { documents }) if documents == &["world"]), "{refused}");
    team.switch("mei", "night", Edits::Carry).await.unwrap();
    assert_eq!(team.text("mei", "bible/world.yaml"), "name: Unsaved\n");
    assert!(team.text("mei", PROJECT).contains("# night"));
    let edits = folder_changes(&team.history, &team.folder("mei")).await.unwrap();
    assert!(edits.iter().all(|change| change.path.starts_with("world")), "only the edit that came along: {edits:?}");
    let unknown = team.switch("mei", "nigth", Edits::Refuse).await.unwrap_err();
    assert!(unknown.to_string().contains("did you mean `night`"), "{unknown}");
}

#[tokio::test]
async fn impact_lists_exactly_the_pictures_whose_recipes_differ() {
    let team = Team::new().await;
    let before = Show::load(&team.disk.path().join("mei")).unwrap();
    let (slug, part, colour) = before
        .project
        .bible
        .characters
        .iter()
        .find_map(|(slug, character)| character.colour_model.iter().next().map(|(part, colour)| (slug.clone(), part.clone(), colour.base)))
        .unwrap();
    let file = format!("bible/characters/{slug}.yaml");
    team.edit("mei", &file, &colour.to_string(), "#13579b");
    let after = Show::load(&team.disk.path().join("mei")).unwrap();
    let impact = team.studio.impact(&before, &after).await.unwrap();
    let recipes = |show: &Show| studio::plan::all_recipes(&show.project, &show.engine()).unwrap();
    let (old, new) = (recipes(&before), recipes(&after));
    let expected: Vec<String> =
        new.iter().filter(|(subject, recipe)| old.get(*subject) != Some(recipe)).map(|(subject, _)| subject.to_string()).collect();
    let mut stale: Vec<String> = impact.to_draw().map(|step| step.subject.to_string()).collect();
    stale.sort();
    let mut sorted = expected.clone();
    sorted.sort();
    assert!(!stale.is_empty() && stale.len() < new.len());
    assert_eq!(stale, sorted);
    assert!(
        impact.to_draw().all(|step| step.reasons.iter().any(|reason| reason.to_string().contains(&format!("colour_model.{part}")))),
        "{impact:?}"
    );
    assert!(team.studio.impact(&after, &after).await.unwrap().is_empty());
}
