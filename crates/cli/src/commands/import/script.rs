//! A screenplay: an episode's script.

use anyhow::Context as _;
use bible::StoryTime;
use serde_json::json;
use studio::Show;
use studio::StudioError;
use studio::screenplay::{ScriptFormat, take_in};

use super::Arguments;
use crate::exit::Exit;
use crate::{Context, output};

pub(super) fn run(arguments: &Arguments, format: ScriptFormat, context: &Context) -> anyhow::Result<Exit> {
    let episode = arguments.episode.as_deref().context("which episode does the script become? Say --episode 3, or --episode S02E03")?;
    let at = episode_of(episode)?;
    let bytes = std::fs::read(&arguments.from).with_context(|| format!("reading {}", arguments.from.display()))?;
    let made = take_in(&arguments.project, at, format, &bytes, arguments.replace)?;
    let source = arguments.from.display();
    for remark in &made.remarks {
        output::note(format_args!("{source}:{}: {}", remark.line, remark.text));
    }
    // A script from elsewhere mostly names people and places that the bible does not know yet.
    let open = match Show::load(&arguments.project) {
        Ok(_) => Vec::new(),
        Err(StudioError::Source(problems)) => problems.0,
        Err(error) => return Err(error.into()),
    };
    if context.json {
        let open: Vec<String> = open.iter().map(ToString::to_string).collect();
        output::json(&json!({
            "episode": made.at, "script": made.path, "scenes": made.scenes, "remarks": made.remarks, "problems": open,
        }))?;
        return Ok(Exit::Success);
    }
    output::line(format_args!("{} is in {}: {} scene(s).", made.at, made.path.display(), made.scenes));
    if !open.is_empty() {
        output::note(format_args!("to be mended before it can be drawn ({} in all):", open.len()));
        crate::commands::print_problems(open.iter().take(20));
    }
    Ok(Exit::Success)
}

/// An episode by its number in the first season, or by season and number.
fn episode_of(text: &str) -> anyhow::Result<StoryTime> {
    if let Ok(number) = text.parse::<u16>()
        && number > 0
    {
        return Ok(StoryTime::episode(1, number));
    }
    let at: StoryTime = text.parse().with_context(|| format!("{text:?} is no episode: write 3, or S02E03"))?;
    anyhow::ensure!(at == at.episode_start() && at != StoryTime::BEGINNING, "{text:?} is no whole episode: write 3, or S02E03");
    Ok(at)
}
