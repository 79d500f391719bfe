//! Progress bars on the terminal, plain lines where there is none.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use studio::progress::{Progress, Stage, StageProgress};
use tokio::task::JoinHandle;

/// Shows a run's progress on standard error until the run is over.
pub(crate) struct Bars {
    task: JoinHandle<()>,
    stop: tokio::sync::oneshot::Sender<()>,
}

impl Bars {
    /// Starts showing.
    pub(crate) fn show(progress: &Progress, quiet: bool) -> Self {
        let mut watcher = progress.watch();
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            let mut display = Display::new(quiet);
            loop {
                let stages = watcher.borrow_and_update().clone();
                display.update(&stages);
                tokio::select! {
                    changed = watcher.changed() => if changed.is_err() { break },
                    _ = &mut stopped => break,
                }
                // A terminal shows no more than some pictures a second; the numbers lose nothing by waiting.
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
            let stages = watcher.borrow().clone();
            display.update(&stages);
            display.finish();
        });
        Self { task, stop }
    }

    /// Shows the last state and ends.
    pub(crate) async fn finish(self) {
        let _ = self.stop.send(());
        drop(self.task.await);
    }
}

enum Display {
    Quiet,
    Lines(HashMap<Stage, u64>),
    Terminal { bars: MultiProgress, by_stage: HashMap<Stage, ProgressBar> },
}

impl Display {
    fn new(quiet: bool) -> Self {
        if quiet {
            Self::Quiet
        } else if std::io::stderr().is_terminal() {
            Self::Terminal { bars: MultiProgress::new(), by_stage: HashMap::new() }
        } else {
            Self::Lines(HashMap::new())
        }
    }

    fn update(&mut self, stages: &[StageProgress]) {
        match self {
            Self::Quiet => {}
            Self::Lines(shown) => stages.iter().for_each(|stage| line(shown, stage)),
            Self::Terminal { bars, by_stage } => {
                for stage in stages {
                    let bar = by_stage.entry(stage.stage).or_insert_with(|| bars.add(new_bar(stage)));
                    bar.set_length(stage.total);
                    bar.set_position(stage.done);
                    if let Some(latest) = &stage.latest {
                        bar.set_message(latest.to_string());
                    }
                }
            }
        }
    }

    fn finish(self) {
        if let Self::Terminal { by_stage, .. } = self {
            by_stage.into_values().for_each(|bar| bar.abandon());
        }
    }
}

/// A line for every tenth of a stage, so a log stays readable.
#[expect(clippy::print_stderr, reason = "progress is what standard error is for")]
fn line(shown: &mut HashMap<Stage, u64>, stage: &StageProgress) {
    let tenth = (stage.done * 10).checked_div(stage.total).unwrap_or(10);
    if shown.insert(stage.stage, tenth) != Some(tenth) {
        let seconds = stage.since.elapsed().as_secs_f64();
        eprintln!("{:>9}  {}/{} {}  {seconds:.1} s", stage.stage.word(), stage.done, stage.total, stage.unit);
    }
}

fn new_bar(stage: &StageProgress) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{prefix:>9} {bar:32.yellow/black.bright} {human_pos}/{human_len} {unit} {elapsed} {msg:.dim}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸─");
    let unit = stage.unit;
    ProgressBar::new(stage.total)
        .with_style(style.with_key("unit", move |_: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(unit);
        }))
        .with_prefix(stage.stage.word())
}
