//! `echo-studio lint`: where bible, scripts and shots contradict each other.

use bible::lint::{Finding, Input, Level, Report, lint, sarif};
use bible::source::SourceErrors;

use super::{ProjectArgument, print_problems};
use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The least level that ends the command with exit code 3
    #[arg(long, value_enum, default_value_t = Deny::Error)]
    deny: Deny,
}

/// How the result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for editors and CI
    Sarif,
}

/// From which level on findings end the command with an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    /// Errors
    Error,
    /// Errors and warnings
    Warning,
    /// Everything
    Note,
}

impl Deny {
    fn denies(self, level: Level) -> bool {
        match self {
            Self::Error => level == Level::Error,
            Self::Warning => level <= Level::Warning,
            Self::Note => true,
        }
    }
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let format = if context.json { Format::Json } else { arguments.format };
    let tree = studio::folder::Folder::read(&arguments.project.project).map_err(studio::StudioError::from)?.source;
    let loaded = match director::load(&tree) {
        Ok(loaded) => loaded,
        Err(problems) => return broken(&problems, format),
    };
    let input = Input { project: &loaded.project, episodes: &loaded.source.episodes, source: Some(&loaded.source), tree: Some(&tree) };
    let report = lint(&input);
    match format {
        Format::Text => {
            print_problems(&loaded.warnings);
            print(&report);
        }
        Format::Json => output::json(&report)?,
        Format::Sarif => output::json(&sarif(&report, env!("CARGO_PKG_VERSION")))?,
    }
    let denied = report.findings.iter().any(|finding| arguments.deny.denies(finding.level));
    Ok(if denied { Exit::BrokenProject } else { Exit::Success })
}

/// Contradictions are looked for in what can be read: first the errors must be mended.
fn broken(problems: &SourceErrors, format: Format) -> anyhow::Result<Exit> {
    let report = Report::of_problems(&problems.0);
    match format {
        Format::Text => print_problems(&problems.0),
        Format::Json => output::json(&report)?,
        Format::Sarif => output::json(&sarif(&report, env!("CARGO_PKG_VERSION")))?,
    }
    Ok(Exit::BrokenProject)
}

fn print(report: &Report) {
    for finding in &report.findings {
        print_finding(finding);
    }
    output::line(format_args!(
        "{} error(s), {} warning(s), {} note(s), {} allowed with a reason",
        report.count(Level::Error),
        report.count(Level::Warning),
        report.count(Level::Note),
        report.suppressed.len()
    ));
}

fn print_finding(finding: &Finding) {
    let colour = match finding.level {
        Level::Error => 31,
        Level::Warning => 33,
        Level::Note => 36,
    };
    let text = finding.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let label = format!("{} {}-{}", finding.level.word(), finding.rule.id, finding.rule.name);
    output::line(first.replacen(&label, &output::paint(&label, colour), 1));
    if !rest.is_empty() {
        output::line(format_args!("{rest}\n"));
    }
}
