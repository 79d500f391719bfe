//! Danbooru tags, in the order that a family was trained with.

use bible::story::Framing;
use engine::PictureBrief;
use engine::brief::{Actor, Backdrop};
use engine::correction::NamedPart;

use super::words::{Dialect, Section, Worn, words};
use super::{LeftOut, Prompt, Region, Show, is_stressed};

/// The most tags that a prompt should have: TIPO's recommendation is 18 to 53.
const MOST: usize = 53;

/// How much more a stressed tag weighs, in the notation that text encoders of CLIP's kind are fed with: enough to be seen,
/// and below the 1.4 or so from which on pictures break.
const STRESS: &str = "1.3";

/// Tags in order, each once, with the most weight that anybody gives it.
#[derive(Default)]
struct Tags {
    list: Vec<String>,
}

impl Tags {
    fn add(&mut self, tags: &str) {
        self.add_stressed(false, tags);
    }

    /// The same with more weight where it is `stressed`.
    fn add_stressed(&mut self, stressed: bool, tags: &str) {
        for tag in tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            let weighed = if stressed { format!("({tag}:{STRESS})") } else { tag.to_owned() };
            match self.list.iter_mut().find(|said| bare(said) == bare(&weighed)) {
                Some(said) if bare(&weighed) != weighed => *said = weighed,
                Some(_) => {}
                None => self.list.push(weighed),
            }
        }
    }
}

/// A tag without its weight.
fn bare(tag: &str) -> &str {
    tag.strip_prefix('(').and_then(|tag| tag.strip_suffix(')')?.strip_suffix(STRESS)?.strip_suffix(':')).unwrap_or(tag)
}

pub(super) fn prompt(brief: &PictureBrief, show: &Show, dialect: &Dialect, stress: &[NamedPart]) -> Prompt {
    let mut left_out = Vec::new();
    if !show.style.is_empty() {
        left_out.push(LeftOut { what: "style".to_owned(), why: "the show's look is in sentences, and the family reads tags".to_owned() });
    }
    let count = count(brief, show);
    let people: Vec<Vec<String>> = brief.actors.iter().map(|actor| own(actor, brief.framing, stress, &mut left_out)).collect();
    let scene = scene(brief, &mut left_out);
    let sectioned = |general: &[String], limit: usize, left_out: &mut Vec<LeftOut>| {
        let mut tags = Tags::default();
        for section in &dialect.order {
            match section {
                Section::Count => tags.add(&count),
                Section::Quality => tags.add(&dialect.quality.join(", ")),
                Section::Rating => tags.add(&dialect.rating.join(", ")),
                Section::General => {
                    let rest = dialect.quality.len() + dialect.rating.len() + 2;
                    for (index, tag) in general.iter().enumerate() {
                        if index + rest < limit {
                            tags.add(tag);
                        } else {
                            left_out.push(LeftOut {
                                what: tag.clone(),
                                why: format!("a prompt of more than {MOST} tags is not read to its end"),
                            });
                        }
                    }
                }
            }
        }
        tags.list.join(", ")
    };
    // Who somebody is comes first: text encoders forget what is far behind.
    let all: Vec<String> = people.iter().flatten().cloned().chain(scene.iter().cloned()).collect();
    let positive = sectioned(&all, MOST, &mut left_out);
    let alone = sectioned(&scene, usize::MAX, &mut Vec::new());
    let regions = brief.actors.iter().zip(&people).map(|(actor, tags)| Region {
        character: actor.figure.character.clone(),
        prompt: [vec![one(actor, show)], tags.clone()].concat().join(", "),
    });
    Prompt { positive, negative: dialect.negative.join(", "), scene: alone, regions: regions.collect(), left_out }
}

fn kind(actor: &Actor, show: &Show) -> &'static str {
    match show.pronouns.get(&actor.figure.character).map(|text| text.to_lowercase()) {
        Some(text) if text.starts_with("she") => "girl",
        Some(text) if text.starts_with("he") => "boy",
        _ => "other",
    }
}

fn one(actor: &Actor, show: &Show) -> String {
    if words().is_animal(&actor.figure.build) { String::from("animal focus") } else { format!("1{}", kind(actor, show)) }
}

/// `2girls, 1boy`, `solo`, `no humans`.
fn count(brief: &PictureBrief, show: &Show) -> String {
    let people: Vec<&Actor> = brief.actors.iter().filter(|actor| !words().is_animal(&actor.figure.build)).collect();
    let mut tags = Vec::new();
    for word in ["girl", "boy", "other"] {
        match people.iter().filter(|actor| kind(actor, show) == word).count() {
            0 => {}
            1 => tags.push(format!("1{word}")),
            many @ 2..=5 => tags.push(format!("{many}{word}s")),
            _ => tags.push(format!("6+{word}s")),
        }
    }
    match people.len() {
        0 => tags.push("no humans".to_owned()),
        1 => tags.push("solo".to_owned()),
        _ => {}
    }
    tags.join(", ")
}

