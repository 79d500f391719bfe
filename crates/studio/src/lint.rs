//! The continuity lint over a bible that is on no disk.

use bible::lint::{Input, Report, lint};
use bible::source::SourceTree;

/// What contradicts itself in a project's files; what is wrong with them, when they cannot be read.
#[must_use]
pub fn lint_source(tree: &SourceTree) -> Report {
    match director::load(tree) {
        Ok(loaded) => {
            let input =
                Input { project: &loaded.project, episodes: &loaded.source.episodes, source: Some(&loaded.source), tree: Some(tree) };
            lint(&input)
        }
        Err(problems) => Report::of_problems(&problems.0),
    }
}
