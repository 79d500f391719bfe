//! `echo-studio check`: everything that is wrong in a project's files, and whether all of it can be drawn.

use serde::Serialize;
use studio::graph::Graph;
use studio::{Show, StudioError};

use super::{ProjectArgument, print_problems};
use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
}

#[derive(Debug, Serialize)]
struct Report {
    episodes: usize,
    scenes: usize,
    shots: usize,
    pictures: usize,
    characters: usize,
    warnings: Vec<String>,
    errors: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let show = match Show::load(&arguments.project.project) {
        Err(StudioError::Source(problems)) if context.json => {
            let errors = problems.0.iter().map(ToString::to_string).collect();
            output::json(&Report { episodes: 0, scenes: 0, shots: 0, pictures: 0, characters: 0, warnings: Vec::new(), errors })?;
            return Ok(Exit::BrokenProject);
        }
        show => show?,
    };
    let engine = show.engine();
    let graph = Graph::drawn(&show.project, &engine, studio::rendering::Rendering::of(&show)?)?;
    let scenes = || show.project.episodes.iter().flat_map(|episode| &episode.scenes);
    let report = Report {
        episodes: show.project.episodes.len(),
        scenes: scenes().count(),
        shots: scenes().map(|scene| scene.shots.len()).sum(),
        pictures: graph.nodes.len(),
        characters: show.project.bible.characters.len(),
        warnings: show.warnings.iter().map(ToString::to_string).collect(),
        errors: Vec::new(),
    };
    if context.json {
        output::json(&report)?;
    } else {
        print_problems(&show.warnings);
        output::line(format_args!(
            "{}: {} episode(s), {} scenes, {} shots, {} characters, {} pictures and clips to draw; no errors, {} warning(s)",
            show.project.settings.title,
            report.episodes,
            report.scenes,
            report.shots,
            report.characters,
            report.pictures,
            report.warnings.len()
        ));
    }
    Ok(Exit::Success)
}
