//! Plots as SVG: ROC, reliability, and how probabilities are spread. The same figures give the same bytes.

use ::plot::{Axis, COLOURS, Plot};

use super::{Quality, Told};

/// A curve with its name.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// What it is called in the legend.
    pub name: &'a str,
    /// What is drawn.
    pub quality: &'a Quality,
}

/// The ROC curves with their areas.
#[must_use]
pub fn roc(curves: &[Named<'_>]) -> String {
    let mut plot = square("ROC", "false accepts", "true accepts");
    plot.line(&[(0.0, 0.0), (1.0, 1.0)], "#bbbbbb", true);
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        plot.line(&curve.quality.roc, colour, false);
        let area = curve.quality.auc.map_or_else(|| "no AUC".to_owned(), |auc| format!("AUC {auc:.3}"));
        plot.legend(&format!("{}: {area}", curve.name), colour);
    }
    plot.end()
}

/// The reliability curves: what was told against what was.
#[must_use]
pub fn reliability(curves: &[Named<'_>]) -> String {
    let mut plot = square("Reliability", "probability told", "share that was the same");
    plot.line(&[(0.0, 0.0), (1.0, 1.0)], "#bbbbbb", true);
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let points: Vec<(f64, f64)> = curve.quality.reliability.iter().map(|bin| (bin.told, bin.was)).collect();
        plot.line(&points, colour, false);
        for (point, bin) in points.iter().zip(&curve.quality.reliability) {
            plot.dot(*point, 2.0 + (bin.pairs as f64).sqrt() / 4.0, colour);
        }
        plot.legend(&format!("{}: ECE {:.3}", curve.name, curve.quality.ece), colour);
    }
    plot.end()
}

/// How the probabilities of the same and of different pairs are spread, with the gate.
#[must_use]
pub fn spread(told: &[Told], gate: f64) -> String {
    const BINS: usize = 20;
    let mut plot = square("Probabilities", "probability told", "share of the pairs of the kind");
    for (same, colour, name) in [(false, COLOURS[1], "different"), (true, COLOURS[0], "same")] {
        let values: Vec<f64> = told.iter().filter(|told| told.same == same).map(|told| told.value).collect();
        let mut bins = [0usize; BINS];
        values.iter().for_each(|value| bins[((value * BINS as f64) as usize).min(BINS - 1)] += 1);
        let mut outline = vec![(0.0, 0.0)];
        for (place, count) in bins.iter().enumerate() {
            let height = *count as f64 / values.len().max(1) as f64;
            outline.extend([(place as f64 / BINS as f64, height), ((place + 1) as f64 / BINS as f64, height)]);
        }
        outline.push((1.0, 0.0));
        plot.line(&outline, colour, false);
        plot.legend(&format!("{name} ({})", values.len()), colour);
    }
    plot.line(&[(gate, 0.0), (gate, 1.0)], "#666666", true);
    plot.end()
}

fn square(title: &str, across: &str, up: &str) -> Plot {
    Plot::new(title, &Axis::share(across), &Axis::share(up))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Vec<Told> {
        (0..40).map(|index| Told { value: f64::from(index) / 40.0, same: index % 5 > 1 }).collect()
    }

    #[test]
    fn plots_are_whole_and_name_what_they_show() {
        let quality = Quality::of(&told(), 0.85);
        let curves = [Named { name: "colour & <style>", quality: &quality }];
        for plot in [roc(&curves), reliability(&curves), spread(&told(), 0.85)] {
            assert!(plot.starts_with("<svg ") && plot.ends_with("</svg>\n"));
            assert_eq!(plot.matches("<text").count(), plot.matches("</text>").count());
            assert!(!plot.contains("NaN") && !plot.contains("<style>"));
        }
        assert!(roc(&curves).contains("colour &amp; &lt;style&gt;: AUC 0."));
    }
}
