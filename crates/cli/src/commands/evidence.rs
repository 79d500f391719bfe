//! `echo-studio evidence`: what a verdict rests on, as a picture.

use std::path::PathBuf;

use anyhow::Context as _;
use engine::picture::{ModelContent, UsedModel};
use studio::Subject;

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What: "shot S01E01.03.002", "sheet mei/everyday/front"…
    subject: Subject,
    /// The picture to write
    #[arg(long, short, value_name = "FILE", default_value = "evidence.png")]
    out: PathBuf,
    /// Folder of the project
    #[arg(long, default_value = ".")]
    project: PathBuf,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let show = super::load(&arguments.project)?;
    let studio = super::open(context, &arguments.project).await?;
    let name = arguments.subject.to_string();
    let listed = studio.pictures(&show).await?;
    let Some(found) = listed.iter().find(|listed| listed.subject == name) else {
        let nearest = bible::source::nearest(&name, listed.iter().map(|listed| listed.subject.as_str()));
        let hint = nearest.map(|nearest| format!("; did you mean \"{nearest}\"?")).unwrap_or_default();
        anyhow::bail!("there is no picture \"{name}\"{hint}");
    };
    let (evidence, png) = studio.evidence_card(found.artifact).await?;
    std::fs::write(&arguments.out, png).with_context(|| format!("writing {}", arguments.out.display()))?;
    if context.json {
        output::json(&evidence)?;
    } else {
        output::line(format_args!("{}: {}", evidence.subject, evidence.rule));
        output::line(format_args!("  {}", evidence.gate));
        for suggestion in &evidence.suggestions {
            output::line(format_args!("  {} {}: {}", suggestion.action.word(), suggestion.what, suggestion.because));
        }
        for (what, known) in [("identity", &evidence.identity), ("style", &evidence.style)] {
            output::line(format_args!("  {what} {}: {}", known.word().replace('_', " "), known.detail()));
        }
        for tried in &evidence.tries {
            output::line(format_args!("  {}", tried.words()));
        }
        if let Some(making) = &evidence.making {
            output::line(format_args!("  drawn by {} with {} in {:.1} s", making.node, making.template, making.seconds));
            making.models.iter().for_each(|used| output::line(format_args!("  {}", with_content(used))));
        }
        output::line(format_args!("The evidence is in {}.", arguments.out.display()));
    }
    Ok(Exit::Success)
}

fn with_content(UsedModel { model, content }: &UsedModel) -> String {
    match content {
        ModelContent::Known { blake3, .. } => format!("{model}: BLAKE3 {blake3}"),
        ModelContent::Unknown { hash_unknown, maker_says: None } => format!("{model}: its hash is not known: {hash_unknown}"),
        ModelContent::Unknown { hash_unknown, maker_says: Some(maker) } => {
            format!("{model}: its hash is not known: {hash_unknown}; its maker says that its tensors have SHA-256 {maker}")
        }
    }
}
