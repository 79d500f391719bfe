//! Where and when a scene happens, from its heading.

use bible::fountain::Heading;
use bible::source::nearest;
use bible::story::{TimeOfDay, Weather};
use bible::{Project, Slug};

use crate::acting::{Time, rules};

/// What a heading says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The place, or the text that is no place of the bible and the nearest name that is.
    pub(crate) location: Result<Slug, (String, Option<String>)>,
    /// The light; none when the heading does not say.
    pub(crate) time: Option<Time>,
    /// The weather, when the heading names it.
    pub(crate) weather: Option<Weather>,
    /// Outside, as far as the heading says.
    pub(crate) exterior: bool,
}

/// Reads `EXT. PLACE - PART OF IT - TIME`.
pub(crate) fn place(heading: &Heading, project: &Project) -> Place {
    let mut parts = heading.parts();
    let mut time = None;
    let mut weather = None;
    // The place comes first, so its words are never taken for a time unless nothing else is there.
    while parts.len() > 1 {
        let Some(last) = parts.last() else { break };
        let (here, sky) = (rules().time(last), sky(last));
        if here.is_none() && sky.is_none() {
            break;
        }
        if project_location(last, project).is_some() {
            break;
        }
        time = time.or(here);
        weather = weather.or(sky);
        parts.pop();
    }
    let text = heading.text.to_uppercase();
    let exterior = text.starts_with("EXT") || text.starts_with("EST") || text.starts_with("I/E") || text.contains("/EXT");
    Place { location: location(&parts, project), time, weather, exterior }
}

/// The light of a scene, given that of the one before.
pub(crate) fn light(time: Option<Time>, before: Option<TimeOfDay>) -> TimeOfDay {
    match time {
        Some(Time::Of(time)) => time,
        Some(Time::Same) | None => before.unwrap_or(TimeOfDay::Day),
    }
}

fn sky(part: &str) -> Option<Weather> {
    let part = part.to_lowercase();
    let words: Vec<&str> = part.split(|sign: char| !sign.is_alphanumeric()).collect();
    let any = |names: &[&str]| names.iter().any(|name| words.contains(name));
    if any(&["rain", "rainy", "storm", "雨"]) {
        Some(Weather::Rain)
    } else if any(&["snow", "snowy", "雪"]) {
        Some(Weather::Snow)
    } else if any(&["fog", "foggy", "mist", "霧"]) {
        Some(Weather::Fog)
    } else if any(&["overcast", "cloudy", "曇"]) {
        Some(Weather::Overcast)
    } else {
        None
    }
}

fn location(parts: &[&str], project: &Project) -> Result<Slug, (String, Option<String>)> {
    // The most exact first: the whole, then without its last part, and at last each part alone.
    for length in (1..=parts.len()).rev() {
        if let Some(slug) = project_location(&parts[..length].join(" - "), project) {
            return Ok(slug);
        }
    }
    if let Some(slug) = parts.iter().find_map(|part| project_location(part, project)) {
        return Ok(slug);
    }
    let wanted = parts.first().copied().unwrap_or_default();
    let names: Vec<&str> =
        project.bible.locations.values().flat_map(|place| std::iter::once(&place.name).chain(&place.aliases)).map(String::as_str).collect();
    let near = nearest(wanted, names.into_iter()).map(str::to_owned);
    Err((wanted.to_owned(), near))
}

fn project_location(text: &str, project: &Project) -> Option<Slug> {
    let plain = |text: &str| text.trim().to_uppercase().replace(['’', '\''], "");
    let wanted = plain(text);
    let found = project.bible.locations.iter().find(|(slug, place)| {
        let names = std::iter::once(&place.name).chain(&place.aliases);
        names.map(|name| plain(name)).any(|name| name == wanted)
            || plain(&slug.as_str().replace('-', " ")) == wanted
            || plain(slug.as_str()) == wanted
    });
    found.map(|(slug, _)| slug.clone())
}
