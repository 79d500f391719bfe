//! `echo-studio sheet`: character sheets, signed.

use std::path::PathBuf;

use bible::{Slug, StoryTime};
use store::VerdictStatus;
use studio::Judgement;
use studio::sheet::{CharacterSheet, Finding, SheetAsked, SignedSheet, Validation};

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Draw what is missing of a character's sheet, measure all of it, and sign it
    Generate(Which),
    /// Read a signed sheet again: are its pictures what was signed, and what the bible still asks for?
    Validate(Which),
    /// Make a signed sheet the reference, as a person
    Approve(Judged),
    /// Say that a signed sheet is not to be used, as a person
    Reject(Judged),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The character
    character: Slug,
    /// The look; the character's first without
    #[arg(long)]
    look: Option<Slug>,
    /// Since which change of their arc: S01E03…
    #[arg(long)]
    since: Option<StoryTime>,
    /// Folder of the project
    #[arg(long, default_value = ".")]
    project: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Judged {
    #[command(flatten)]
    which: Which,
    /// Why
    #[arg(long, default_value = "")]
    note: String,
    /// Who says so [default: the name of the user]
    #[arg(long, env = "USER", default_value = "someone")]
    by: String,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Generate(which) => {
            let (show, studio, asked) = ready(&which, context).await?;
            let signed = studio.generate_sheet(&show, &asked, &context.settings.data_folder(&which.project)).await?;
            print(&signed, context)?;
            Ok(exit_of(signed.status))
        }
        Command::Validate(which) => {
            let (show, studio, asked) = ready(&which, context).await?;
            let validation = studio.validate_sheet(&show, &asked).await?;
            print_validation(&validation, context)?;
            Ok(if validation.valid { Exit::Success } else { Exit::NeedsReview })
        }
        Command::Approve(judged) => review(judged, VerdictStatus::Accepted, context).await,
        Command::Reject(judged) => review(judged, VerdictStatus::Rejected, context).await,
    }
}

async fn ready(which: &Which, context: &Context) -> anyhow::Result<(studio::Show, studio::Studio, SheetAsked)> {
    let show = super::load(&which.project)?;
    let studio = super::open(context, &which.project).await?;
    let asked = SheetAsked { character: which.character.clone(), look: which.look.clone(), since: which.since };
    Ok((show, studio, asked))
}

async fn review(judged: Judged, status: VerdictStatus, context: &Context) -> anyhow::Result<Exit> {
    let (show, studio, asked) = ready(&judged.which, context).await?;
    let signed = studio.review_sheet(&show, &asked, &Judgement { status, by: judged.by, note: judged.note }).await?;
    print(&signed, context)?;
    Ok(Exit::Success)
}

fn exit_of(status: VerdictStatus) -> Exit {
    if status == VerdictStatus::Accepted { Exit::Success } else { Exit::NeedsReview }
}

fn print(signed: &SignedSheet, context: &Context) -> anyhow::Result<()> {
    if context.json {
        return output::json(signed);
    }
    let sheet = &signed.sheet;
    output::line(format_args!(
        "{} version {}: {} by {} ({} pictures, {} drawn now), signed {}",
        sheet.name,
        signed.version,
        signed.status.word().replace('_', " "),
        signed.decided_by,
        sheet.slots.len(),
        signed.drawn,
        sheet.digest.short()
    ));
    print_sheet(sheet);
    Ok(())
}

fn print_sheet(sheet: &CharacterSheet) {
    for picture in &sheet.slots {
        let score = picture.score.map_or_else(|| "  —  ".to_owned(), |score| format!("{:.3}", score.value()));
        let canonical = if sheet.canonical.contains(&picture.slot) { "canonical" } else { "—        " };
        let failed: Vec<String> = picture
            .checks
            .iter()
            .filter(|check| matches!(check.finding, Finding::Failed(_)))
            .map(|check| format!("{}: {}", check.check, check.finding.detail()))
            .collect();
        output::line(format_args!("  {:<14} {score}  {canonical}  {}", picture.slot, failed.join("; ")));
    }
    for slot in &sheet.missing {
        output::line(format_args!("  {slot:<14} was not drawn"));
    }
    let compared: Vec<_> = sheet.pairs.iter().filter_map(|pair| Some((pair, pair.score?))).collect();
    if let Some((pair, score)) = compared.iter().min_by(|one, other| one.1.value().total_cmp(&other.1.value())) {
        let least = pair.least.as_ref().map(|(part, apart)| format!(", in `{part}` by ΔE {apart:.1}")).unwrap_or_default();
        output::line(format_args!(
            "{} of {} pairs compared; `{}` and `{}` agree least: {score}{least}",
            compared.len(),
            sheet.pairs.len(),
            pair.one,
            pair.other
        ));
    }
    output::line(format_args!("identity {}: {}", sheet.identity.word().replace('_', " "), sheet.identity.detail()));
}

fn print_validation(validation: &Validation, context: &Context) -> anyhow::Result<()> {
    if context.json {
        return output::json(validation);
    }
    let signed = &validation.signed;
    output::line(format_args!(
        "{} version {}, signed {}: {}",
        signed.sheet.name,
        signed.version,
        signed.sheet.digest.short(),
        if validation.valid { "valid" } else { "not valid" }
    ));
    for damage in &validation.damage {
        output::line(format_args!("  damaged: {damage}"));
    }
    for slot in &validation.stale {
        output::line(format_args!("  stale: the bible would have `{slot}` drawn differently by now"));
    }
    if signed.status != VerdictStatus::Accepted {
        output::line(format_args!("  {} by {}", signed.status.word().replace('_', " "), signed.decided_by));
    }
    Ok(())
}
