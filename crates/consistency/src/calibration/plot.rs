//! Plots as SVG: ROC, reliability, and how probabilities are spread. The same figures give the same bytes.

use std::fmt::Write;

use super::{Quality, Told};

/// Side of the square that is drawn in, and the margins around it, in pixels.
const SIDE: f64 = 360.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 40.0;

/// A curve with its name.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// What it is called in the legend.
    pub name: &'a str,
    /// What is drawn.
    pub quality: &'a Quality,
}

/// Colours that people with colour blindness tell apart (Okabe & Ito 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/// The ROC curves with their areas.
#[must_use]
pub fn roc(curves: &[Named<'_>]) -> String {
    let mut plot = Plot::new("ROC", "false accepts", "true accepts");
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
    let mut plot = Plot::new("Reliability", "probability told", "share that was the same");
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
    let mut plot = Plot::new("Probabilities", "probability told", "share of the pairs of the kind");
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

struct Plot {
    svg: String,
    legends: usize,
}

impl Plot {
    fn new(title: &str, across: &str, up: &str) -> Self {
        let (width, height) = (LEFT + SIDE + 24.0, TOP + SIDE + 56.0);
        let mut plot = Self { svg: String::new(), legends: 0 };
        plot.write(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\
             <text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{}</text>\n",
            escaped(title)
        ));
        for tick in 0..=5 {
            let at = f64::from(tick) / 5.0;
            let (x, y) = place((at, at));
            let (bottom, right) = (TOP + SIDE, LEFT + SIDE);
            plot.write(format_args!(
                "<path d=\"M{x:.1} {TOP}V{bottom}M{LEFT} {y:.1}H{right}\" stroke=\"#eeeeee\" fill=\"none\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{at:.1}</text>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{at:.1}</text>\n",
                bottom + 16.0,
                LEFT - 6.0,
                y + 4.0
            ));
        }
        let (middle_x, middle_y) = (LEFT + SIDE / 2.0, TOP + SIDE / 2.0);
        plot.write(format_args!(
            "<text x=\"{middle_x}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text transform=\"translate(16 {middle_y}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
            TOP + SIDE + 36.0,
            escaped(across),
            escaped(up)
        ));
        plot
    }

    fn line(&mut self, points: &[(f64, f64)], colour: &str, dashed: bool) {
        let mut path = String::new();
        for (index, point) in points.iter().enumerate() {
            let (x, y) = place(*point);
            // Writing to a string cannot fail.
            let _ = write!(path, "{}{x:.2} {y:.2}", if index == 0 { "M" } else { "L" });
        }
        let dashes = if dashed { " stroke-dasharray=\"4 4\"" } else { "" };
        self.write(format_args!("<path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"1.5\" fill=\"none\"{dashes}/>\n"));
    }

    fn dot(&mut self, point: (f64, f64), radius: f64, colour: &str) {
        let (x, y) = place(point);
        self.write(format_args!(
            "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{:.1}\" fill=\"{colour}\" fill-opacity=\"0.6\"/>\n",
            radius.min(9.0)
        ));
    }

    fn legend(&mut self, text: &str, colour: &str) {
        let y = TOP + SIDE - 14.0 - 16.0 * self.legends as f64;
        self.legends += 1;
        let x = LEFT + SIDE * 0.4;
        self.write(format_args!(
            "<path d=\"M{x} {:.1}h16\" stroke=\"{colour}\" stroke-width=\"3\"/><text x=\"{}\" y=\"{y:.1}\">{}</text>\n",
            y - 4.0,
            x + 22.0,
            escaped(text)
        ));
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.svg.write_fmt(text);
    }

    fn end(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }
}

fn place((x, y): (f64, f64)) -> (f64, f64) {
    (LEFT + SIDE * x.clamp(0.0, 1.0), TOP + SIDE * (1.0 - y.clamp(0.0, 1.0)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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
