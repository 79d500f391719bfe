//! What a plan would take on the farm.

use farm::estimate::{Basis, Figures, Share};
use studio::estimate::PlanEstimate;

use crate::output;

pub(super) fn print(estimate: &PlanEstimate) {
    let (count, template) = (estimate.pictures + estimate.pieces, &estimate.template);
    let drawn = match estimate.pieces {
        0 => format!("{} with {template}", pictures(estimate.pictures)),
        pieces => format!("{} with {template} and {pieces} piece(s) of film", pictures(estimate.pictures)),
    };
    match &estimate.drawing.figures {
        _ if count == 0 => output::line("Estimate: no picture has to be drawn."),
        Figures::Estimated { seconds, node_seconds, cost, .. } => {
            let (time, all) = (lasting(*seconds), lasting(*node_seconds));
            output::line(format_args!("Estimate: {drawn} take about {time}, {all} of nodes' time, and cost about {cost}."));
        }
        Figures::NotMeasured { reason } => {
            output::line(format_args!("Estimate: {drawn}; time and money are not measured: {reason}."));
        }
    }
    for share in &estimate.drawing.nodes {
        print_share(share);
    }
    for left_out in &estimate.drawing.left_out {
        output::line(format_args!("  {:<20} not counted: {}", left_out.name, left_out.reason));
    }
    if estimate.before > 0 && count > 0 {
        output::line(format_args!(
            "The farm has {} other jobs to draw; what goes before these pictures is not in the time.",
            estimate.before
        ));
    }
    for check in &estimate.budget {
        let colour = if check.exceeded == Some(true) || check.nothing_begins == Some(true) { 31 } else { 90 };
        output::line(output::paint(&check.to_string(), colour));
    }
}

fn print_share(share: &Share) {
    let basis = match share.basis {
        Basis::Measured => format!("measured on {}", pictures(share.measured_jobs as usize)),
        Basis::Scaled => "from other nodes' time, at its pace".to_owned(),
    };
    let loading = match share.loading {
        None => "; loading the models was never measured and is not in it".to_owned(),
        Some(seconds) if seconds > 0.0 => format!("; {} of it for loading the models", lasting(seconds)),
        Some(_) => String::new(),
    };
    let away = share.away.map(|away| format!("; now {away}")).unwrap_or_default();
    output::line(format_args!(
        "  {:<20} {:>14}  {:>10}  {:>8}  {basis}{loading}{away}",
        share.name,
        pictures(share.jobs),
        lasting(share.seconds),
        share.cost
    ));
}

fn pictures(count: usize) -> String {
    if count == 1 { "1 picture".to_owned() } else { format!("{count} pictures") }
}

/// A time as people say it.
fn lasting(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are positive and far below what fits")]
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        _ if seconds < 10.0 => format!("{seconds:.1} s"),
        _ if seconds < 120.0 => format!("{seconds:.0} s"),
        0..120 => format!("{minutes} min"),
        minutes => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        assert_eq!([0.44, 61.0, 600.0, 7500.0].map(lasting), ["0.4 s", "61 s", "10 min", "2 h 5 min"]);
    }
}
