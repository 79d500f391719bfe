//! `echo-studio review`: a person's word on a picture.

use std::path::PathBuf;

use store::VerdictStatus;
use studio::{Judgement, Subject};

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("word").required(true))]
pub(crate) struct Arguments {
    /// What: "shot S01E01.03.002", "sheet mei/everyday/front"…
    subject: Subject,
    /// It is good
    #[arg(long, group = "word")]
    accept: bool,
    /// It is not
    #[arg(long, group = "word")]
    reject: bool,
    /// Why
    #[arg(long, default_value = "")]
    note: String,
    /// Who says so [default: the name of the user]
    #[arg(long, env = "USER", default_value = "someone")]
    by: String,
    /// Folder of the project
    #[arg(long, default_value = ".")]
    project: PathBuf,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let show = super::load(&arguments.project)?;
    let studio = super::open(context, &arguments.project).await?;
    let status = if arguments.accept { VerdictStatus::Accepted } else { VerdictStatus::Rejected };
    let judgement = Judgement { status, by: arguments.by, note: arguments.note };
    let measured = studio.review(&show, &arguments.subject, &judgement).await?;
    let word = if arguments.accept { "accepted" } else { "rejected" };
    output::line(format_args!("{} is {word} by {}; `echo-studio produce` cuts the episode with it.", arguments.subject, judgement.by));
    if let Some(report) = measured {
        let score = report.score.map_or_else(|| "no score".to_owned(), |score| score.to_string());
        output::line(format_args!("The gate had said {}: {score}; {}.", report.status.word().replace('_', " "), report.gate));
    }
    Ok(Exit::Success)
}
