use bible::Project;
use bible::resolve::Reads;
use bible::source::SourceTree;
use engine::brief::MouthShape;

use crate::fixture::tree;
use crate::{Director, load, sheet};

const SCRIPT: &str = "EXT. LANTERN ROAD - NIGHT

Mei picks up the lantern.

MEI
Mama!

MEI (V.O.)
I was early.

FADE IN:

INT. WORKSHOP - DAY

Mei walks. She smiles.
";

fn arc_tree() -> SourceTree {
    let mut tree = tree(SCRIPT);
    let mei = tree.get("bible/characters/mei.yaml").unwrap().replace("at: S01E02", "at: S01E01.02");
    tree.insert("bible/characters/mei.yaml", mei);
    tree
}

fn project() -> Project {
    load(&arc_tree()).unwrap_or_else(|errors| panic!("{errors}")).project
}

/// The reads of every shot, by the shot's name.
fn reads(project: &Project) -> Vec<(String, Reads)> {
    let director = Director::new(project).unwrap();
    let episode = &project.episodes[0];
    let shots = episode.shots().map(|(scene, shot)| {
        let mut reads = Reads::new();
        director.clip(episode, scene, shot, &mut reads).unwrap();
        (shot.at.to_string(), reads)
    });
    shots.collect()
}

#[test]
fn a_shot_becomes_a_brief_with_every_value_resolved() {
    let project = project();
    let director = Director::new(&project).unwrap();
    let episode = &project.episodes[0];
    let scene = &episode.scenes[0];
    let clip = director.clip(episode, scene, &scene.shots[2], &mut Reads::new()).unwrap();
    insta::assert_json_snapshot!(clip);
}

#[test]
fn from_the_arc_on_the_other_figure_is_drawn() {
    let project = project();
    let director = Director::new(&project).unwrap();
    let episode = &project.episodes[0];
    let figure = |scene: usize, shot: usize| {
        let scene = &episode.scenes[scene];
        director.clip(episode, scene, &scene.shots[shot], &mut Reads::new()).unwrap().picture.actors[0].figure.clone()
    };
    let (before, after) = (figure(0, 1), figure(1, 1));
    assert_eq!((before.hair.as_ref().unwrap().as_str(), before.garments[0].part.as_str()), ("bob", "sailor-top"));
    assert_eq!((after.hair.as_ref().unwrap().as_str(), after.garments[0].part.as_str()), ("ponytail", "yukata"));
    assert!(std::sync::Arc::ptr_eq(&before, &figure(0, 2)), "one figure for all shots of a segment");
}

#[test]
fn mouths_move_for_what_is_said_in_the_picture_only() {
    let project = project();
    let director = Director::new(&project).unwrap();
    let episode = &project.episodes[0];
    let scene = &episode.scenes[0];
    let mouths: Vec<usize> = scene
        .shots
        .iter()
        .map(|shot| {
            director.clip(episode, scene, shot, &mut Reads::new()).unwrap().performances.iter().map(|actor| actor.mouth.len()).sum()
        })
        .collect();
    assert_eq!(mouths.iter().filter(|count| **count > 0).count(), 1, "{mouths:?}");
    let spoken = director.clip(episode, scene, &scene.shots[2], &mut Reads::new()).unwrap();
    assert_eq!(spoken.performances[0].mouth.last().unwrap().shape, MouthShape::Closed);
}

#[test]
fn a_fade_in_lets_the_shot_before_go_to_black() {
    let project = project();
    let director = Director::new(&project).unwrap();
    let episode = &project.episodes[0];
    let fades: Vec<(u32, u32)> = episode
        .shots()
        .map(|(scene, shot)| director.clip(episode, scene, shot, &mut Reads::new()).unwrap())
        .map(|clip| (clip.fade_in, clip.fade_out))
        .collect();
    let (last_of_first, first_of_second) = (episode.scenes[0].shots.len() - 1, episode.scenes[0].shots.len());
    assert!(fades[last_of_first].1 > 0 && fades[first_of_second].0 > 0 && fades.last().unwrap().1 > 0, "{fades:?}");
    assert_eq!(fades.iter().filter(|(start, end)| *start > 0 || *end > 0).count(), 3);
}

#[test]
fn an_edit_changes_the_reads_of_exactly_the_shots_that_show_it() {
    let before = reads(&project());
    let changed = |edit: &dyn Fn(&mut Project)| -> Vec<String> {
        let mut project = project();
        edit(&mut project);
        let after = reads(&project);
        before.iter().zip(&after).filter(|(one, other)| one.1 != other.1).map(|(one, _)| one.0.clone()).collect()
    };
    assert!(changed(&|project| project.bible.characters.get_mut("mei").unwrap().personality.traits.clear()).is_empty());
    assert!(changed(&|project| project.bible.narrative.tone = "Dark.".into()).is_empty());
    let mei = ["S01E01.01.002", "S01E01.01.003", "S01E01.01.004", "S01E01.02.002"];
    let skin = changed(&|project| {
        project.bible.characters.get_mut("mei").unwrap().colour_model.get_mut("skin").unwrap().base = "#aa8866".parse().unwrap();
    });
    assert_eq!(skin, mei);
    let yukata = changed(&|project| {
        let look = project.bible.characters.get_mut("mei").unwrap().wardrobe.get_mut("festival").unwrap();
        look.garments[0].part = "kimono".parse().unwrap();
    });
    assert_eq!(yukata, ["S01E01.02.002"]);
    let road = changed(&|project| project.bible.locations.get_mut("lantern-road").unwrap().set = "alley".parse().unwrap());
    assert!(road.iter().all(|shot| shot.starts_with("S01E01.01")) && road.len() == 4, "{road:?}");
}

#[test]
fn the_seed_belongs_to_the_shot_and_not_to_its_number() {
    let one = project();
    let mut other = arc_tree();
    other.insert(
        "episodes/s01e01/script.fountain",
        SCRIPT.replace("Mei picks up", "A bell rings in the far valley tonight.\n\nRin waits.\n\nMei picks up"),
    );
    let other = load(&other).unwrap().project;
    let seeds = |project: &Project| -> Vec<u64> {
        let director = Director::new(project).unwrap();
        let episode = &project.episodes[0];
        episode.shots().map(|(scene, shot)| director.clip(episode, scene, shot, &mut Reads::new()).unwrap().seed).collect()
    };
    assert_eq!(seeds(&one).last(), seeds(&other).last());
}

#[test]
fn a_sheet_has_fourteen_pictures_for_each_look_and_again_after_a_change() {
    let project = project();
    let director = Director::new(&project).unwrap();
    let names: Vec<String> = sheet(&director, "mei").iter().map(|picture| picture.name()).collect();
    // Two looks; from scene 2 on both with other hair.
    assert_eq!(names.len(), 4 * 14);
    assert_eq!(&names[..3], ["mei/festival/front", "mei/festival/side", "mei/festival/back"]);
    assert!(names.contains(&"mei/school@S01E01.02/determined".to_owned()));
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
    assert_eq!(sheet(&director, "kit").len(), 14);
    assert!(sheet(&director, "nobody").is_empty());
}

#[test]
fn equal_briefs_have_equal_json() {
    let (one, other) = (project(), project());
    let json = |project: &Project| -> Vec<String> {
        let director = Director::new(project).unwrap();
        let episode = &project.episodes[0];
        episode
            .shots()
            .map(|(scene, shot)| serde_json::to_string(&director.clip(episode, scene, shot, &mut Reads::new()).unwrap()).unwrap())
            .collect()
    };
    assert_eq!(json(&one), json(&other));
}
