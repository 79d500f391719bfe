//! `echo-studio consistency`: how well measures tell right pictures from wrong ones, on labelled pairs.

use std::path::{Path, PathBuf};

use ::consistency::calibration::plot::{self, Named};
use ::consistency::calibration::proposal::{Agreement, Proposal};
use ::consistency::{Calibration, Score};
use anyhow::Context as _;
use bible::Gate;
use bible::gate::GateRule;
use studio::pairs::{BenchReport, Masks, MeasuredPairs, bench, measure};
use vision_models::ModelFolder;

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// `bench` and `calibrate` take a folder with `same/` and `different/`; in each a folder per pair, named
/// `<character>.<kind>.<number>`, with `picture.png` (the picture in question) and `reference.png` (an accepted one).
/// A picture that was painted over a layout has `layout.png`, `layout.parts.png`, `layout.parts.json` and
/// `layout.skeletons.json` beside it, one that was painted over none `colours.json`. Accepted pictures of the show, for the
/// style, lie in `accepted/`.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Measure labelled pairs and say how well a calibration tells them apart
    Bench(BenchArguments),
    /// Fit a calibration on labelled pairs; every third character is held out to say how good it is
    Calibrate(CalibrateArguments),
    /// Write pairs for `calibrate` out of what people accepted and rejected of this project's pictures
    Collect(CollectArguments),
    /// Say which gate would agree better with the people who reviewed this project's pictures; changes nothing
    Propose(super::ProjectArgument),
}

#[derive(Debug, clap::Args)]
struct BenchArguments {
    /// Folder with the pairs
    folder: PathBuf,
    /// Calibration to judge with; the built-in one without
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    /// Count only the characters that `calibrate` holds out of this same folder
    #[arg(long)]
    held_out: bool,
    /// The probability that is needed
    #[arg(long, default_value_t = 0.85)]
    gate: f64,
    /// Folder of models: measure identity too, with its identity model
    #[arg(long, value_name = "FOLDER")]
    identity: Option<PathBuf>,
    /// Whether the masks beside pictures are used: without them colours are told apart by segmentation
    #[arg(long, value_enum, default_value_t)]
    masks: MasksArgument,
    /// Folder for report.json and the plots; `report` inside of the pairs' folder without
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct CalibrateArguments {
    /// Folder with the pairs
    folder: PathBuf,
    /// Folder of models: calibrate identity too, by its identity model
    #[arg(long, value_name = "FOLDER")]
    identity: Option<PathBuf>,
    /// Whether the masks beside pictures are used; with both the calibration holds for pictures with masks and without
    #[arg(long, value_enum, default_value_t)]
    masks: MasksArgument,
    /// File to write; `calibration.json` inside of the pairs' folder without
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Name of the calibration
    #[arg(long, default_value = "project")]
    name: String,
    /// Version of the calibration: count up when fitting again
    #[arg(long = "version-number", default_value_t = 1)]
    version_number: u32,
    /// The gate that false accepts and rejects are counted at
    #[arg(long, default_value_t = 0.85)]
    gate: f64,
}

/// Whether the masks of pairs that have them are used.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum MasksArgument {
    /// They are
    #[default]
    Used,
    /// They are not: every picture is measured as one that was drawn without a layout
    Withheld,
    /// Every pair that has masks is measured twice, with and without
    Both,
}

impl From<MasksArgument> for Masks {
    fn from(masks: MasksArgument) -> Self {
        match masks {
            MasksArgument::Used => Self::Used,
            MasksArgument::Withheld => Self::Withheld,
            MasksArgument::Both => Self::Both,
        }
    }
}

#[derive(Debug, clap::Args)]
struct CollectArguments {
    /// Folder to make
    folder: PathBuf,
    /// Folder of the project
    #[arg(long, default_value = ".")]
    project: PathBuf,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Bench(arguments) => run_bench(&arguments, context),
        Command::Calibrate(arguments) => run_calibrate(&arguments, context),
        Command::Collect(arguments) => run_collect(&arguments, context).await,
        Command::Propose(arguments) => run_propose(&arguments.project, context).await,
    }
}

