//! Plots as SVG: lines and dots between two axes, with what they are called. The same figures give the same bytes.
//!
//! It may not know what is plotted.
//!
//! ```
//! use plot::{Axis, COLOURS, Plot};
//!
//! let mut plot = Plot::new("Cost", &Axis::tens("jobs that wait", 3, 5), &Axis::up_to("ms", 2.1));
//! plot.line(&[(1e3, 1.9), (1e4, 2.0), (1e5, 2.1)], COLOURS[0], false);
//! plot.legend("SQLite", COLOURS[0]);
//! assert!(plot.end().starts_with("<svg "));
//! ```

mod axis;

use std::fmt::Write;

pub use axis::Axis;

/// Colours that people with colour blindness tell apart (Okabe & Ito 2008).
pub const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/// Side of the square that is drawn in, and the margins around it, in pixels.
const SIDE: f64 = 360.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 40.0;

/// A plot that is being drawn.
#[derive(Debug)]
pub struct Plot {
    svg: String,
    across: Axis,
    up: Axis,
    legends: usize,
    legends_above: bool,
}

impl Plot {
    /// An empty plot with its axes.
    #[must_use]
    pub fn new(title: &str, across: &Axis, up: &Axis) -> Self {
        let (width, height) = (LEFT + SIDE + 24.0, TOP + SIDE + 56.0);
        let (bottom, right) = (TOP + SIDE, LEFT + SIDE);
        let mut plot = Self { svg: String::new(), across: across.clone(), up: up.clone(), legends: 0, legends_above: false };
        plot.write(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\
             <text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{}</text>\n",
            escaped(title)
        ));
        for (value, text) in &across.ticks {
            let x = LEFT + SIDE * across.place(*value);
            plot.write(format_args!(
                "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#eeeeee\" fill=\"none\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>\n",
                bottom + 16.0
            ));
        }
        for (value, text) in &up.ticks {
            let y = TOP + SIDE * (1.0 - up.place(*value));
            plot.write(format_args!(
                "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#eeeeee\" fill=\"none\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>\n",
                LEFT - 6.0,
                y + 4.0
            ));
        }
        let (middle_x, middle_y) = (LEFT + SIDE / 2.0, TOP + SIDE / 2.0);
        plot.write(format_args!(
            "<text x=\"{middle_x}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text transform=\"translate(16 {middle_y}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
            TOP + SIDE + 36.0,
            escaped(&across.name),
            escaped(&up.name)
        ));
        plot
    }

    /// Puts what things are called above, where lines are below; they are below otherwise.
    #[must_use]
    pub fn with_legends_above(mut self) -> Self {
        self.legends_above = true;
        self
    }

    /// A line through points, in the values of the axes.
    pub fn line(&mut self, points: &[(f64, f64)], colour: &str, dashed: bool) {
        let mut path = String::new();
        for (index, point) in points.iter().enumerate() {
            let (x, y) = self.place(*point);
            // Writing to a string cannot fail.
            let _ = write!(path, "{}{x:.2} {y:.2}", if index == 0 { "M" } else { "L" });
        }
        let dashes = if dashed { " stroke-dasharray=\"4 4\"" } else { "" };
        self.write(format_args!("<path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"1.5\" fill=\"none\"{dashes}/>\n"));
    }

    /// A dot at a point, with a radius in pixels, 9 at most.
    pub fn dot(&mut self, point: (f64, f64), radius: f64, colour: &str) {
        let (x, y) = self.place(point);
        self.write(format_args!(
            "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{:.1}\" fill=\"{colour}\" fill-opacity=\"0.6\"/>\n",
            radius.min(9.0)
        ));
    }

    /// What is drawn in a colour.
    pub fn legend(&mut self, text: &str, colour: &str) {
        let row = 16.0 * self.legends as f64;
        let y = if self.legends_above { TOP + 22.0 + row } else { TOP + SIDE - 14.0 - row };
        self.legends += 1;
        let x = LEFT + SIDE * 0.4;
        self.write(format_args!(
            "<path d=\"M{x} {:.1}h16\" stroke=\"{colour}\" stroke-width=\"3\"/><text x=\"{}\" y=\"{y:.1}\">{}</text>\n",
            y - 4.0,
            x + 22.0,
            escaped(text)
        ));
    }

    /// The plot, as SVG.
    #[must_use]
    pub fn end(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (LEFT + SIDE * self.across.place(x), TOP + SIDE * (1.0 - self.up.place(y)))
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.svg.write_fmt(text);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_is_whole_and_names_what_it_shows() {
        let mut plot = Plot::new("a & b", &Axis::tens("jobs", 3, 5), &Axis::up_to("ms", 2.1)).with_legends_above();
        plot.line(&[(1e3, 0.0), (1e5, 2.5)], COLOURS[0], true);
        plot.dot((1e4, f64::MAX), 40.0, COLOURS[1]);
        plot.legend("<PostgreSQL>", COLOURS[0]);
        let svg = plot.end();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(svg.contains("a &amp; b") && svg.contains("&lt;PostgreSQL&gt;") && svg.contains(">100,000</text>"), "{svg}");
        assert!(svg.contains("M56.00 400.00L416.00 40.00") && svg.contains("cx=\"236.00\" cy=\"40.00\" r=\"9.0\""), "{svg}");
    }
}
