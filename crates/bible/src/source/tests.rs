use super::*;

/// The problems of the example with one file changed, one a line.
fn problems(path: &str, change: impl Fn(&str) -> String) -> String {
    let mut tree = example();
    let text = change(tree.get(path).unwrap_or_default());
    tree.insert(path, text);
    listed(&tree)
}

fn listed(tree: &SourceTree) -> String {
    read(tree).problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

const MEI: &str = "bible/characters/mei.yaml";
const SHOTS: &str = "episodes/s01e01/shots.yaml";

#[test]
fn a_sound_project_reads_without_a_word() {
    let source = read(&example());
    assert_eq!(listed(&example()), "");
    let project = source.project.unwrap();
    assert_eq!(project.bible.characters["mei"].extra["favourite_food"], "dango");
    assert_eq!(source.episodes[0].title, "The First Light");
    assert_eq!(source.episodes[0].extras, ["CROWD"]);
}

#[test]
fn extra_fields_survive_the_round_trip() {
    let project = read(&example()).project.unwrap();
    let json = serde_json::to_value(&project).unwrap();
    assert_eq!(json["bible"]["characters"]["mei"]["favourite_food"], "dango");
    assert_eq!(serde_json::from_value::<Project>(json).unwrap(), project);
}

#[test]
fn every_mistake_in_a_file_is_named_not_only_the_first() {
    insta::assert_snapshot!(problems(MEI, |_| {
        "name: Mei
age: fifteen
colour_model:
  skin: red
  hair: { base: \"#12345\", shadw: \"#000000\" }
  brow: { shadow: \"#000000\" }
visual_traits:
  build: Teen Girl
  hair: bob
  marks:
    - part: scar
      side: lft
    - side: left
    - part: mole
      colour: { main: \"#000\" }
wardrobe:
  school:
    garments: sailor-top
look: [school]
arc:
  - at: S01
  - { at: S01E01.02, changes: [] }
voice: { pitch: high, words_per_minute: 1.5 }
aliases:
heigth_cm: 12
personalty: { traits: [] }
"
        .to_owned()
    }));
}

#[test]
fn missing_fields_say_what_they_are_for() {
    insta::assert_snapshot!(problems(MEI, |_| "aliases: [M]\nvisual_traits: { height_cm: 150 }\n".to_owned()));
}

#[test]
fn a_bare_colour_says_that_yaml_took_it_for_a_comment() {
    insta::assert_snapshot!(problems(MEI, |text| text.replace("skin: \"#f6d9c4\"", "skin: #f6d9c4")));
}

#[test]
fn numbers_truths_and_lists_in_place_of_texts_say_how_to_write_them() {
    insta::assert_snapshot!(problems("bible/world.yaml", |_| "era: 1963\ndescription: true\nrules: Foxes remember.\n".to_owned()));
}

#[test]
fn values_out_of_range_are_named_with_the_range() {
    insta::assert_snapshot!(problems("project.yaml", |_| {
        format!(
            "slug: My Show\ntitle: \"{}\"\ngate: 1.5\ncanvas: {{ width: 1281, height: 20 }}\nframe_rate: 24/0\nlanguage: english\ndescription: {}\n",
            "é".repeat(201),
            "x".repeat(2001)
        )
    }));
    insta::assert_snapshot!(
        "ranges_without_type_errors",
        problems("project.yaml", |_| {
            format!("slug: show\ntitle: \"{}\"\ngate: 1.5\ncanvas: {{ width: 1281, height: 20 }}\nlanguage: english\n", "é".repeat(201))
        })
    );
}

#[test]
fn a_gate_says_at_the_word_what_is_wrong_with_it() {
    let gate = |text: &str| problems("project.yaml", |_| format!("slug: show\ntitle: Show\n{text}\n"));
    insta::assert_snapshot!(gate(
        "gate:
  accept: 0.8
  person: 0.9
  shots:
    extreme-clos-up: 0.7
    long: { accpet: 0.7 }
    close-up: { accept: 0.9, person: 1.7 }
    full: { person: 0.85 }
    medium: 85
  sheet: 0.9"
    ));
    insta::assert_snapshot!(
        "a_gate_out_of_range",
        gate("gate:\n  accept: 0.8\n  person: 0.9\n  shots: { full: { person: 0.85 }, medium: 85 }\n  sheets: 0.9")
    );
    insta::assert_snapshot!("a_gate_in_words", gate("gate: high"));
    assert_eq!(gate("gate: { accept: 0.85, person: 0.7, shots: { ecu: 0.8, long: { accept: 0.6 } }, sheets: { person: 0.85 } }"), "");
}

#[test]
fn what_stands_where_nobody_reads_it_is_told_its_place() {
    insta::assert_snapshot!(problems(MEI, |text| {
        text.replacen("visual_traits:\n", "hair: { style: bob }\naccessories: []\nvisual_traits:\n  accessories: [{ part: glasses }]\n  voice: { pitch: 50 }\n  favourite: red\n", 1)
    }));
}

#[test]
fn two_hundred_characters_are_counted_as_characters_not_as_bytes() {
    assert_eq!(problems("project.yaml", |_| format!("slug: show\ntitle: \"{}\"\n", "提".repeat(200))), "");
}

#[test]
fn references_to_nothing_name_what_was_likely_meant() {
    let mut tree = example();
    let mei = tree
        .get(MEI)
        .unwrap()
        .replace("to: kit", "to: kitt")
        .replace("look: school", "look: shcool")
        .replace("at: S01E01.02", "at: S01E01.07");
    tree.insert(MEI, mei);
    tree.insert(
        SHOTS,
        "scenes:
  2:
    location: lantern-raod
    shots:
      - cast: [mie, { kit: { holds: [lanten], beats: [{ at: 0 }] } }]
        props: [{ prop: nothing }]
        frames: 0
      - seconds: -1
  9: { weather: rain }
",
    );
    insta::assert_snapshot!(listed(&tree));
}

#[test]
fn an_arc_that_breaks_its_character_is_an_error_at_the_change() {
    insta::assert_snapshot!(problems(MEI, |text| text.replace("base: \"#30264a\"", "base: \"#30264\"")));
    insta::assert_snapshot!(
        "arc_takes_away_what_is_needed",
        problems(MEI, |text| text.replace("look: festival\n", "look: festival\n      visual_traits: null\n"))
    );
    insta::assert_snapshot!("arc_chooses_no_look", problems(MEI, |text| text.replace("look: festival\n", "look: festval\n")));
    insta::assert_snapshot!("arc_renames", problems(MEI, |text| text.replace("look: festival\n", "name: Rin\n")));
}

#[test]
fn names_that_cannot_be_told_apart_are_errors() {
    insta::assert_snapshot!(problems("bible/characters/kit.yaml", |text| text.replace("name: Kit", "name: Kit\naliases: [mei (young)]")));
}

#[test]
fn files_in_the_wrong_place_or_with_the_wrong_name_are_named() {
    let mut tree = example();
    for path in [
        "bible/charcters/rin.yaml",
        "bible/characters/Old Gen.yaml",
        "bible/stlye.yaml",
        "bible/props/a.yml",
        "episodes/one/script.fountain",
        "episodes/S1E1/script.fountain",
        "episodes/s01e02/shots.yaml",
        "README.yaml",
    ] {
        tree.insert(path, "");
    }
    insta::assert_snapshot!(listed(&tree));
}

#[test]
fn nothing_at_all_says_how_to_begin() {
    insta::assert_snapshot!(listed(&SourceTree::new()));
}

#[test]
fn an_episode_without_scenes_is_an_error() {
    insta::assert_snapshot!(problems("episodes/s01e01/script.fountain", |_| String::new()));
}

#[test]
fn shot_lists_with_slips_are_explained() {
    insta::assert_snapshot!(problems(SHOTS, |_| {
        "scenes:
  1:
    shots:
      - framing: closeup
        camera: { kind: pan, amount: 2 }
        lines: [0, \"4-2\", { mei: }]
        cast:
          - mei: { pose: walk }
            kit: { pose: sit }
          - { kit: { posture: sit } }
        second: 3
    refine: {}
"
        .to_owned()
    }));
}

#[test]
fn a_message_shows_the_line_it_is_about() {
    let mut tree = example();
    let text = tree.get(MEI).unwrap().replace("\"#4a7a5c\"", "green");
    tree.insert(MEI, text);
    insta::assert_snapshot!(read(&tree).problems[0].quoted(&tree));
}

#[test]
fn an_error_with_windows_line_ends_and_a_byte_order_mark_has_the_same_place() {
    let plain = problems(MEI, |text| text.replace("\"#4a7a5c\"", "green"));
    let windows = problems(MEI, |text| format!("\u{feff}{}", text.replace("\"#4a7a5c\"", "green").replace('\n', "\r\n")));
    assert_eq!(plain, windows);
}
