//! `echo-studio sim`: a stand-in for a ComfyUI server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use comfy_sim::{Options, Schedule, Sim, Version};

use crate::exit::Exit;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Port on this machine to listen at; 0 for any free one
    #[arg(long, default_value_t = 8188)]
    port: u16,
    /// Faults to make, as a TOML or JSON file
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Folder for what is uploaded and drawn; one that vanishes at the end when left out
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Speak the protocol of ComfyUI 0.3.x, which knows less
    #[arg(long)]
    old: bool,
    /// Milliseconds that a sampler's step takes
    #[arg(long, value_name = "MS", default_value_t = 50)]
    step: u64,
    /// How far pictures are from what the prompt says, 0 to 1
    #[arg(long, value_name = "AMOUNT", default_value_t = 0.0, value_parser = amount)]
    drift: f64,
    /// Name of a checkpoint that it says it has; may be given several times
    #[arg(long, value_name = "NAME")]
    checkpoint: Vec<String>,
    /// A folder like a server's `models`: it tells what makers wrote into the files there
    #[arg(long, value_name = "FOLDER")]
    models: Option<PathBuf>,
}

fn amount(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("not between 0 and 1".to_owned()) }
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let defaults = Options::default();
    let options = Options {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port)),
        version: if arguments.old { Version::V0_3 } else { Version::V0_33 },
        schedule: arguments.faults.as_deref().map(read).transpose()?.unwrap_or_default(),
        folder: arguments.folder,
        checkpoints: if arguments.checkpoint.is_empty() { defaults.checkpoints } else { arguments.checkpoint },
        models: arguments.models,
        step: Duration::from_millis(arguments.step),
        drift: arguments.drift,
        ..Options::default()
    };
    let sim = Sim::start(options).await?;
    output::line(sim.url());
    output::note(format_args!("Stand-in pictures are drawn to {}  (Ctrl-C ends it)", sim.output().display()));
    sim.until(super::until_interrupted()).await;
    Ok(Exit::Success)
}

fn read(file: &Path) -> anyhow::Result<Schedule> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let schedule: Schedule = if file.extension().is_some_and(|extension| extension == "json") {
        serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?
    } else {
        toml::from_str(&text).with_context(|| format!("reading {}", file.display()))?
    };
    schedule.check().with_context(|| format!("reading {}", file.display()))?;
    Ok(schedule)
}

#[cfg(test)]
mod tests {
    use comfy_sim::{Fault, Memory, On, Rule};

    use super::*;

    #[test]
    fn faults_are_read_from_toml_and_from_json() {
        let expected = Schedule::default()
            .and(Rule { on: On::Node("KSampler".to_owned()), skip: 2, times: 1, fault: Fault::OutOfMemory { memory: Memory::Gpu } })
            .and(Rule { on: On::Request("POST /prompt".to_owned()), skip: 0, times: 1, fault: Fault::AnswerLost })
            .and(Rule { on: On::End, skip: 0, times: 0, fault: Fault::HistoryLate { ms: 200 } });
        let folder = tempfile::tempdir().unwrap();
        let (toml, json) = (folder.path().join("faults.toml"), folder.path().join("faults.json"));
        let text = r#"
            [[rule]]
            on = { node = "KSampler" }
            skip = 2
            fault = { kind = "out-of-memory", memory = "gpu" }

            [[rule]]
            on = { request = "POST /prompt" }
            fault = { kind = "answer-lost" }

            [[rule]]
            on = "end"
            times = 0
            fault = { kind = "history-late", ms = 200 }
        "#;
        std::fs::write(&toml, text).unwrap();
        std::fs::write(&json, serde_json::to_string(&expected).unwrap()).unwrap();
        assert_eq!(read(&toml).unwrap(), expected);
        assert_eq!(read(&json).unwrap(), expected);
    }

    #[test]
    fn a_fault_in_the_wrong_place_is_told_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("faults.toml");
        std::fs::write(&file, "[[rule]]\non = \"socket\"\nfault = { kind = \"disk-full\" }").unwrap();
        let error = format!("{:#}", read(&file).unwrap_err());
        assert!(error.ends_with("faults.toml: rule 1: DiskFull cannot happen on Socket"), "{error}");
    }
}
