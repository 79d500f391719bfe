//! Sentences, for models that read them.

use bible::story::Move;
use engine::brief::{Actor, Backdrop};
use engine::correction::NamedPart;
use engine::{ClipBrief, PictureBrief};

use super::words::{Dialect, words};
use super::{LeftOut, Prompt, Region, Show, is_stressed};

pub(super) fn prompt(brief: &PictureBrief, show: &Show, dialect: &Dialect, stress: &[NamedPart]) -> Prompt {
    let words = words();
    let mut left_out = Vec::new();
    let mut regions = Vec::new();
    let mut people = Vec::new();
    for actor in &brief.actors {
        let said: Vec<String> = [identity(actor, show), acting(actor)].into_iter().chain(once_more(actor, stress)).collect();
        let said = said.join(" ");
        people.push(said.clone());
        regions.push(Region { character: actor.figure.character.clone(), prompt: said });
    }
    let frame = format!(
        "{} {}{}.",
        words.framings.words(brief.framing.word()),
        words.angles.words(brief.angle.word()),
        words.compositions.words(brief.composition.word())
    );
    let mut place = match &brief.backdrop {
        Backdrop::Plain { colour } => format!("The background is plain {}.", words.colour(*colour)),
        Backdrop::Set { set, colours, time, weather } => {
            if !colours.is_empty() {
                left_out.push(LeftOut { what: format!("colours of the set {set}"), why: "the layout's picture says them".to_owned() });
            }
            let (place, time, weather) =
                (words.sets.words(set.as_str()), words.times.words(time.word()), words.weathers.words(weather.word()));
            format!("The place is {place} {time}, {weather}.")
        }
    };
    if !brief.props.is_empty() {
        let props: Vec<String> = brief.props.iter().map(|standing| standing.prop.prop.as_str().replace('-', " ")).collect();
        place.push_str(&format!(" There is: {}.", props.join(", ")));
    }
    let style = if show.style.is_empty() { "Anime.".to_owned() } else { format!("Anime. {}", show.style) };
    let positive = people.iter().chain([&frame, &place, &style]).cloned().collect::<Vec<_>>().join(" ");
    let scene = [frame, place, style].join(" ");
    Prompt { positive, negative: dialect.negative.join(", "), scene, regions, left_out }
}

/// Who somebody is: the same in every shot in which they look the same, whatever the framing.
fn identity(actor: &Actor, show: &Show) -> String {
    let words = words();
    let figure = &actor.figure;
    let name = name_of(actor);
    let kind = match show.pronouns.get(&figure.character).map(|text| text.to_lowercase()) {
        Some(text) if text.starts_with("she") => " (she)",
        Some(text) if text.starts_with("he") => " (he)",
        _ => "",
    };
    let (has, worn) = (phrases(traits(actor)), phrases(clothes(actor)));
    let mut text = format!("{name}{kind} is {}", words.builds.words(figure.build.as_str()));
    if !has.is_empty() {
        text.push_str(&format!(" with {}", listed(&has)));
    }
    if !worn.is_empty() {
        text.push_str(&format!(", wearing {}", listed(&worn)));
    }
    format!("{text}.")
}

fn phrases(parts: Vec<(&str, String)>) -> Vec<String> {
    parts.into_iter().map(|(_, phrase)| phrase).collect()
}

/// What somebody has, by the part that it is about.
fn traits(actor: &Actor) -> Vec<(&str, String)> {
    let words = words();
    let figure = &actor.figure;
    let mut has: Vec<(&str, String)> = Vec::new();
    if let Some(hair) = &figure.hair {
        let colour = figure.colours.get("hair").map(|tones| format!("{} ", words.hair_colour(tones.base))).unwrap_or_default();
        has.push(("hair", format!("{colour}hair {}", words.hair.words(hair.as_str()))));
    }
    if let Some(fur) = figure.colours.get("fur") {
        has.push(("fur", format!("{} fur", words.colour(fur.base))));
    }
    let iris = |side: &str| figure.colours.get(&format!("iris.{side}")).map(|tones| words.colour(tones.base));
    let shape = figure.eyes.as_ref().map(|eyes| format!("{} ", words.eyes.words(eyes.as_str()))).unwrap_or_default();
    match (iris("left"), iris("right")) {
        (Some(left), Some(right)) if left != right => has.push(("iris", format!("{shape}eyes, the left {left} and the right {right}"))),
        (Some(colour), _) | (None, Some(colour)) => has.push(("iris", format!("{shape}{colour} eyes"))),
        (None, None) => {}
    }
    has.extend(figure.marks.iter().map(|mark| (mark.part.as_str(), words.marks.words(mark.part.as_str()))));
    has
}