/// What of a body a framing shows.
pub(super) const fn shows(framing: Framing) -> Worn {
    match framing {
        Framing::ExtremeLong | Framing::Long | Framing::Full => Worn::Feet,
        Framing::MediumFull => Worn::Legs,
        Framing::Medium | Framing::MediumCloseUp | Framing::CloseUp | Framing::ExtremeCloseUp => Worn::Upper,
    }
}

fn own(actor: &Actor, framing: Framing, stress: &[NamedPart], left_out: &mut Vec<LeftOut>) -> Vec<String> {
    let words = words();
    let figure = &actor.figure;
    let mut tags = Tags::default();
    let stressed = |part: &str| is_stressed(stress, &figure.character, part);
    tags.add(&words.builds.tags(figure.build.as_str()));
    if let Some(colour) = figure.colours.get("hair").filter(|_| figure.hair.is_some()) {
        tags.add_stressed(stressed("hair"), &format!("{} hair", words.hair_colour(colour.base)));
    }
    if let Some(hair) = &figure.hair {
        tags.add_stressed(stressed("hair"), &words.hair.tags(hair.as_str()));
    }
    let iris = |side: &str| figure.colours.get(&format!("iris.{side}")).map(|tones| words.colour(tones.base));
    match (iris("left"), iris("right")) {
        (Some(left), Some(right)) if left != right => {
            tags.add_stressed(stressed("iris"), &format!("heterochromia, {left} eyes, {right} eyes"));
        }
        (Some(colour), _) | (None, Some(colour)) => tags.add_stressed(stressed("iris"), &format!("{colour} eyes")),
        (None, None) => {}
    }
    if let Some(eyes) = &figure.eyes {
        tags.add(&words.eyes.tags(eyes.as_str()));
    }
    for (part, what) in [(&figure.ears, "ears"), (&figure.tail, "tail")] {
        // An animal has them anyway.
        if let Some(part) = part.as_ref().filter(|_| !words.is_animal(&figure.build)) {
            tags.add_stressed(stressed(what), &format!("{} {what}", part.as_str().split('-').next().unwrap_or_default()));
        }
    }
    for mark in &figure.marks {
        tags.add_stressed(stressed(mark.part.as_str()), &words.marks.tags(mark.part.as_str()));
    }
    for garment in &figure.garments {
        if words.worn(&garment.part) > shows(framing) {
            let why = format!("a {framing} shot does not show it");
            left_out.push(LeftOut { what: format!("{}: {}", figure.character, garment.part), why });
            continue;
        }
        let name = words.garments.tags(garment.part.as_str());
        let main = garment.colours.iter().find(|(slot, _)| slot.as_str() == "main").map(|(_, tones)| words.colour(tones.base));
        let (first, rest) = name.split_once(',').map_or((name.as_str(), ""), |(first, rest)| (first, rest));
        let stressed = stressed(garment.part.as_str());
        tags.add_stressed(stressed, &main.map_or_else(|| first.to_owned(), |colour| format!("{colour} {first}")));
        tags.add_stressed(stressed, first);
        tags.add(rest);
    }
    for accessory in &figure.accessories {
        tags.add_stressed(stressed(accessory.part.as_str()), &words.accessories.tags(accessory.part.as_str()));
    }
    tags.add(&words.expressions.tags(actor.expression.word()));
    if shows(framing) == Worn::Upper && matches!(actor.pose.as_str(), "stand" | "walk" | "run" | "portrait") {
        left_out.push(LeftOut { what: format!("{}: {}", figure.character, actor.pose), why: format!("a {framing} shot does not show it") });
    } else {
        tags.add(&words.poses.tags(actor.pose.as_str()));
    }
    tags.add(&words.facings.tags(actor.facing.word()));
    for prop in &actor.holds {
        tags.add(&format!("holding {}", prop.prop.as_str().replace('-', " ")));
    }
    tags.list
}

fn scene(brief: &PictureBrief, left_out: &mut Vec<LeftOut>) -> Vec<String> {
    let words = words();
    let mut tags = Tags::default();
    tags.add(&words.framings.tags(brief.framing.word()));
    tags.add(&words.angles.tags(brief.angle.word()));
    tags.add(&words.compositions.tags(brief.composition.word()));
    for standing in &brief.props {
        tags.add(&standing.prop.prop.as_str().replace('-', " "));
    }
    match &brief.backdrop {
        Backdrop::Plain { colour } => tags.add(&format!("simple background, {} background", words.colour(*colour))),
        Backdrop::Set { set, colours, time, weather } => {
            tags.add(&words.sets.tags(set.as_str()));
            tags.add(&words.times.tags(time.word()));
            tags.add(&words.weathers.tags(weather.word()));
            if !colours.is_empty() {
                left_out.push(LeftOut {
                    what: format!("colours of the set {set}"),
                    why: "no tag says them; the layout's picture does".to_owned(),
                });
            }
        }
    }
    tags.list
}
