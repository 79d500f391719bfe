//! What merges, reverts, picks, restores and blame promise, on a real store.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;

use bible::version::{Author, Choice, ConflictKind, Resolutions};
use desk::{Desk, at};
use serde_json::json;
use studio::HistoryError;
use studio::history::{Expected, Onto, Outcome};

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

#[tokio::test]
async fn two_peoples_edits_of_one_character_merge_field_by_field_with_comments() {
    let desk = Desk::new().await;
    desk.commit("main", &[("bible/characters/mei.yaml", "name: Mei\nage: 24 # in May\nhome: Edo\n")]).await;
    desk.branch("night").await;
    desk.commit("night", &[("bible/characters/mei.yaml", "name: Mei\nage: 24 # in May\nhome: Kyoto\n")]).await;
    desk.commit("main", &[("bible/characters/mei.yaml", "name: Mei\nage: 25 # in May\nhome: Edo\n")]).await;
    let Outcome::Committed(made) = desk.history.merge(&"night".parse().unwrap(), onto(9), false).await.unwrap() else {
        panic!("no conflict was to be expected");
    };
    assert_eq!(made.commit.parents.len(), 2);
    assert_eq!(made.commit.message, "Merge night into main");
    assert_eq!(desk.text("main", "bible/characters/mei.yaml").await, "name: Mei\nage: 25 # in May\nhome: Kyoto\n");
    let again = desk.history.merge(&"night".parse().unwrap(), onto(10), false).await.unwrap();
    assert!(matches!(again, Outcome::UpToDate { head, .. } if head == made.id));
}

#[tokio::test]
async fn a_branch_without_work_of_its_own_goes_ahead_unless_a_commit_is_wanted() {
    let desk = Desk::new().await;
    desk.commit("main", &[("bible/world.yaml", "era: Edo\n")]).await;
    desk.branch("night").await;
    let ahead = desk.commit("night", &[("bible/world.yaml", "era: Meiji\n")]).await;
    let mut wanted = onto(5);
    wanted.branch = Some("night".parse().unwrap());
    let outcome = desk.history.merge(&"night".parse().unwrap(), onto(5), false).await.unwrap();
    assert!(matches!(outcome, Outcome::FastForward { to, .. } if to == ahead), "{outcome:?}");
    desk.branch("day").await;
    desk.commit("day", &[("bible/world.yaml", "era: Taisho\n")]).await;
    let outcome = desk.history.merge(&"day".parse().unwrap(), onto(6), true).await.unwrap();
    assert!(matches!(outcome, Outcome::Committed(made) if made.commit.is_merge()));
}

#[tokio::test]
async fn conflicts_change_nothing_and_are_resolved_one_by_one() {
    let desk = Desk::new().await;
    desk.commit("main", &[("bible/characters/mei.yaml", "age: 24\nhome: Edo\n")]).await;
    desk.branch("night").await;
    desk.commit("night", &[("bible/characters/mei.yaml", "age: 30\nhome: Kyoto\n")]).await;
    let head = desk.commit("main", &[("bible/characters/mei.yaml", "age: 25\nhome: Osaka\n")]).await;
    let night = "night".parse().unwrap();
    let Outcome::Conflicts(conflicts) = desk.history.merge(&night, onto(7), false).await.unwrap() else { panic!("they contradict") };
    let said: Vec<_> = conflicts.iter().map(|conflict| (conflict.path.as_str(), conflict.kind, conflict.ours.clone().unwrap())).collect();
    assert_eq!(
        said,
        [("characters.mei.age", ConflictKind::EditEdit, json!(25)), ("characters.mei.home", ConflictKind::EditEdit, json!("Osaka"))]
    );
    assert_eq!(desk.history.head().await.unwrap().commit, Some(head), "nothing was changed");

    let mut half = onto(8);
    half.resolutions.insert("characters.mei.age".into(), Choice::Theirs);
    let Outcome::Conflicts(left) = desk.history.merge(&night, half.clone(), false).await.unwrap() else { panic!("one is left") };
    assert_eq!(left.len(), 1);

    let mut slip = half.clone();
    slip.resolutions.insert("characters.mei.hom".into(), Choice::Ours);
    let error = desk.history.merge(&night, slip, false).await.unwrap_err();
    assert!(error.to_string().contains("did you mean `characters.mei.home`"), "{error}");

    half.resolutions.insert("characters.mei.home".into(), Choice::Value(json!("Nara")));
    assert!(matches!(desk.history.merge(&night, half, false).await.unwrap(), Outcome::Committed(_)));
    assert_eq!(desk.text("main", "bible/characters/mei.yaml").await, "age: 30\nhome: Nara\n");
}

