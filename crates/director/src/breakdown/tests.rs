use crate::fixture::{sheet, tree};
use crate::load;

const SCRIPT: &str = "Title: The First Light
Extras: CROWD, RADIO VOICE

FADE IN:

EXT. LANTERN ROAD - DUSK #1#

= Mei learns that the lanterns are lit early.

Paper lanterns sway over the empty street. A lantern burns at the corner.

Mei walks along the road, smiling. Kit trots beside her. Rin waits under the last lamp, and her eyes widen.

MEI
They're early this year.

RIN
So are you.

MEI
(softly)
I couldn't sleep. I kept hearing the drums from across the river, and every time I closed my eyes I saw the road again. It was burning, all of it, from the shrine down to the bridge.

RIN
It was only a dream.

KIT
It was never only a dream!

CROWD (O.S.)
Make way!

Mei picks up the lantern. She sits down on the kerb.

MEI
Look!

DISSOLVE TO:

INT. GEN'S WORKSHOP - CONTINUOUS #2#

Gen sits at his bench and pours tea into a tea cup.

GRANDPA
Who is there?

MEI (V.O.)
It's me.

Mei enters. Gen leaves through the back door.

EXT. LANTERN ROAD - LATER

Rain falls on the stones.
";

fn episode(script: &str) -> String {
    let loaded = load(&tree(script)).unwrap_or_else(|errors| panic!("{errors}"));
    sheet(&loaded.project.episodes[0])
}

fn with_shots(script: &str, shots: &str) -> Result<String, String> {
    let mut tree = tree(script);
    tree.insert("episodes/s01e01/shots.yaml", shots);
    match load(&tree) {
        Ok(loaded) => {
            let warnings: String = loaded.warnings.iter().map(|warning| format!("{warning}\n")).collect();
            Ok(warnings + &sheet(&loaded.project.episodes[0]))
        }
        Err(errors) => Err(errors.to_string()),
    }
}

#[test]
fn a_script_becomes_scenes_and_shots() {
    insta::assert_snapshot!(episode(SCRIPT));
}

#[test]
fn the_same_script_gives_the_same_shots() {
    assert_eq!(episode(SCRIPT), episode(SCRIPT));
}

#[test]
fn in_a_conversation_who_is_on_the_left_stays_on_the_left() {
    let talk = (0..14)
        .map(|index| format!("{}\nThat is what I would have said too, number {index}.\n\n", if index % 2 == 0 { "MEI" } else { "RIN" }));
    let script = format!("INT. THE WORKSHOP - DAY\n\nMei and Rin stand at the bench.\n\n{}", talk.collect::<String>());
    let loaded = load(&tree(&script)).unwrap();
    let mut framings = Vec::new();
    for (_, shot) in loaded.project.episodes[0].shots() {
        for member in &shot.cast {
            let x = member.x.unwrap_or(0.0);
            assert!(if member.character.as_str() == "mei" { x < 0.0 } else { x > 0.0 }, "{shot:?}");
        }
        if !shot.lines.is_empty() {
            framings.push(shot.framing);
        }
    }
    assert!(framings.last() > framings.first(), "the camera comes closer: {framings:?}");
    insta::assert_snapshot!(sheet(&loaded.project.episodes[0]));
}

#[test]
fn every_line_fits_its_shot_with_breath_around_it() {
    let loaded = load(&tree(SCRIPT)).unwrap();
    for (_, shot) in loaded.project.episodes[0].shots() {
        assert!(shot.frames > 0);
        for line in &shot.lines {
            assert!(line.start >= 7 && line.start + line.frames + 7 <= shot.frames, "{shot:?}");
        }
    }
}

