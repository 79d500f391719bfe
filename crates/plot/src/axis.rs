//! What stands along a side of a plot, and where a value is on it.

/// About how many steps a linear axis has.
const STEPS: f64 = 5.0;

/// A side of a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub(crate) name: String,
    scale: Scale,
    /// Values with a line and what stands beside it.
    pub(crate) ticks: Vec<(f64, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// From 0 to this.
    Linear(f64),
    /// Between these, each ten times the one before as far apart.
    Logarithmic(f64, f64),
}

impl Axis {
    /// From 0 to 1.
    #[must_use]
    pub fn share(name: &str) -> Self {
        let ticks = (0..=5).map(|fifth| f64::from(fifth) / 5.0).map(|value| (value, format!("{value:.1}")));
        Self { name: name.to_owned(), scale: Scale::Linear(1.0), ticks: ticks.collect() }
    }

    /// From 0 to at least `most`, in steps of 1, 2 or 5 and as many zeros as it takes. Without a `most` above 0 it goes to 1.
    #[must_use]
    pub fn up_to(name: &str, most: f64) -> Self {
        let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
        let tens = 10_f64.powf((most / STEPS).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|step| step * tens).into_iter().find(|step| step * STEPS >= most).unwrap_or(most);
        let steps = (most / step).ceil();
        let decimals = usize::try_from(-step.log10().floor() as i64).unwrap_or(0);
        let ticks = (0..=steps as u32).map(|count| f64::from(count) * step).map(|value| (value, format!("{value:.decimals$}")));
        Self { name: name.to_owned(), scale: Scale::Linear(steps * step), ticks: ticks.collect() }
    }

    /// From one power of ten to another, `10^from` to `10^to`; `to` is the larger.
    #[must_use]
    pub fn tens(name: &str, from: i32, to: i32) -> Self {
        let to = to.max(from + 1);
        let value = |power: i32| 10_f64.powi(power);
        let ticks = (from..=to).map(|power| (value(power), grouped(value(power))));
        Self { name: name.to_owned(), scale: Scale::Logarithmic(value(from), value(to)), ticks: ticks.collect() }
    }

    /// Where a value is: 0 at the beginning, 1 at the end. What is beyond is at the end that it is beyond.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let place = match self.scale {
            Scale::Linear(to) => value / to,
            Scale::Logarithmic(from, to) => (value.max(from) / from).log10() / (to / from).log10(),
        };
        place.clamp(0.0, 1.0)
    }
}

/// A number with its thousands apart: `100,000`.
fn grouped(value: f64) -> String {
    let text = value.to_string();
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn steps_are_round_numbers_and_reach_the_largest_value() {
        assert_eq!(ticks(&Axis::share("x")), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(ticks(&Axis::up_to("x", 2.1)), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]);
        assert_eq!(ticks(&Axis::up_to("x", 48.0)), ["0", "10", "20", "30", "40", "50"]);
        assert_eq!(ticks(&Axis::up_to("x", 0.03)), ["0.00", "0.01", "0.02", "0.03"]);
        assert_eq!(Axis::up_to("x", f64::NAN), Axis::up_to("x", 1.0));
        assert_eq!(ticks(&Axis::tens("x", 3, 5)), ["1,000", "10,000", "100,000"]);
        assert_eq!(ticks(&Axis::tens("x", -1, 1)), ["0.1", "1", "10"]);
    }

    #[test]
    fn values_are_where_their_axis_says() {
        let (linear, tens) = (Axis::up_to("x", 50.0), Axis::tens("x", 3, 5));
        for (axis, value, place) in
            [(&linear, 25.0, 0.5), (&linear, -3.0, 0.0), (&linear, 99.0, 1.0), (&tens, 10_000.0, 0.5), (&tens, 1.0, 0.0), (&tens, 1e9, 1.0)]
        {
            assert!((axis.place(value) - place).abs() < 1e-9, "{value} is at {}", axis.place(value));
        }
    }
}
