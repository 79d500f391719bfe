use bible::resolve::Reads;

use super::*;
use crate::{Director, fixture, load};

/// The pictures of a small script, with two people, props, framings and times.
fn briefs() -> (Show, Vec<ClipBrief>) {
    let mut tree = fixture::tree(
        "EXT. LANTERN ROAD - NIGHT\n\nRain. MEI and RIN walk down the road. MEI holds a lantern.\n\nMEI\n(smiling)\nThey're early this year.\n\nRIN\n(surprised)\nWho is?\n\nKIT runs past.\n",
    );
    let mei = tree.get("bible/characters/mei.yaml").unwrap().to_owned();
    tree.insert("bible/characters/mei.yaml", format!("{mei}pronouns: she/her\n"));
    tree.insert("bible/style.yaml", "description: Soft light, ink outlines.\n");
    let project = load(&tree).unwrap().project;
    let director = Director::new(&project).unwrap();
    let episode = &project.episodes[0];
    let clips = episode.shots().map(|(scene, shot)| director.clip(episode, scene, shot, &mut Reads::new()).unwrap()).collect();
    (Show::of(&project), clips)
}

fn told(prompt: &Prompt) -> String {
    let mut text = format!("+ {}\n- {}\nscene {}\n", prompt.positive, prompt.negative, prompt.scene);
    for region in &prompt.regions {
        text.push_str(&format!("{}: {}\n", region.character, region.prompt));
    }
    for left_out in &prompt.left_out {
        text.push_str(&format!("left out {}: {}\n", left_out.what, left_out.why));
    }
    text
}

#[test]
fn every_family_has_its_own_dialect() {
    let (show, clips) = briefs();
    let clip = clips.iter().max_by_key(|clip| clip.picture.actors.len()).unwrap();
    let families = words().families.keys();
    let text: Vec<String> =
        families.map(|family| format!("{family}\n{}", told(&picture(&clip.picture, &show, family, &[]).unwrap()))).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_script_in_tags_and_in_sentences() {
    let (show, clips) = briefs();
    let mut text = String::new();
    for clip in &clips {
        for family in ["sdxl-noobai", "qwen-image"] {
            text.push_str(&told(&picture(&clip.picture, &show, family, &[]).unwrap()));
        }
        text.push_str(&format!("motion {}\n\n", motion(clip, &show, "wan22").unwrap().positive));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn who_somebody_is_stays_the_same_to_the_byte_in_every_shot() {
    let (show, clips) = briefs();
    let clauses: std::collections::BTreeSet<String> = clips
        .iter()
        .flat_map(|clip| picture(&clip.picture, &show, "flux", &[]).unwrap().regions)
        .filter(|region| region.character.as_str() == "mei")
        .map(|region| region.prompt.split_inclusive('.').next().unwrap().to_owned())
        .collect();
    assert_eq!(clauses.len(), 1, "{clauses:?}");
}

#[test]
fn a_close_shot_leaves_out_what_it_does_not_show() {
    let (show, clips) = briefs();
    let mut brief = clips.iter().find(|clip| !clip.picture.actors.is_empty()).unwrap().picture.clone();
    let garment = |part: &str| engine::brief::GarmentBrief { part: bible::Slug::nearest(part).unwrap(), colours: BTreeMap::new() };
    let mut figure = (*brief.actors[0].figure).clone();
    figure.garments = vec![garment("sailor-top"), garment("pleated-skirt"), garment("loafers")];
    brief.actors[0].figure = std::sync::Arc::new(figure);
    let mut has = |framing| {
        brief.framing = framing;
        let text = picture(&brief, &show, "sdxl-illustrious", &[]).unwrap().positive;
        ["serafuku", "pleated skirt", "loafers"].map(|tag| text.contains(tag))
    };
    assert_eq!(has(bible::story::Framing::Full), [true, true, true]);
    assert_eq!(has(bible::story::Framing::MediumFull), [true, true, false]);
    assert_eq!(has(bible::story::Framing::CloseUp), [true, false, false]);
}

#[test]
fn a_family_that_is_not_there_is_told_with_those_that_are() {
    let (show, clips) = briefs();
    let error = picture(&clips[0].picture, &show, "sdxl-ilustrious", &[]).unwrap_err();
    assert!(error.to_string().contains("sdxl-illustrious"), "{error}");
}

#[test]
fn what_a_picture_got_wrong_is_stressed_in_the_next_and_nothing_else_changes() {
    let (show, clips) = briefs();
    let clip = clips.iter().find(|clip| clip.picture.actors.iter().any(|actor| actor.figure.character.as_str() == "mei")).unwrap();
    let part = |part: &str| NamedPart { owner: "mei".parse().unwrap(), part: part.to_owned() };
    let say = |family: &str, stress: &[NamedPart]| picture(&clip.picture, &show, family, stress).unwrap();
    let (plain, stressed) = (say("sdxl-noobai", &[]), say("sdxl-noobai", &[part("hair"), part("nothing")]));
    let tags: Vec<&str> = stressed.positive.split(", ").filter(|tag| tag.starts_with('(')).collect();
    assert_eq!(tags, ["(black hair:1.3)", "(bob cut:1.3)"]);
    let without: String = stressed.positive.replace(":1.3)", "").replace('(', "");
    assert_eq!(without, plain.positive);
    let (plain, stressed) = (say("flux", &[]), say("flux", &[part("hair")]));
    assert!(stressed.positive.contains("To be seen exactly so of Mei: ") && !plain.positive.contains("exactly"), "{}", stressed.positive);
    let of_mei = |prompt: &Prompt| prompt.regions.iter().find(|region| region.character.as_str() == "mei").unwrap().prompt.clone();
    assert!(of_mei(&stressed).starts_with(&of_mei(&plain)));
}
