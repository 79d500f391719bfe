//! What is there, what is missing, what that means, and what mends it.

use editorial::{Error, Program};
use farm::ModelHash;
use serde::Serialize;
use vision_models::{ModelFolder, ModelKind, Pinned, Verified};

use crate::pinned_files::PinnedFile;
use crate::{Show, Studio, StudioError};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It works.
    Good,
    /// It is missing, and the studio works without it.
    Limited,
    /// It is missing, and the studio cannot produce without it.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What: `ffmpeg`, `database`…
    pub name: String,
    /// How it is.
    pub condition: Condition,
    /// What was found.
    pub found: String,
    /// What that means for the work; empty when all is well.
    pub means: String,
    /// What to type; empty when all is well.
    pub mend: String,
}

impl Finding {
    fn good(name: &str, found: impl Into<String>) -> Self {
        Self { name: name.to_owned(), condition: Condition::Good, found: found.into(), means: String::new(), mend: String::new() }
    }

    fn bad(name: &str, condition: Condition, found: impl Into<String>, means: &str, mend: &str) -> Self {
        Self { name: name.to_owned(), condition, found: found.into(), means: means.to_owned(), mend: mend.to_owned() }
    }
}

/// Looks at everything that the studio works with.
pub async fn examine(studio: &Studio) -> Vec<Finding> {
    let mut findings = examine_programs(&studio.programs).await;
    findings.push(match studio.store.health().await {
        Ok(health) => Finding::good("database", format!("{} {} at {}", health.kind, health.version, health.url)),
        Err(error) => Finding::bad(
            "database",
            Condition::Missing,
            error.to_string(),
            "nothing can be kept",
            "check the database setting (echo-studio config)",
        ),
    });
    let blobs = studio.blobs.health().await;
    findings.push(if blobs.writable {
        Finding::good("pictures", blobs.url)
    } else {
        Finding::bad(
            "pictures",
            Condition::Missing,
            format!("{} cannot be written", blobs.url),
            "nothing can be drawn",
            "free space there, or choose another place with --blobs",
        )
    });
    findings.push(Finding::good("layout engine", "built in; draws on the processor"));
    findings
}

/// Looks at the model files that a show pins, as far as nodes of the farm have files of these names.
///
/// # Errors
/// When the store does not answer.
pub async fn examine_pinned(studio: &Studio, show: &Show) -> Result<Vec<Finding>, StudioError> {
    Ok(studio.pinned_files(show).await?.iter().map(pinned).collect())
}

fn pinned(file: &PinnedFile) -> Finding {
    const NAME: &str = "model file";
    let PinnedFile { node, url, model, pinned, there } = file;
    let unknown = |reason: &str| {
        Finding::bad(
            NAME,
            Condition::Limited,
            format!("whether {model} on {node} is the one that project.yaml names is not known: {reason}"),
            &format!("{node} draws with whatever its file of this name is"),
            &format!("where its models folder can be reached: echo-studio farm add-node {node} {url} --models FOLDER"),
        )
    };
    match there {
        Some(ModelHash::Known { blake3, .. }) if blake3 == pinned => {
            Finding::good(NAME, format!("{model} on {node} is the one that project.yaml names"))
        }
        Some(ModelHash::Known { blake3, .. }) => Finding::bad(
            NAME,
            Condition::Limited,
            format!("{model} on {node} has BLAKE3 {}, and project.yaml names {}", blake3.short(), pinned.short()),
            &format!("{node} draws nothing of this show that takes it"),
            &format!("put the file that is meant on {node}, or name the other one's BLAKE3 in project.yaml"),
        ),
        Some(ModelHash::Unknown { reason, .. }) => unknown(reason),
        None => unknown("no worker has read it yet"),
    }
}

/// Looks at the networks of a models folder: that which tells who is in a picture, and what else was added.
#[must_use]
pub fn examine_models(folder: &ModelFolder) -> Vec<Finding> {
    let means = "who is in a diffusion picture is not measured, and such pictures go to a person";
    let get = "get an identity model yourself, such as deepghs/ccip_onnx (model_feat.onnx of ccip-caformer-24-randaug-pruned, \
        OpenRAIL), and: echo-studio models add model_feat.onnx --preset ccip";
    let add_again = "take it away with `echo-studio models remove`, and add its file again";
    let found = |kind: ModelKind| folder.first_of(kind).map_err(|error| error.to_string());
    let state = |model: &Pinned| match model.verify() {
        Ok(Verified::Same) => Ok(model.manifest.name.clone()),
        Ok(Verified::Changed { .. }) => Err(format!("{} is not the file that was added", model.manifest.name)),
        Ok(Verified::Missing) => Err(format!("the file of {} is gone", model.manifest.name)),
        Err(error) => Err(error.to_string()),
    };
    let identity = match found(ModelKind::Identity) {
        Ok(Some(model)) => state(&model),
        Ok(None) => Err("no identity model".to_owned()),
        Err(reason) => Err(reason),
    };
    let bad = |name: &str, found: String, means: &str, mend: &str| Finding::bad(name, Condition::Limited, found, means, mend);
    let mut findings = vec![identity.map_or_else(|reason| bad("identity", reason, means, get), |name| Finding::good("identity", name))];
    let without = "searches compare pictures without it";
    for (kind, name, means) in [(ModelKind::Finder, "detector", means), (ModelKind::Style, "style network", without)] {
        if let Ok(Some(model)) = found(kind) {
            let finding = state(&model).map_or_else(|reason| bad(name, reason, means, add_again), |sound| Finding::good(name, sound));
            findings.push(finding);
        }
    }
    findings
}

/// Looks at the programs beside the studio.
pub async fn examine_programs(programs: &editorial::Programs) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (program, condition, means) in [
        (Program::Ffmpeg, Condition::Missing, "clips cannot be encoded and episodes cannot be cut"),
        (Program::EspeakNg, Condition::Limited, "episodes have no scratch voices; the report says so"),
    ] {
        let name = program.name();
        findings.push(match programs.version(program).await {
            Ok(version) => Finding::good(name, version),
            Err(Error::ProgramMissing { .. }) => Finding::bad(name, condition, "not installed", means, program.how_to_install()),
            Err(error) => Finding::bad(name, condition, error.to_string(), means, program.how_to_install()),
        });
    }
    findings
}
