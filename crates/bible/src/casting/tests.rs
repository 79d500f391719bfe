//! What the table of the cast promises.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::source::emit;

const MEI: &str = "\
name: Mei   # our hero
aliases: [MEI (YOUNG), \"<b>O'Brien & 明</b>\"]
role: protagonist
age: 15
voice:
  # bright, but not shrill
  description: Bright, a little hoarse
  scratch: en-gb+f4
  pitch: 68
";

fn tree() -> SourceTree {
    SourceTree::from([
        ("project.yaml", "slug: tiny\ntitle: Tiny\n"),
        ("bible/characters/kit.yaml", "name: Kit\n"),
        ("bible/characters/mei.yaml", MEI),
    ])
}

fn said(table: &str) -> String {
    import(&tree(), "cast.csv", table).unwrap_err().to_string()
}

#[test]
fn the_cast_is_a_table() {
    insta::assert_snapshot!(export(&tree()).unwrap().replace("\r\n", "\n"));
}

#[test]
fn a_table_that_comes_back_untouched_changes_nothing() {
    let table = export(&tree()).unwrap();
    assert_eq!(import(&tree(), "cast.csv", &table).unwrap(), Casting::default());
    for other in [table.replace("\r\n", "\n"), format!("\u{feff}{table}"), format!("{table},,,,,,,,,,,,\r\n")] {
        assert_eq!(import(&tree(), "cast.csv", &other).unwrap(), Casting::default());
    }
}

#[test]
fn what_was_cast_is_written_into_the_files_and_their_comments_stay() {
    let table = "character,voice_actor,languages,notes\nmei,Aoi Tanaka,en; ja,\"Free from May; has a cold, \"\"sometimes\"\"\"\nkit,,,\n";
    let casting = import(&tree(), "cast.csv", table).unwrap();
    let expected = format!("{MEI}  actor: Aoi Tanaka\n  languages: [en, ja]\n  notes: \"Free from May; has a cold, \\\"sometimes\\\"\"\n");
    assert_eq!(casting.files.get("bible/characters/mei.yaml"), Some(expected.as_str()));
    assert_eq!(casting.files.get("bible/characters/kit.yaml"), None);
    assert_eq!(casting.changes.len(), 3);
}

#[test]
fn an_empty_cell_takes_a_value_away_and_a_column_that_is_left_out_does_not() {
    let casting = import(&tree(), "cast.csv", "character;age;pitch\nmei;;70\n").unwrap();
    let expected = MEI.replace("age: 15\n", "").replace("68", "70");
    assert_eq!(casting.files.get("bible/characters/mei.yaml"), Some(expected.as_str()));
}

#[test]
fn a_cell_that_a_spreadsheet_would_run_is_only_text_there_and_the_same_text_here() {
    for evil in ["=HYPERLINK(\"http://x\")", "+1", "-2", "@SUM(A1)", "'=1", "''=1", "'quoted'", "\t=1"] {
        let tree = SourceTree::from([("bible/characters/mei.yaml", emit(&json!({ "name": "Mei", "role": evil })).as_str())]);
        let table = export(&tree).unwrap();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let row = reader.records().next().unwrap().unwrap();
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t'])), "{table}");
        assert_eq!(import(&tree, "cast.csv", &table).unwrap(), Casting::default(), "{evil}");
    }
}

#[test]
fn mistakes_are_named_with_line_and_cell_and_change_nothing() {
    assert!(said("").contains("the table is empty"));
    assert!(said("character,actr\n").starts_with("cast.csv:1:2: there is no column `actr`"), "{}", said("character,actr\n"));
    assert!(said("name\nMei\n").starts_with("cast.csv:1: no column is called `character`"));
    assert!(said("character,age,age\n").starts_with("cast.csv:1:3: the column `age` is there twice"));
    let wrong = said("character,name,age,pitch\nmei,,old,120\nmai,Mai,1,1\nkit,Kit\nkit,Kit,1,1\nkit,Kit,1,1\n");
    insta::assert_snapshot!(wrong);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_is_cast_comes_back_the_same(
        role in "\\PC{1,12}",
        actor in any::<String>(),
        aliases in prop::collection::vec("[a-z;\\\\'=, \"\n]{1,6}", 0..4),
        pitch in 0_u8..100,
    ) {
        let aliases: Vec<String> = aliases.into_iter().map(|alias| alias.trim().to_owned()).filter(|alias| !alias.is_empty()).collect();
        let mei = json!({ "name": "Mei", "aliases": aliases, "role": role, "voice": { "actor": actor, "pitch": pitch } });
        let tree = SourceTree::from([("bible/characters/mei.yaml", emit(&mei).as_str())]);
        let table = export(&tree).unwrap();
        prop_assert_eq!(import(&tree, "cast.csv", &table).unwrap(), Casting::default());
        // Into a bible that says none of it.
        let bare = SourceTree::from([("bible/characters/mei.yaml", "name: Mei\n")]);
        if let Ok(casting) = import(&bare, "cast.csv", &table) {
            let mut all = bare.clone();
            casting.files.iter().for_each(|(path, text)| all.insert(path, text));
            let again = export(&all).unwrap();
            if actor.trim().is_empty() || role.trim().is_empty() {
                prop_assert!(!again.is_empty());
            } else {
                prop_assert_eq!(again, table);
            }
        } else {
            prop_assert!(actor.chars().count() > 200);
        }
    }
}