/// Where a proposed gate would be written. What a person is asked about from a higher score on has to come down with it.
fn written(now: &Gate, kind: GateRule, gate: f64) -> String {
    let plain = *now == Gate::from(now.accept);
    let (place, person) = match kind {
        GateRule::Project if plain => (format!("`gate: {gate:.2}`"), None),
        GateRule::Project => (format!("`accept: {gate:.2}` in `gate`"), now.person),
        GateRule::Sheets => (format!("`sheets: {{ accept: {gate:.2} }}` in `gate`"), now.sheets.and_then(|bounds| bounds.person)),
        GateRule::Shots(framing) => {
            let person = now.shots.get(&framing).and_then(|bounds| bounds.person);
            (format!("`shots: {{ {framing}: {{ accept: {gate:.2} }} }}` in `gate`"), person)
        }
    };
    match person.filter(|person| *person > gate) {
        Some(_) => format!("{place}, and its `person` to at most that,"),
        None => place,
    }
}

async fn run_propose(project: &Path, context: &Context) -> anyhow::Result<Exit> {
    let show = super::load(project)?;
    let proposals = super::open(context, project).await?.propose_gate(&show).await?;
    if context.json {
        output::json(&proposals)?;
        return Ok(Exit::Success);
    }
    let said = |agreement: &Agreement| {
        format!(
            "{:.2} lets {:.0} % of the rejected pictures through and stops {:.0} % of the accepted ones",
            agreement.gate,
            agreement.false_accept * 100.0,
            agreement.false_reject * 100.0
        )
    };
    let print = |kind: GateRule, proposal: &Proposal| match proposal {
        Proposal::TooFew { accepted, rejected, needed } => output::line(format_args!(
            "people accepted {accepted} and rejected {rejected} measured pictures; {needed} of each are needed to propose a gate"
        )),
        Proposal::Keep { present } => output::line(format_args!("keep {}: on verdicts held out, {}", kind.words(), said(present))),
        Proposal::Change { gate, present, proposed } => {
            output::line(format_args!("{}, on verdicts held out: the present one of {}", kind.words(), said(present)));
            output::line(format_args!("{}, on verdicts held out: one of {}", kind.words(), said(proposed)));
            output::line(format_args!(
                "to take it up, set {} in project.yaml; nothing was changed",
                written(&show.project.settings.gate, kind, *gate)
            ));
        }
    };
    print(GateRule::Project, &proposals.project);
    for proposal in &proposals.kinds {
        print(proposal.kind, &proposal.proposal);
    }
    Ok(Exit::Success)
}

async fn run_collect(arguments: &CollectArguments, context: &Context) -> anyhow::Result<Exit> {
    let project = &arguments.project;
    let show = super::load(project)?;
    let collected = super::open(context, project).await?.collect_pairs(&show, &arguments.folder).await?;
    if context.json {
        output::json(&collected)?;
        return Ok(Exit::Success);
    }
    let folder = arguments.folder.display();
    output::line(format_args!(
        "{} pairs that people accepted and {} that they rejected are in {folder}; `echo-studio consistency calibrate {folder}` fits on them",
        collected.same, collected.different
    ));
    for left_out in &collected.left_out {
        output::line(format_args!("left out {}: {}", left_out.subjects.len(), left_out.reason));
    }
    Ok(Exit::Success)
}

fn run_bench(arguments: &BenchArguments, context: &Context) -> anyhow::Result<Exit> {
    let gate = Score::new(arguments.gate)?;
    let calibration = match &arguments.calibration {
        Some(path) => Calibration::read(&std::fs::read(path).with_context(|| path.display().to_string())?)
            .with_context(|| path.display().to_string())?,
        None => Calibration::built_in(),
    };
    let pairs = measure(&arguments.folder, arguments.identity.as_ref().map(ModelFolder::new), arguments.masks.into())?;
    let report = write_report(&pairs, &calibration, gate, arguments)?;
    if context.json {
        output::json(&report)?;
    } else {
        print(&report);
    }
    Ok(Exit::Success)
}

