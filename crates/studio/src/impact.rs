//! What a change of the bible makes stale, before it is made or after.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bible::Digest;

use crate::gate::by_construction;
use crate::graph::{Graph, Node};
use crate::plan::{Action, Plan, Step};
use crate::reason::{self, Reason};
use crate::remembered::Remembered;
use crate::subject::Subject;
use crate::{Show, Studio, StudioError};

impl Studio {
    /// Says which pictures differ between two versions of a show, why, and what drawing them costs. Draws and writes
    /// nothing, and neither version has to be committed: an edit that is not saved yet can be asked about.
    ///
    /// The answer is exact: every recipe of both versions is known, and a picture is stale when its recipe differs.
    /// The reasons are the fields that the recipe read.
    ///
    /// # Errors
    /// [`StudioError`] when a version names something that cannot be drawn, or the store does not answer.
    pub async fn impact(&self, before: &Show, after: &Show) -> Result<Plan, StudioError> {
        let (old_engine, new_engine) = (before.engine(), after.engine());
        let (old_rendering, new_rendering) = (self.rendering_of(before).await?, self.rendering_of(after).await?);
        let old_stamp = before.engine_stamp(&old_engine, old_rendering.as_ref());
        let new_stamp = after.engine_stamp(&new_engine, new_rendering.as_ref());
        let old = Graph::drawn(&before.project, &old_engine, old_rendering)?;
        let remembered = Remembered::new(Arc::clone(&before.project), old_stamp, &old);
        let untouched = remembered.held_against(&after.project, new_stamp);
        let new = Graph::after(&after.project, &new_engine, new_rendering, untouched.as_ref())?;

        let recipes: HashMap<&Subject, &Node> = old.nodes.iter().map(|node| (&node.subject, &**node)).collect();
        let stale: Vec<_> =
            new.nodes.iter().filter(|node| recipes.get(&node.subject).is_none_or(|old| old.recipe != node.recipe)).collect();
        let project = self.store.project_by_slug(&after.project.settings.slug).await?.map(|project| project.id);
        let mut known: HashSet<Digest> = HashSet::new();
        if let Some(project) = project {
            let recipes: Vec<Digest> = stale.iter().map(|node| node.recipe).collect();
            known.extend(self.store.artifacts_of_recipes(project, &recipes).await?.into_iter().map(|artifact| artifact.recipe));
        }
        let mut steps = Vec::with_capacity(stale.len());
        for node in &stale {
            let reasons = match recipes.get(&node.subject) {
                None => vec![Reason::New],
                Some(was) => {
                    let read = reason::stored(&old.reads_of(&node.subject)?);
                    let reasons = reason::changed_fields(&read, &new.reads_of(&node.subject)?, Some(&before.project), &after.project);
                    if reasons.is_empty() {
                        reason::changed_ingredients(
                            &old.document_of(&was.subject, &was.work)?,
                            &new.document_of(&node.subject, &node.work)?,
                        )
                    } else {
                        reasons
                    }
                }
            };
            let action = if known.contains(&node.recipe) { Action::Reuse } else { Action::Draw };
            steps.push(Step::of(node, action, reasons));
        }
        let mut unchanged = new.nodes.len() - stale.len();
        let drawn_again: HashSet<&Subject> = stale.iter().map(|node| &node.subject).collect();
        for episode in &new.episodes {
            let was = old.episodes.iter().find(|known| known.at == episode.at);
            let mut clips = episode.clips.iter().chain(episode.films.iter().map(|film| &film.film));
            if was.is_some_and(|was| was.recipe == episode.recipe) && !clips.any(|clip| drawn_again.contains(clip)) {
                unchanged += 1;
                continue;
            }
            let frames = after.project.episodes.iter().find(|known| known.at == episode.at).map_or(0, bible::story::Episode::frames);
            let reasons = vec![if was.is_some() { Reason::Material } else { Reason::New }];
            steps.push(Step::of_episode(episode, Action::Cut, frames, reasons));
        }
        let wanted: HashSet<&Subject> = new.nodes.iter().map(|node| &node.subject).collect();
        let mut removed: Vec<String> =
            old.nodes.iter().map(|node| &node.subject).filter(|subject| !wanted.contains(subject)).map(ToString::to_string).collect();
        removed.sort_unstable();
        let cost = self.cost(project, &steps, by_construction(&new.capabilities().name)).await?;
        let slug = after.project.settings.slug.clone();
        Ok(Plan { project: slug, bible: after.version, steps, unchanged, waiting: Vec::new(), removed, cost })
    }
}