#[tokio::test]
async fn branches_merged_crosswise_merge_again_without_made_up_conflicts() {
    let desk = Desk::new().await;
    desk.commit("main", &[("bible/world.yaml", "a: 1\nb: 1\nc: 1\n")]).await;
    desk.branch("night").await;
    let ours = desk.commit("main", &[("bible/world.yaml", "a: 2\nb: 1\nc: 1\n")]).await;
    let theirs = desk.commit("night", &[("bible/world.yaml", "a: 1\nb: 2\nc: 1\n")]).await;
    desk.history.merge(&theirs.into(), onto(5), false).await.unwrap();
    let mut there = onto(6);
    there.branch = Some("night".parse().unwrap());
    desk.history.merge(&ours.into(), there, false).await.unwrap();
    desk.commit("main", &[("bible/world.yaml", "a: 3\nb: 2\nc: 1\n")]).await;
    desk.commit("night", &[("bible/world.yaml", "a: 2\nb: 2\nc: 3\n")]).await;
    let outcome = desk.history.merge(&"night".parse().unwrap(), onto(7), false).await.unwrap();
    assert!(matches!(outcome, Outcome::Committed(_)), "{outcome:?}");
    assert_eq!(desk.text("main", "bible/world.yaml").await, "a: 3\nb: 2\nc: 3\n");
}

#[tokio::test]
async fn reverting_the_last_commit_gives_the_tree_before_and_an_older_one_only_its_change() {
    let desk = Desk::new().await;
    let first = desk.commit("main", &[("bible/world.yaml", "a: 1\nb: 1\n")]).await;
    let second = desk.commit("main", &[("bible/world.yaml", "a: 2\nb: 1\n"), ("bible/style.yaml", "line_weight: 2\n")]).await;
    let Outcome::Committed(back) = desk.history.revert(&second.into(), None, onto(3)).await.unwrap() else { panic!("it is clean") };
    assert_eq!(back.commit.tree, desk.history.commit_of(first).await.unwrap().tree);
    assert!(back.commit.message.starts_with("Revert \"") && back.commit.message.contains(&second.to_string()));
    let twice = desk.history.revert(&second.into(), None, onto(4)).await.unwrap_err();
    assert!(matches!(twice, HistoryError::NothingToCommit), "{twice}");
}

#[tokio::test]
async fn an_older_commit_is_taken_back_without_what_came_after() {
    let desk = Desk::new().await;
    desk.commit("main", &[("bible/world.yaml", "a: 1\nb: 1\n")]).await;
    let older = desk.commit("main", &[("bible/world.yaml", "a: 2\nb: 1\n")]).await;
    desk.commit("main", &[("bible/world.yaml", "a: 2\nb: 2\n")]).await;
    desk.history.revert(&older.into(), None, onto(5)).await.unwrap();
    assert_eq!(desk.text("main", "bible/world.yaml").await, "a: 1\nb: 2\n");
}

#[tokio::test]
async fn a_merge_is_taken_back_only_when_it_is_said_which_side_stays() {
    let desk = Desk::new().await;
    desk.commit("main", &[("bible/world.yaml", "a: 1\nb: 1\n")]).await;
    desk.branch("night").await;
    desk.commit("night", &[("bible/world.yaml", "a: 1\nb: 2\n")]).await;
    desk.commit("main", &[("bible/world.yaml", "a: 2\nb: 1\n")]).await;
    let Outcome::Committed(merged) = desk.history.merge(&"night".parse().unwrap(), onto(5), false).await.unwrap() else { panic!("clean") };
    let unsaid = desk.history.revert(&merged.id.into(), None, onto(6)).await.unwrap_err();
    assert!(matches!(unsaid, HistoryError::Parent { parents: 2, .. }), "{unsaid}");
    desk.history.revert(&merged.id.into(), Some(1), onto(7)).await.unwrap();
    assert_eq!(desk.text("main", "bible/world.yaml").await, "a: 2\nb: 1\n");
}