/// Writes the report and the plots, and gives the report.
fn write_report(pairs: &MeasuredPairs, calibration: &Calibration, gate: Score, arguments: &BenchArguments) -> anyhow::Result<BenchReport> {
    let out = arguments.out.clone().unwrap_or_else(|| arguments.folder.join("report"));
    let (report, told) = bench(pairs, calibration, gate, arguments.held_out);
    std::fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    let together = report.together.iter().map(|quality| Named { name: "together", quality });
    let curves: Vec<Named<'_>> =
        together.chain(report.measures.iter().map(|measure| Named { name: &measure.measure, quality: &measure.quality })).collect();
    write(&out.join("roc.svg"), plot::roc(&curves).as_bytes())?;
    write(&out.join("reliability.svg"), plot::reliability(&curves[..curves.len().min(1)]).as_bytes())?;
    write(&out.join("spread.svg"), plot::spread(&told, gate.value()).as_bytes())?;
    write(&out.join("report.json"), &serde_json::to_vec_pretty(&report)?)?;
    Ok(report)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| path.display().to_string())
}

fn print(report: &BenchReport) {
    let held_out = if report.held_out_only { ", held-out characters only" } else { "" };
    output::line(format_args!("{} pairs judged by {} at {}{held_out}", report.pairs, report.calibration, report.gate));
    if let Some(quality) = &report.together {
        let auc = quality.auc.map_or_else(|| "-".to_owned(), |auc| format!("{auc:.3}"));
        output::line(format_args!(
            "together: AUC {auc}, ECE {:.3}, false accepts {:.1} %, false rejects {:.1} %, certainty {:.2}",
            quality.ece,
            quality.false_accept * 100.0,
            quality.false_reject * 100.0,
            report.certainty
        ));
    }
    for measure in &report.measures {
        let auc = measure.quality.auc.map_or_else(|| "-".to_owned(), |auc| format!("{auc:.3}"));
        output::line(format_args!("  {:<14} measured {:>5}, AUC {auc}", measure.measure, measure.measured));
    }
    output::line(format_args!("{:<22} {:>6} {:>8} {:>7} {:>7}", "kind", "pairs", "decided", "AUC", "mean"));
    for kind in &report.kinds {
        let auc = kind.auc.map_or_else(|| "-".to_owned(), |auc| format!("{auc:.3}"));
        let verb = if kind.same { "kept" } else { "stopped" };
        output::line(format_args!("{:<22} {:>6} {:>5.1} % {auc:>7} {:>7.3}  {verb}", kind.kind, kind.pairs, kind.right * 100.0, kind.mean));
    }
    if let Some((name, reason)) = report.unjudged.first() {
        output::line(format_args!("{} pairs got no probability, the first of them {name}: {reason}", report.unjudged.len()));
    }
}

fn run_calibrate(arguments: &CalibrateArguments, context: &Context) -> anyhow::Result<Exit> {
    let gate = Score::new(arguments.gate)?;
    let out = arguments.out.clone().unwrap_or_else(|| arguments.folder.join("calibration.json"));
    let pairs = measure(&arguments.folder, arguments.identity.as_ref().map(ModelFolder::new), arguments.masks.into())?;
    let calibration = pairs.calibrate(&arguments.name, arguments.version_number, gate)?;
    let mut json = serde_json::to_vec_pretty(&calibration)?;
    json.push(b'\n');
    write(&out, &json)?;
    if context.json {
        output::json(&calibration)?;
        return Ok(Exit::Success);
    }
    let fitted = &calibration.fitted;
    output::line(format_args!(
        "{}@{}: fitted on {} pairs of {} characters, {} held out; written to {}",
        calibration.name,
        calibration.version,
        fitted.pairs,
        fitted.characters,
        fitted.held_out,
        out.display()
    ));
    for fusion in &calibration.fusions {
        let Some(quality) = &fusion.held_out else { continue };
        let auc = quality.auc.map_or_else(|| "-".to_owned(), |auc| format!("{auc:.3}"));
        output::line(format_args!(
            "  AUC {auc}, ECE {:.3}, false accepts {:>5.1} %, false rejects {:>5.1} %: {}",
            quality.ece,
            quality.false_accept * 100.0,
            quality.false_reject * 100.0,
            fusion.measures.join(" + ")
        ));
    }
    Ok(Exit::Success)
}
