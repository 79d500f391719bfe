//! The laws of differences and merges.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::source::{emit, yaml};

const MEI: &str = "bible/characters/mei.yaml";

fn of(text: &str) -> Written {
    Written::from_iter([(MEI.to_owned(), text.as_bytes().to_vec())])
}

const BASE: &str = "\
name: Mei # our hero
age: 15
colour_model:
  hair: \"#2b2f4a\"
  iris.left: \"#4a7a5c\"
relationships:
  - { to: kit, kind: friend }
  - { to: rin, kind: rival }
";

#[test]
fn differences_name_the_field_and_both_values() {
    let new = BASE
        .replace("#4a7a5c", "#8a5a2c")
        .replace("age: 15\n", "")
        .replace("  - { to: rin, kind: rival }\n", "  - { to: rin, kind: rival, note: for now }\n  - { to: gen, kind: grandfather }\n");
    let said: Vec<String> = diff(&of(BASE), &of(&new)).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_list_in_another_order_has_moved_and_nothing_else() {
    let moved = BASE.replace(
        "  - { to: kit, kind: friend }\n  - { to: rin, kind: rival }\n",
        "  - { to: rin, kind: rival }\n  - { to: kit, kind: friend }\n",
    );
    let changes = diff(&of(BASE), &of(&moved));
    assert_eq!(changes.iter().map(|change| change.kind).collect::<Vec<_>>(), [ChangeKind::Moved]);
    let comment = BASE.replace("our hero", "the hero");
    assert_eq!(diff(&of(BASE), &of(&comment))[0].kind, ChangeKind::Form);
}

#[test]
fn two_people_edit_one_character_and_both_are_right() {
    let ours = BASE.replace("#2b2f4a", "#7a2b3a").replace("our hero", "the hero");
    let theirs = BASE.replace("age: 15", "age: 16") + "  - { to: gen, kind: grandfather }\n";
    let merged = merge(&of(BASE), &of(&ours), &of(&theirs));
    assert_eq!(merged.conflicts, []);
    let expected = ours.replace("age: 15", "age: 16") + "  - { to: gen, kind: grandfather }\n";
    assert_eq!(merged.snapshot.text(MEI).unwrap(), expected, "comments and form are kept");
}

#[test]
fn neighbouring_fields_merge_though_their_lines_touch() {
    let (base, ours, theirs) = (of("a: 1\nb: 1\n"), of("a: 2\nb: 1\n"), of("a: 1\nb: 2\n"));
    let merged = merge(&base, &ours, &theirs);
    assert_eq!((merged.conflicts.len(), merged.snapshot.text(MEI).unwrap()), (0, "a: 2\nb: 2\n"));
}

#[test]
fn a_conflict_names_its_place_and_is_resolved_by_choice() {
    let (ours, theirs) = (of(&BASE.replace("age: 15", "age: 16")), of(&BASE.replace("age: 15", "age: 17")));
    let merged = merge(&of(BASE), &ours, &theirs);
    let [conflict] = merged.conflicts.as_slice() else { panic!("{:?}", merged.conflicts) };
    assert_eq!((conflict.path.as_str(), conflict.kind), ("characters.mei.age", ConflictKind::EditEdit));
    assert_eq!((&conflict.base, &conflict.ours, &conflict.theirs), (&Some(json!(15)), &Some(json!(16)), &Some(json!(17))));
    assert_eq!(merged.snapshot, ours, "nothing of ours is lost while it is open");
    for (choice, age) in [(Choice::Ours, 16), (Choice::Theirs, 17), (Choice::Value(json!(18)), 18)] {
        let merged = merge_with(&of(BASE), &ours, &theirs, &[("characters.mei.age".to_owned(), choice)].into());
        assert_eq!((merged.conflicts.len(), merged.snapshot.value(MEI).unwrap()["age"].clone()), (0, json!(age)));
    }
}

#[test]
fn what_one_side_deletes_and_the_other_edits_is_kept_until_someone_decides() {
    let edited = of(&BASE.replace("age: 15", "age: 16"));
    for (ours, theirs) in [(&edited, &Written::default()), (&Written::default(), &edited)] {
        let merged = merge(&of(BASE), ours, theirs);
        assert_eq!(merged.conflicts[0].kind, ConflictKind::EditDelete);
        assert_eq!(merged.snapshot, edited);
    }
}

#[test]
fn scripts_merge_by_lines() {
    let file = |text: &str| Written::from_iter([("episodes/s01e01/script.fountain".to_owned(), text.as_bytes().to_vec())]);
    let base = file("INT. A - DAY\n\nMEI\nHello.\n\nKIT\nGood day.\n");
    let ours = file("INT. A - DAY\n\nMEI\nHello there.\n\nKIT\nGood day.\n");
    let theirs = file("INT. A - DAY\n\nMEI\nHello.\n\nKIT\nGood night.\n");
    let merged = merge(&base, &ours, &theirs);
    assert_eq!(merged.snapshot, file("INT. A - DAY\n\nMEI\nHello there.\n\nKIT\nGood night.\n"));
    let conflict = &merge(&base, &ours, &file("INT. A - DAY\n\nMEI\nBye.\n\nKIT\nGood day.\n")).conflicts[0];
    assert_eq!((conflict.path.as_str(), conflict.kind), ("episodes.s01e01.script:4", ConflictKind::Lines));
}

/// A small bible of two files with lists and maps.
fn snapshot() -> impl Strategy<Value = Written> {
    let ties = proptest::collection::btree_set((0..4_u8, 0..2_u8), 0..4)
        .prop_map(|ties| {
            ties.into_iter().map(|(to, kind)| json!({ "to": format!("c{to}"), "kind": format!("k{kind}") })).collect::<Vec<Value>>()
        })
        .prop_shuffle();
    let character = (0..4_u8, proptest::option::of(0..3_u8), ties, proptest::collection::btree_map("[ab]", 0..3_u8, 0..3))
        .prop_map(|(age, look, ties, colours)| json!({ "age": age, "look": look, "relationships": ties, "colour_model": colours }));
    let script =
        proptest::collection::vec(prop_oneof![Just("A\n"), Just("B\n"), Just("C\n"), Just("\n")], 0..6).prop_map(|lines| lines.concat());
    (proptest::option::of(character.clone()), character, script).prop_map(|(first, second, script)| {
        let mut snapshot = Written::default();
        if let Some(first) = first {
            snapshot.insert("bible/characters/a.yaml", emit(&first));
        }
        snapshot.insert("bible/characters/b.yaml", emit(&second));
        snapshot.insert("episodes/s01e01/script.fountain", script);
        snapshot
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn merging_obeys_its_laws((base, ours, theirs) in (snapshot(), snapshot(), snapshot())) {
        // With oneself, and with an ancestor.
        prop_assert_eq!(merge(&base, &ours, &ours), Merged { snapshot: ours.clone(), conflicts: vec![] });
        prop_assert_eq!(&merge(&base, &ours, &base).snapshot, &ours);
        prop_assert_eq!(&merge(&base, &base, &theirs).snapshot, &theirs);
        // Whichever side is called ours.
        let (one, other) = (merge(&base, &ours, &theirs), merge(&base, &theirs, &ours));
        prop_assert_eq!(one.conflicts.len(), other.conflicts.len());
        if one.conflicts.is_empty() {
            prop_assert_eq!(&one.snapshot, &other.snapshot);
        }
        // Every conflict can be resolved by its path, to either side.
        let all = |choice: &Choice| one.conflicts.iter().map(|conflict| (conflict.path.clone(), choice.clone())).collect();
        for choice in [Choice::Ours, Choice::Theirs] {
            prop_assert_eq!(merge_with(&base, &ours, &theirs, &all(&choice)).conflicts, vec![]);
        }
        // Whatever is merged can be read.
        for path in one.snapshot.paths().filter(|path| path.ends_with(".yaml")) {
            prop_assert!(yaml::parse(path, one.snapshot.text(path).unwrap()).is_ok());
        }
    }

    #[test]
    fn nothing_differs_from_itself_and_all_else_does((old, new) in (snapshot(), snapshot())) {
        prop_assert_eq!(diff(&old, &old), vec![]);
        prop_assert_eq!(diff(&old, &new).is_empty(), old == new);
    }
}
