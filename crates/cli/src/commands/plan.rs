//! `echo-studio plan`: what would be drawn and why.

mod estimate;

use std::collections::BTreeSet;

use studio::estimate::PlanEstimate;
use studio::plan::{Action, Step};
use studio::reason::Reason;
use studio::{Plan, Subject};

use super::ProjectArgument;
use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// List every step, however many
    #[arg(long)]
    all: bool,
    /// Say what the farm would take for it, in time and money, from what was measured on its nodes
    #[arg(long)]
    estimate: bool,
}

/// A plan with what it would take on the farm; null when the built-in engine draws.
#[derive(Debug, serde::Serialize)]
struct Estimated<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    estimate: Option<&'a PlanEstimate>,
}

/// Steps that are listed unless all are asked for.
const LISTED: usize = 40;

/// Reasons of a step that are listed.
const REASONS: usize = 3;

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let folder = &arguments.project.project;
    let show = super::load(folder)?;
    let studio = super::open(context, folder).await?;
    let plan = studio.plan(&show).await?;
    let estimate = if arguments.estimate { studio.estimate(&show, &plan).await? } else { None };
    if context.json {
        if arguments.estimate {
            output::json(&Estimated { plan: &plan, estimate: estimate.as_ref() })?;
        } else {
            output::json(&plan)?;
        }
        return Ok(Exit::Success);
    }
    print(&plan, if arguments.all { usize::MAX } else { LISTED });
    match &estimate {
        Some(estimate) => estimate::print(estimate),
        None if arguments.estimate => output::line("The built-in engine draws it on this machine: the farm has no part in it."),
        None => {}
    }
    Ok(Exit::Success)
}

/// What a change makes stale.
pub(super) fn print_impact(impact: &Plan, all: bool) {
    print(impact, if all { usize::MAX } else { LISTED });
}

fn print(plan: &Plan, listed: usize) {
    if plan.is_empty() {
        output::line(format_args!("Nothing to draw: all {} pictures and clips are as the bible has them.", plan.unchanged));
    } else {
        for step in plan.steps.iter().take(listed) {
            print_step(step);
        }
        if plan.steps.len() > listed {
            output::line(format_args!("… and {} more (--all lists them)", plan.steps.len() - listed));
        }
        for gone in &plan.removed {
            output::line(format_args!("{} {gone}  (the show has it no more)", output::paint("- remove", 31)));
        }
        let causes = plan.causes();
        if !causes.is_empty() {
            output::line("\nBecause of:");
            for (cause, count) in causes.iter().take(12) {
                output::line(format_args!("{count:>6}  {cause}"));
            }
            if causes.len() > 12 {
                output::line(format_args!("        … and {} more", causes.len() - 12));
            }
        }
        print_waiting(&plan.steps);
        let count = |action: Action| plan.steps.iter().filter(|step| step.action == action).count();
        output::line(format_args!(
            "\nPlan: {} to draw ({} frames), {} to reuse, {} episode(s) to cut, {} unchanged.",
            count(Action::Draw),
            plan.cost.frames,
            count(Action::Reuse),
            count(Action::Cut),
            plan.unchanged
        ));
        output::line(match plan.cost.cpu_seconds {
            _ if plan.cost.money.is_none() => {
                "Cost: the farm draws it; `echo-studio plan --estimate` says what is known of time and money.".to_owned()
            }
            Some(seconds) => format!("Cost: about {seconds:.0} s of processor time, no GPU time, no money (built-in engine)."),
            None => "Cost: no GPU time, no money (built-in engine); time unknown, for nothing of this project was measured yet.".to_owned(),
        });
    }
    if !plan.waiting.is_empty() {
        output::line(format_args!("{} made and not accepted; see `echo-studio pictures --waiting`.", plan.waiting.len()));
    }
}

/// What waits, and for what.
fn print_waiting(steps: &[Step]) {
    let waits = |step: &&Step| step.action == Action::Wait;
    let (films, others): (Vec<&Step>, Vec<&Step>) = steps.iter().filter(waits).partition(|step| matches!(step.subject, Subject::Film(_)));
    if !films.is_empty() {
        output::line(format_args!("\n{} film(s) wait until the key pictures of their shots are accepted.", films.len()));
    }
    let fronts: BTreeSet<&str> = others
        .iter()
        .flat_map(|step| &step.reasons)
        .filter_map(|reason| if let Reason::NoFront { picture, .. } = reason { Some(picture.as_str()) } else { None })
        .collect();
    if !fronts.is_empty() {
        let pictures = others.iter().filter(|step| !matches!(step.subject, Subject::Episode(_))).count();
        let fronts: Vec<&str> = fronts.into_iter().collect();
        output::line(format_args!(
            "\n{pictures} picture(s) and clip(s) wait for front views that show the model who is in them: {}.\n\
             Accept each with `echo-studio review \"sheet …/front\" --accept` once it is drawn, and produce again.",
            fronts.join(", ")
        ));
    }
}

fn print_step(step: &Step) {
    let (sign, colour) = match step.action {
        Action::Draw => ("+ draw ", 32),
        Action::Reuse => ("= reuse", 36),
        Action::Cut => ("~ cut  ", 33),
        Action::Wait => (". wait ", 90),
    };
    let mut reasons: Vec<String> = step.reasons.iter().take(REASONS).map(ToString::to_string).collect();
    if step.reasons.len() > REASONS {
        reasons.push(format!("and {} more", step.reasons.len() - REASONS));
    }
    output::line(format_args!(
        "{} {:<38} {}",
        output::paint(sign, colour),
        step.subject.to_string(),
        output::paint(&reasons.join("; "), 90)
    ));
    for who in &step.without_reference {
        let said = format!("no reference is left for {who}: the template takes no more");
        output::line(format_args!("          {}", output::paint(&said, 90)));
    }
    for piece in &step.pieces {
        let from = format!("frame-{:04}.png", piece.from);
        let way = piece.to.map_or_else(|| format!("from {from}"), |to| format!("{from} to frame-{to:04}.png"));
        let said = format!("frames {} to {}: {way}, {} frames drawn", piece.start, piece.end - 1, piece.frames);
        output::line(format_args!("          {}", output::paint(&said, 90)));
    }
}
