//! `echo-studio search`: pictures by who is in them and how, and by what they are like.

use std::path::Path;

use anyhow::Context as _;
use store::VerdictStatus;
use studio::progress::Progress;
use studio::search::{AskedFilter, Found, FoundPicture, Like, Lookup, LookupError, Sighting, USUAL};
use studio::{Show, Studio, Subject};
use uuid::Uuid;

use super::ProjectArgument;
use crate::bars::Bars;
use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// Somebody who is in the picture: mio
    #[arg(long, value_name = "ID")]
    character: Option<String>,
    /// In which look: work
    #[arg(long, value_name = "ID")]
    look: Option<String>,
    /// In which pose (sit), or on which picture of a sheet (sitting)
    #[arg(long, value_name = "NAME")]
    pose: Option<String>,
    /// With which expression: happy
    #[arg(long, value_name = "NAME")]
    expression: Option<String>,
    /// Facing which way: front, back, three-quarter-left…
    #[arg(long, value_name = "NAME")]
    facing: Option<String>,
    /// Only pictures of a kind: sheet or shot
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only in an episode, a scene or a shot: S01E01, S01E01.03, S01E01.03.002
    #[arg(long = "in", value_name = "WHERE")]
    within: Option<String>,
    /// Those like this first: a PNG or JPEG, an artifact's id, or a subject such as "shot S01E01.03.002"
    #[arg(long, value_name = "PICTURE")]
    like: Option<String>,
    /// How many, up to 200
    #[arg(long, default_value_t = USUAL)]
    limit: u64,
    /// No progress bars
    #[arg(long, short)]
    quiet: bool,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let folder = &arguments.project.project;
    let asked = AskedFilter {
        character: arguments.character,
        look: arguments.look,
        pose: arguments.pose,
        expression: arguments.expression,
        facing: arguments.facing,
        kind: arguments.kind,
        within: arguments.within,
    };
    let filter = asked.parse()?;
    let show = super::load(folder)?;
    let mut studio = super::open(context, folder).await?;
    let like = match &arguments.like {
        Some(like) => {
            super::models::describe_by_networks(&mut studio, context, folder);
            Some(meant(&studio, &show, like).await?)
        }
        None => None,
    };
    let data = context.settings.data_folder(folder);
    let progress = Progress::default();
    let bars = Bars::show(&progress, arguments.quiet);
    let found = studio.search(&show, &Lookup { filter, like, limit: arguments.limit }, &data, &progress).await;
    bars.finish().await;
    let found = found.map_err(|error| match error {
        // What is wrong with the project has exit codes of its own.
        LookupError::Studio(error) => anyhow::Error::from(error),
        error => error.into(),
    })?;
    if context.json {
        output::json(&found)?;
    } else {
        print(&found);
    }
    if found.graph_due
        && let Some(project) = studio.store.project_by_slug(&show.project.settings.slug).await?
    {
        output::note("there are many new pictures: the index is built, so that the next search is quick (Ctrl-C leaves it for later)");
        studio.extend_graph(project.id, &data).await?;
    }
    Ok(Exit::Success)
}

/// What `--like` names: a file, an artifact, or a subject.
async fn meant(studio: &Studio, show: &Show, like: &str) -> anyhow::Result<Like> {
    if Path::new(like).is_file() {
        return Ok(Like::Picture(std::fs::read(like).with_context(|| format!("reading {like}"))?.into()));
    }
    if let Ok(id) = like.parse::<Uuid>() {
        return Ok(Like::Artifact(id));
    }
    if like.parse::<Subject>().is_ok() {
        let listed = studio.pictures(show).await?;
        if let Some(found) = listed.iter().find(|listed| listed.subject == like) {
            return Ok(Like::Artifact(found.artifact));
        }
        let nearest = bible::source::nearest(like, listed.iter().map(|listed| listed.subject.as_str()));
        let hint = nearest.map(|nearest| format!("; did you mean \"{nearest}\"?")).unwrap_or_default();
        anyhow::bail!("there is no picture \"{like}\"{hint}");
    }
    anyhow::bail!("there is no file {like}, and it is neither an artifact's id nor a subject such as \"shot S01E01.03.002\"")
}

fn print(found: &Found) {
    for picture in &found.pictures {
        let (word, colour) = match picture.status {
            VerdictStatus::Accepted => ("accepted    ", 32),
            VerdictStatus::NeedsReview => ("needs review", 33),
            VerdictStatus::Rejected => ("rejected    ", 31),
        };
        let likeness = picture.similarity.map_or_else(String::new, |similarity| format!(" {similarity:.3}"));
        output::line(format_args!(
            "{}{likeness} {:<38} {}",
            output::paint(word, colour),
            name(picture),
            output::paint(&picture.seen.iter().map(told).collect::<Vec<_>>().join("; "), 90)
        ));
    }
    let more = found.matching.saturating_sub(found.pictures.len());
    if found.pictures.is_empty() {
        output::note("there is no such picture");
    } else if more > 0 {
        output::note(format_args!("{more} more; --limit N gives up to {}", studio::search::MOST));
    }
    if let (Some(model), Some(finds)) = (&found.model, &found.finds) {
        output::note(format_args!("compared by {model}: {finds}"));
    }
}

/// The subject, and which of its pictures it is where it may have several.
fn name(picture: &FoundPicture) -> String {
    let stem = picture.picture.name.trim_end_matches(".png");
    if stem == "picture" { picture.subject.clone() } else { format!("{} {stem}", picture.subject) }
}

fn told(sighting: &Sighting) -> String {
    let Sighting { character, look, slot: _, pose, expression, facing } = sighting;
    format!("{character} in {look}: {pose}, {}, {}", expression.word(), facing.word())
}