#[tokio::test]
async fn a_picked_commit_keeps_its_author_and_says_where_it_is_from() {
    let desk = Desk::new().await;
    desk.commit("main", &[("bible/world.yaml", "a: 1\n")]).await;
    desk.branch("night").await;
    desk.commit("night", &[("bible/world.yaml", "a: 1\nmoon: full\n")]).await;
    let picked = desk.commit_as("Rin", "night", &[("bible/style.yaml", "line_weight: 2\n")]).await;
    let Outcome::Committed(made) = desk.history.cherry_pick(&picked.into(), None, onto(5)).await.unwrap() else { panic!("clean") };
    assert_eq!(made.commit.author, Author::named("Rin"));
    assert!(made.commit.message.ends_with(&format!("(picked from {picked})")), "{}", made.commit.message);
    assert_eq!(desk.text("main", "bible/world.yaml").await, "a: 1\n");
    assert_eq!(desk.text("main", "bible/style.yaml").await, "line_weight: 2\n");
}

#[tokio::test]
async fn documents_and_single_fields_are_restored() {
    let desk = Desk::new().await;
    let then =
        desk.commit("main", &[("bible/characters/mei.yaml", "age: 24\nhome: Edo\n"), ("bible/props/lamp.yaml", "part: lantern\n")]).await;
    desk.commit("main", &[("bible/characters/mei.yaml", "# hers\nage: 25\nhome: Kyoto\n"), ("bible/props/lamp.yaml", "")]).await;
    let names = ["characters.mei.age".to_owned(), "props".to_owned()];
    let made = desk.history.restore(&names, &then.into(), onto(5)).await.unwrap();
    assert_eq!(made.commit.subject(), format!("Restore characters.mei.age, props from {then}"));
    assert_eq!(desk.text("main", "bible/characters/mei.yaml").await, "# hers\nage: 24\nhome: Kyoto\n");
    assert_eq!(desk.text("main", "bible/props/lamp.yaml").await, "part: lantern\n");
    let unknown = desk.history.restore(&["characters.rin".to_owned()], &then.into(), onto(6)).await.unwrap_err();
    assert!(matches!(unknown, HistoryError::UnknownField { .. }), "{unknown}");
}

#[tokio::test]
async fn blame_names_who_gave_a_field_its_value_through_a_merge() {
    let desk = Desk::new().await;
    let mei = |iris: &str, age: u32| format!("age: {age}\ncolour_model:\n  iris.left: \"{iris}\"\n");
    let made = desk.commit("main", &[("bible/characters/mei.yaml", &mei("#4a7a5c", 24))]).await;
    desk.branch("night").await;
    let blue = desk.commit_as("Rin", "night", &[("bible/characters/mei.yaml", &mei("#2233aa", 24))]).await;
    desk.commit("main", &[("bible/characters/mei.yaml", &mei("#4a7a5c", 25))]).await;
    desk.commit("main", &[("bible/world.yaml", "a: 1\n")]).await;
    desk.history.merge(&"night".parse().unwrap(), onto(7), false).await.unwrap();
    let blame = desk.history.blame(&"main".parse().unwrap(), "characters.mei.colour_model.iris.left", 10).await.unwrap();
    assert_eq!(blame.value, Some(json!("#2233aa")));
    let told: Vec<_> = blame.changes.iter().map(|change| (change.id, change.commit.author.clone(), change.old.clone())).collect();
    assert_eq!(told, [(blue, Author::named("Rin"), Some(json!("#4a7a5c"))), (made, Author::named("Mei"), None)]);
    let unknown = desk.history.blame(&"main".parse().unwrap(), "characters.mai.age", 1).await.unwrap_err();
    assert!(unknown.to_string().contains("did you mean `characters.mei`"), "{unknown}");
}

#[tokio::test]
async fn a_whole_history_has_no_faults_and_a_damaged_object_is_named() {
    let desk = Desk::new().await;
    desk.commit("main", &[("bible/world.yaml", "a: 1\n")]).await;
    desk.branch("night").await;
    desk.commit("night", &[("bible/world.yaml", "a: 2\n")]).await;
    desk.history.create_tag(&"pilot".parse().unwrap(), desk.head().await, &Author::named("Mei"), "Out", at(8)).await.unwrap();
    desk.history.delete_branch(&"night".parse().unwrap(), true, &Author::named("Mei"), at(9)).await.unwrap();
    let whole = desk.history.fsck().await.unwrap();
    assert_eq!((whole.commits, whole.unreferenced, whole.faults.len()), (2, 1, 0), "{whole:?}");
    desk.damage_a_text().await;
    let damaged = desk.history.fsck().await.unwrap();
    assert_eq!(damaged.faults.len(), 1, "{damaged:?}");
    assert!(damaged.faults[0].reason.contains("not the ones that its id was made from"), "{damaged:?}");
}
