//! What planning costs on a long series, and whether an edit touches what it should and nothing else.

use std::collections::BTreeSet;
use std::time::Instant;

use bible::{Colour, Slug, Tones};
use studio::folder::Folder;
use studio::graph::{Graph, Work};
use studio::plan::all_recipes;
use studio::{Show, Studio, Subject};

use crate::series::{Size, series};
use crate::{Figure, Promise};

const SIZE: Size = Size { episodes: 25, shots: 10_000, characters: 60 };

/// Whether a figure of this character is in something.
fn shows(work: &Work, who: &Slug) -> bool {
    let has = |actors: &[engine::brief::Actor]| actors.iter().any(|actor| actor.figure.character == *who);
    match work {
        Work::Sheet(brief) => has(&brief.actors),
        Work::Shot { clip, .. } | Work::Film { clip, .. } => has(&clip.picture.actors),
        Work::Transition { from, to, .. } => has(&from.picture.actors) || has(&to.picture.actors),
    }
}

pub(crate) async fn measure() -> anyhow::Result<Vec<Figure>> {
    let project = series(SIZE);
    let folder = tempfile::tempdir()?;
    let data = folder.path().display();
    let studio = Studio::open(&format!("sqlite:{data}/studio.db").parse()?, &format!("file:{data}/blobs").parse()?).await?;
    let show = Show::of_project(Folder::default(), project.clone(), Vec::new())?;

    let start = Instant::now();
    let plan = studio.plan(&show).await?;
    let from_nothing = start.elapsed().as_secs_f64();

    let who: Slug = "character-7".parse()?;
    let mut edited = project.clone();
    if let Some(character) = edited.bible.characters.get_mut(&who) {
        character.colour_model.insert("hair".to_owned(), Tones::from_base(Colour::new(0x12, 0x80, 0x40)));
    }
    let edited_show = Show::of_project(Folder::default(), edited.clone(), Vec::new())?;
    let start = Instant::now();
    studio.plan(&edited_show).await?;
    let after_an_edit = start.elapsed().as_secs_f64() * 1e3;

    // Brute force: everything whose recipe differs, beside everything that shows the character.
    let engine = show.engine();
    let (before, after) = (all_recipes(&project, &engine)?, all_recipes(&edited, &engine)?);
    let touched: BTreeSet<Subject> =
        after.iter().filter(|(subject, recipe)| before.get(*subject) != Some(recipe)).map(|(subject, _)| subject.clone()).collect();
    let graph = Graph::of(&edited, &engine)?;
    let meant: BTreeSet<Subject> = graph.nodes.iter().filter(|node| shows(&node.work, &who)).map(|node| node.subject.clone()).collect();

    Ok(vec![
        Figure::new("plan from nothing, 10,000 shots, 60 characters", from_nothing, "s", Promise::Under(3.0)),
        Figure::new("plan after one hair colour changed", after_an_edit, "ms", Promise::Under(200.0)),
        Figure::new("steps of the plan from nothing", plan.steps.len() as f64, "", Promise::None),
        Figure::new("pictures and clips that the edit touches", touched.len() as f64, "", Promise::None),
        Figure::new("touched without showing the character", touched.difference(&meant).count() as f64, "", Promise::Exactly(0.0)),
        Figure::new("showing the character and not touched", meant.difference(&touched).count() as f64, "", Promise::Exactly(0.0)),
    ])
}
