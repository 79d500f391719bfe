//! From a project folder to a project with every shot.

use bible::source::{self, Severity, Source, SourceError, SourceErrors, SourceTree, yaml::Step};
use bible::{Project, StoryTime};

use crate::breakdown::breakdown;

/// A project that can be planned and produced.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Settings, bible, and the episodes with their shots.
    pub project: Project,
    /// What is likely not meant, but works.
    pub warnings: Vec<SourceError>,
    /// The source, to find the place of a value again.
    pub source: Source,
}

/// Reads a project and breaks its scripts down.
///
/// # Errors
/// Everything that must be mended, with the warnings between. What depends on the bible (names in
/// scripts) is only checked when the bible itself is sound.
pub fn load(tree: &SourceTree) -> Result<Loaded, SourceErrors> {
    let source = source::read(tree);
    let mut problems = source.problems.clone();
    let Some(mut project) = source.project.clone() else { return Err(SourceErrors(problems)) };
    for episode in &source.episodes {
        match breakdown(&source, episode, &project, &mut problems) {
            Some(episode) => project.episodes.push(episode),
            // The reason is among the problems.
            None => continue,
        }
    }
    shots_of_arcs(&source, &project, &mut problems);
    problems.sort_by(|a, b| (&a.file, a.line, a.column, a.severity).cmp(&(&b.file, b.line, b.column, b.severity)));
    problems.dedup();
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(SourceErrors(problems));
    }
    Ok(Loaded { project, warnings: problems, source })
}

/// Arc entries and ties that name a shot: the shot must exist.
fn shots_of_arcs(source: &Source, project: &Project, problems: &mut Vec<SourceError>) {
    for (slug, character) in &project.bible.characters {
        let file = format!("bible/characters/{slug}.yaml");
        let arc = character.arc.iter().enumerate().map(|(index, entry)| (vec!["arc".into(), index.into(), "at".into()], entry.at));
        let ties = character.relationships.iter().enumerate().flat_map(|(index, tie)| {
            let path = |field: &str| -> Vec<Step> { vec!["relationships".into(), index.into(), field.into()] };
            tie.since.map(|at| (path("since"), at)).into_iter().chain(tie.until.map(|at| (path("until"), at)))
        });
        for (path, at) in arc.chain(ties) {
            if let Some(last) = last_shot(project, at)
                && at.shot > last.shot
            {
                let problem = format!("scene {} has no shot {}", at.at_scene(at.scene), at.shot);
                let error = SourceError::new(&file, source.locate(&file, &path), problem, format!("its last shot is {last}"));
                problems.push(error.at_path(&path));
            }
        }
    }
}

fn last_shot(project: &Project, at: StoryTime) -> Option<StoryTime> {
    let episode = project.episodes.iter().find(|episode| episode.at == at.episode_start())?;
    let scene = episode.scenes.iter().find(|scene| scene.at.scene == at.scene)?;
    scene.shots.last().map(|shot| shot.at)
}
