//! Measures every figure that README and docs/performance.md quote, and says whether it is what was promised.
//!
//! `cargo xtask bench` runs it and names the machine. A measurement that fails its promise is marked, and the
//! process ends with 1, so that a change for the worse is seen.
//!
//! `benches search [PICTURES]` measures searching, which takes minutes and gigabytes and is measured by name only.
//! `benches farm-databases [FILE.svg]` measures what handing out work costs, and plots it.
//! `benches expressions [CHARACTERS]` counts how many faces of painted sheets are read rightly.
//! `benches measuring` measures only what measuring pictures costs, `benches embedding` only what identity networks cost;
//! `benches drift-set DIR [SEED [CHARACTERS]]` writes
//! the [`drift`] set that the shipped calibration was fitted on, and `benches training-set DIR [SEED [CHARACTERS
//! [PICTURES]]]` the [`training`] set of the networks that ship.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod drawing;
mod drift;
mod embedding;
mod episode;
mod farm;
mod history;
mod measuring;
mod planning;
mod search;
mod series;
mod training;

use std::process::ExitCode;

use anyhow::Context;

/// One figure with what was promised.
pub(crate) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    promise: Promise,
}

/// What was promised of a figure.
#[derive(Clone, Copy)]
pub(crate) enum Promise {
    /// Less than this.
    Under(f64),
    /// More than this.
    Over(f64),
    /// Exactly this.
    Exactly(f64),
    /// Nothing: it is printed to be known.
    None,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str, promise: Promise) -> Self {
        Self { name: name.into(), value, unit, promise }
    }

    fn kept(&self) -> bool {
        match self.promise {
            Promise::Under(limit) => self.value < limit,
            Promise::Over(limit) => self.value > limit,
            Promise::Exactly(value) => (self.value - value).abs() < f64::EPSILON,
            Promise::None => true,
        }
    }

    fn print(&self) {
        let promise = match self.promise {
            Promise::Under(limit) => format!("promised under {limit} {}", self.unit),
            Promise::Over(limit) => format!("promised over {limit} {}", self.unit),
            Promise::Exactly(value) => format!("promised {value} {}", self.unit),
            Promise::None => String::new(),
        };
        println!("{:<58} {:>10.3} {:<8} {}  {promise}", self.name, self.value, self.unit, if self.kept() { "  " } else { "!!" });
    }
}

/// Prints a line at once.
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// The median of some times, in milliseconds.
pub(crate) fn median(mut times: Vec<std::time::Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Runtime::new()?)
}

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let mut all = Vec::new();
    let mut print = |figures: Vec<Figure>| {
        figures.iter().for_each(Figure::print);
        all.extend(figures);
    };
    let only = arguments.next();
    if only.as_deref() == Some("drift-set") {
        let folder = arguments.next().context("drift-set needs a folder to write to")?;
        let seed = arguments.next().map_or(Ok(1), |seed| seed.parse()).context("the seed is no number")?;
        let characters = arguments.next().map_or(Ok(36), |count| count.parse()).context("the count of characters is no number")?;
        println!("{} pairs in {folder}", drift::write(folder.as_ref(), seed, characters)?);
        return Ok(ExitCode::SUCCESS);
    }
    if only.as_deref() == Some("expressions") {
        let characters = arguments.next().map_or(Ok(20), |count| count.parse()).context("the count of characters is no number")?;
        print(drift::expressions::measure(characters)?);
        return Ok(ExitCode::SUCCESS);
    }
    if only.as_deref() == Some("farm-stand-in") {
        farm::stand_in()?;
        return Ok(ExitCode::SUCCESS);
    }
    if only.as_deref() == Some("one-sheet") {
        println!("{}", runtime()?.block_on(measuring::one_sheet())?);
        return Ok(ExitCode::SUCCESS);
    }
    if only.as_deref() == Some("training-set") {
        let folder = arguments.next().context("training-set needs a folder to write to")?;
        let mut number = |otherwise: u32| arguments.next().map_or(Ok(otherwise), |number| number.parse()).context("that is no number");
        let (seed, characters, pictures) = (number(1)?, number(3_000)?, number(48_000)?);
        training::write(folder.as_ref(), u64::from(seed), characters, pictures)?;
        println!("{pictures} pictures of {characters} characters in {folder}");
        return Ok(ExitCode::SUCCESS);
    }
    if only.as_deref() == Some("search") {
        let rows = arguments.next().map_or(Ok(1_000_000), |rows| rows.parse()).context("the count of pictures is no number")?;
        print(search::measure(rows)?);
        return Ok(if all.iter().all(Figure::kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    // One part alone when it is named: `cargo run --release --package benches -- history`. `cargo bench` hands flags
    // of its own over.
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only.starts_with('-') || only == part);
    let runtime = runtime()?;
    if wanted("drawing") {
        print(drawing::measure()?);
    }
    if wanted("measuring") {
        print(measuring::measure()?);
    }
    if wanted("embedding") {
        print(embedding::measure()?);
    }
    if wanted("planning") {
        print(runtime.block_on(planning::measure())?);
    }
    if wanted("history") {
        print(runtime.block_on(history::measure())?);
    }
    if wanted("farm") {
        print(farm::fleets()?);
    }
    if wanted("farm") || wanted("farm-databases") {
        let picture = arguments.next().filter(|_| only.as_deref() == Some("farm-databases"));
        print(farm::databases(picture.as_ref().map(std::path::Path::new))?);
    }
    if wanted("farm") || wanted("farm-client") {
        print(farm::client()?);
    }
    if wanted("episode") {
        print(episode::measure()?);
    }
    Ok(if all.iter().all(Figure::kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
