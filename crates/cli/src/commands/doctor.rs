//! `echo-studio doctor`: what is there, what is missing, what that means, and what mends it.

use serde::Serialize;
use studio::doctor::{Condition, Finding};

use super::ProjectArgument;
use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
}

#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    findings: Vec<Finding>,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let mut findings = match super::open(context, &arguments.project.project).await {
        Ok(studio) => {
            let mut findings = studio::doctor::examine(&studio).await;
            // Without a project, or with a broken one, nothing is pinned; that the database does not answer is said already.
            if let Ok(show) = studio::Show::load(&arguments.project.project) {
                findings.extend(studio::doctor::examine_pinned(&studio, &show).await.unwrap_or_default());
            }
            findings
        }
        Err(error) => {
            let mut findings = studio::doctor::examine_programs(&editorial::Programs::default()).await;
            findings.push(Finding {
                name: "data".to_owned(),
                condition: Condition::Missing,
                found: format!("{error:#}"),
                means: "nothing can be kept".to_owned(),
                mend: "choose another place with --data, or see echo-studio config".to_owned(),
            });
            findings
        }
    };
    findings.extend(super::models::examine(context, &arguments.project.project));
    let missing = findings.iter().any(|finding| finding.condition == Condition::Missing);
    if context.json {
        output::json(&Report { version: env!("CARGO_PKG_VERSION"), findings })?;
    } else {
        findings.iter().for_each(print);
    }
    Ok(if missing { Exit::ProgramMissing } else { Exit::Success })
}

fn print(finding: &Finding) {
    let (sign, colour) = match finding.condition {
        Condition::Good => ("ok     ", 32),
        Condition::Limited => ("limited", 33),
        Condition::Missing => ("missing", 31),
    };
    output::line(format_args!("{} {:<14} {}", output::paint(sign, colour), finding.name, finding.found));
    if finding.condition != Condition::Good {
        output::line(format_args!("        {:<14} {}", "which means", finding.means));
        output::line(format_args!("        {:<14} {}", "to mend it", finding.mend));
    }
}