#[test]
fn a_listed_scene_has_the_listed_shots_and_rules_fill_the_gaps() {
    insta::assert_snapshot!(
        with_shots(
            SCRIPT,
            "scenes:
  1:
    weather: petals
    omit: [\"Make way\"]
    shots:
      - framing: els
        camera: { kind: tilt-down, amount: 0.3 }
        seconds: 4
      - action: Mei walks along the road. Kit trots beside her.
      - lines: 1-2
        composition: two-shot
      - cast: [mei]
        framing: cu
        lines: [3, { pause: 0.5 }, { mei: \"(whispering) Burning.\" }]
      - cast:
          - rin: { expression: sad, facing: front, x: 0, beats: [{ at: 12, expression: surprised }] }
        lines: It was only a dream
        transition: dissolve
      - cast: [mei: { look: festival, holds: [lantern, tea-cup] }, kit]
        frames: 40
        lines: 7
  2:
    refine:
      \"Who is there\": { framing: close-up, angle: low }
      1: { camera: zoom-out, note: The room is bigger than it was. }
"
        )
        .unwrap()
    );
}

#[test]
fn references_of_a_shot_list_to_nothing_are_errors_in_its_place() {
    insta::assert_snapshot!(
        with_shots(
            SCRIPT,
            "scenes:
  1:
    omit: [{ mei: x }, 44]
    shots:
      - lines: [It was only a dram, \"only a dream\", Nothing of the kind, { mai: \"Oh.\" }]
  2:
    refine:
      12: { framing: cu }
      Who is here: { framing: cu }
      e: { framing: cu }
"
        )
        .unwrap_err()
    );
}

#[test]
fn a_shot_too_short_for_its_lines_warns_and_keeps_them_inside() {
    let shots = "scenes:\n  1: { refine: { \"So are you\": { seconds: 1 } } }\n";
    let sheet = with_shots(SCRIPT, shots).unwrap();
    assert!(sheet.starts_with("episodes/s01e01/shots.yaml:2:34: warning: the lines of this shot take"), "{sheet}");
}

#[test]
fn unknown_people_and_places_are_errors_in_the_script() {
    let script = "INT. GENS WORKSHOPP - DAY\n\nMEY\nHello.\n\nEXT. LANTERN ROAD - DAY\n\nMEEI\nHello.\n\nSTRANGER\nHello.\n\nMEI AND STRANGR\nHello.\n\nINT. NOWHERE - DAY\n\nNothing.\n\nEXT. LANTERN ROAD - DAY\n\n[[empty]]\n";
    let errors = load(&tree(script)).unwrap_err();
    insta::assert_snapshot!(errors);
}

#[test]
fn an_arc_at_a_shot_that_does_not_exist_is_an_error() {
    let mut tree = tree(SCRIPT);
    let mei = tree.get("bible/characters/mei.yaml").unwrap().replace("at: S01E02", "at: S01E01.02.099");
    tree.insert("bible/characters/mei.yaml", mei);
    insta::assert_snapshot!(load(&tree).unwrap_err());
}

#[test]
fn what_stands_before_the_first_heading_opens_the_first_scene() {
    let sheet = episode("A drum, far away.\n\nEXT. LANTERN ROAD - NIGHT\n\nRin runs.\n");
    insta::assert_snapshot!(sheet);
}

#[test]
fn a_japanese_script_is_timed_in_morae() {
    let mut tree = tree("EXT. LANTERN ROAD - 夜\n\nMeiが歩いている。灯籠が揺れる。\n\n@Mei\n今年は、早いね。\n\n@Rin\nほんとうだ！\n");
    tree.insert("project.yaml", "slug: tiny\ntitle: Tiny\nlanguage: ja\n");
    insta::assert_snapshot!(sheet(&load(&tree).unwrap().project.episodes[0]));
}

#[test]
fn two_who_speak_as_one_and_dual_dialogue_share_a_shot() {
    insta::assert_snapshot!(episode(
        "INT. WORKSHOP - DAY\n\nMei and Rin wait.\n\nMEI & RIN\nNo!\n\nMEI\nIt was you.\n\nRIN ^\nIt was not me.\n"
    ));
}
