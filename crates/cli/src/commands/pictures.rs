//! `echo-studio pictures`: pictures and clips of a project with their verdicts.

use store::VerdictStatus;

use super::ProjectArgument;
use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// Only those that are not accepted
    #[arg(long)]
    waiting: bool,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let folder = &arguments.project.project;
    let show = super::load(folder)?;
    let studio = super::open(context, folder).await?;
    let mut listed = studio.pictures(&show).await?;
    listed.retain(|picture| !arguments.waiting || picture.status != VerdictStatus::Accepted);
    if context.json {
        output::json(&listed)?;
        return Ok(Exit::Success);
    }
    for picture in &listed {
        let (word, colour) = match picture.status {
            VerdictStatus::Accepted => ("accepted    ", 32),
            VerdictStatus::NeedsReview => ("needs review", 33),
            VerdictStatus::Rejected => ("rejected    ", 31),
        };
        let score = picture.score.map_or_else(|| "  —  ".to_owned(), |score| format!("{score:.3}"));
        output::line(format_args!(
            "{} {score} {:<38} {}",
            output::paint(word, colour),
            picture.subject,
            output::paint(&picture.reasons.join("; "), 90)
        ));
    }
    Ok(Exit::Success)
}