/// What somebody wears, by the part that it is about.
fn clothes(actor: &Actor) -> Vec<(&str, String)> {
    let words = words();
    let garments = actor.figure.garments.iter().map(|garment| {
        let name = words.garments.words(garment.part.as_str());
        let main = garment.colours.iter().find(|(slot, _)| slot.as_str() == "main").map(|(_, tones)| words.colour(tones.base));
        let phrase = match main {
            Some(colour) => format!("{colour} {}", name.trim_start_matches("a ").trim_start_matches("an ")),
            None => name,
        };
        (garment.part.as_str(), phrase)
    });
    let accessories =
        actor.figure.accessories.iter().map(|accessory| (accessory.part.as_str(), words.accessories.words(accessory.part.as_str())));
    garments.chain(accessories).collect()
}

/// What an earlier picture got wrong about somebody, said once more.
fn once_more(actor: &Actor, stress: &[NamedPart]) -> Option<String> {
    let mut parts = traits(actor);
    parts.extend(clothes(actor));
    parts.retain(|(part, _)| is_stressed(stress, &actor.figure.character, part));
    (!parts.is_empty()).then(|| format!("To be seen exactly so of {}: {}.", name_of(actor), listed(&phrases(parts))))
}

fn name_of(actor: &Actor) -> String {
    capitalised(&actor.figure.character.as_str().replace('-', " "))
}

/// What they do in this picture.
fn acting(actor: &Actor) -> String {
    let words = words();
    let name = name_of(actor);
    let held: Vec<String> = actor.holds.iter().map(|prop| prop.prop.as_str().replace('-', " ")).collect();
    let holding = if held.is_empty() { String::new() } else { format!(", holding {}", listed(&held)) };
    let expression = words.expressions.words(actor.expression.word());
    format!(
        "{name} {}{holding}, looks {expression}, seen {}.",
        words.poses.words(actor.pose.as_str()),
        words.facings.words(actor.facing.word())
    )
}

/// Motion and camera, and nothing that the first picture shows.
pub(super) fn motion(clip: &ClipBrief, _show: &Show) -> String {
    let words = words();
    let mut said = Vec::new();
    for (actor, performance) in clip.picture.actors.iter().zip(&clip.performances) {
        let name = name_of(actor);
        let mut does = vec![words.poses.words(actor.pose.as_str())];
        for beat in &performance.beats {
            if let Some(pose) = &beat.pose {
                does.push(format!("then {}", words.poses.words(pose.as_str())));
            }
            if let Some(expression) = beat.expression {
                does.push(format!("looks {}", words.expressions.words(expression.word())));
            }
            if let Some(facing) = beat.facing {
                does.push(format!("turns to be seen {}", words.facings.words(facing.word())));
            }
        }
        if !performance.mouth.is_empty() {
            does.push("speaks".to_owned());
        }
        said.push(format!("{name} {}.", does.join(", ")));
    }
    let camera = if clip.camera.amount > 0.0 { clip.camera.kind } else { Move::Static };
    let camera = words.moves.get(camera.word()).map_or("", String::as_str);
    said.push(format!("{}.", capitalised(camera)));
    said.join(" ")
}

fn capitalised(text: &str) -> String {
    let mut signs = text.chars();
    signs.next().map(|first| first.to_uppercase().chain(signs).collect()).unwrap_or_default()
}

fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
