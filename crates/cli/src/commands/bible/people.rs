//! Characters as they are at a point of the story.

use anyhow::anyhow;
use bible::resolve::{Origin, Timeline};
use bible::version::Reference;
use bible::{Character, Project, Slug, StoryTime};
use serde_json::{Value, json};

use super::{Desk, listing};
use crate::output;

/// The project as it was at a version; as the folder is when none is named.
async fn project(desk: &Desk, at: Option<&Reference>) -> anyhow::Result<std::sync::Arc<Project>> {
    Ok(match at {
        Some(at) => desk.history.show_at(at).await?.project,
        None => desk.show()?.project,
    })
}

fn find<'a>(project: &'a Project, character: &Slug) -> anyhow::Result<&'a Character> {
    let cast = &project.bible.characters;
    cast.get(character).ok_or_else(|| {
        let nearest = bible::source::nearest(character.as_str(), cast.keys().map(Slug::as_str));
        anyhow!("there is no character `{character}`{}", nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())
    })
}

/// A character at a point of the story, with the origin of each value.
pub(super) async fn resolve(
    desk: &Desk,
    character: &Slug,
    at: StoryTime,
    look: Option<&Slug>,
    reference: Option<&Reference>,
    as_json: bool,
) -> anyhow::Result<()> {
    let project = project(desk, reference).await?;
    let described = find(&project, character)?;
    let resolved = Timeline::of(character, described)?.at(at, look)?;
    let value = serde_json::to_value(&*resolved.character)?;
    let origin = |origin: Origin| match origin {
        Origin::Base => "base".to_owned(),
        Origin::Arc(index) => format!("arc {index}, at {}", described.arc[index].at),
        Origin::Shot => "the shot".to_owned(),
    };
    if as_json {
        let origins: Value = resolved.origins.iter().map(|(path, from)| (path.clone(), Value::from(origin(*from)))).collect();
        return output::json(&json!({
            "character": character, "at": at, "since": resolved.since, "look": resolved.look,
            "look_origin": origin(resolved.look_origin), "value": value, "origins": origins,
        }));
    }
    output::line(format_args!(
        "{character} at {at}, unchanged since {}; wears {} ({})",
        resolved.since,
        resolved.look.as_ref().map_or("nothing", Slug::as_str),
        origin(resolved.look_origin)
    ));
    for (path, from) in &*resolved.origins {
        let found = bible::version::lookup(&value, path);
        output::line(format_args!("  {path}: {}  {}", listing::value(found), output::paint(&origin(*from), 90)));
    }
    Ok(())
}

/// The changes of a character over the story; of a relationship when `other` is given.
pub(super) async fn timeline(
    desk: &Desk,
    character: &Slug,
    other: Option<&Slug>,
    reference: Option<&Reference>,
    as_json: bool,
) -> anyhow::Result<()> {
    let project = project(desk, reference).await?;
    let described = find(&project, character)?;
    let Some(other) = other else {
        let turns = bible::resolve::turns(character, described)?;
        if as_json {
            return output::json(&turns);
        }
        if turns.is_empty() {
            output::line(format_args!("Nothing about {character} changes."));
        }
        for turn in &turns {
            output::line(format_args!("{}  {}", output::paint(&turn.at.to_string(), 33), turn.notes.join("; ")));
            listing::changes(&turn.changes, false)?;
        }
        return Ok(());
    };
    find(&project, other)?;
    let stretches = bible::resolve::between(&project, character, other)?;
    if as_json {
        return output::json(&stretches);
    }
    if stretches.is_empty() {
        output::line(format_args!("{character} and {other} are never anything to each other."));
    }
    for stretch in &stretches {
        let ties = stretch.ties.iter().map(|tie| {
            let note = if tie.note.is_empty() { String::new() } else { format!(" ({})", tie.note) };
            format!("{} is {}'s {}{note}", tie.to, tie.from, tie.kind)
        });
        let ties: Vec<String> = ties.collect();
        let said = if ties.is_empty() { "nothing to each other".to_owned() } else { ties.join("; ") };
        output::line(format_args!("{}  {said}", output::paint(&stretch.from.to_string(), 33)));
    }
    Ok(())
}
