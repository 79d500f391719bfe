//! A show, loaded: its folder, what it says, and the version that this is.

use std::path::Path;
use std::sync::Arc;

use bible::digest::canonical_json;
use bible::gate::Thresholds;
use bible::source::{SourceError, SourceErrors};
use bible::{Digest, Project};
use consistency::{Calibration, Gate, Score};
use engine::Engine;
use layout::LayoutEngine;
use layout::part::Catalogue;

use crate::StudioError;
use crate::folder::Folder;
use crate::graph::Work;
use crate::rendering::Rendering;

/// The project's own calibration, within its folder.
const CALIBRATION: &str = "calibration.json";

/// A project as it is on the disk right now.
#[derive(Debug, Clone)]
pub struct Show {
    /// Its files.
    pub folder: Folder,
    /// What they say.
    pub project: Arc<Project>,
    /// What is likely not meant, but works.
    pub warnings: Vec<SourceError>,
    /// The version: digest of `json`.
    pub version: Digest,
    /// The project as canonical JSON.
    pub json: Vec<u8>,
}

impl Show {
    /// Reads a project folder.
    ///
    /// # Errors
    /// [`StudioError::Folder`], or [`StudioError::Source`] with everything that is wrong in its files.
    pub fn load(path: &Path) -> Result<Self, StudioError> {
        Self::of_folder(Folder::read(path)?)
    }

    /// Takes a folder that was read already.
    ///
    /// # Errors
    /// [`StudioError::Source`] with everything that is wrong in its files.
    pub fn of_folder(folder: Folder) -> Result<Self, StudioError> {
        let loaded = director::load(&folder.source).map_err(StudioError::Source)?;
        Self::of_project(folder, loaded.project, loaded.warnings)
    }

    /// A show of a project that was made otherwise than from files.
    ///
    /// # Errors
    /// [`StudioError::Source`] when it holds a number that JSON cannot.
    pub fn of_project(folder: Folder, project: Project, warnings: Vec<SourceError>) -> Result<Self, StudioError> {
        let json = canonical_json(&project).map_err(|error| {
            let problem = format!("a number in the project is not finite ({error})");
            StudioError::Source(SourceErrors(vec![SourceError::new("project.yaml", bible::source::Position::FILE, problem, "")]))
        })?;
        Ok(Self { version: Digest::of(&json), json, project: Arc::new(project), warnings, folder })
    }

    /// The gate of what is made: at every attempt and every look the same.
    #[must_use]
    pub fn gate_of(&self, work: &Work) -> Gate {
        match work {
            Work::Sheet(_) => self.gate_of_sheets(),
            Work::Shot { clip, .. } | Work::Film { clip, .. } | Work::Transition { to: clip, .. } => {
                gate(self.project.settings.gate.for_shots(clip.picture.framing))
            }
        }
    }

    /// The gate of pictures of character sheets.
    #[must_use]
    pub fn gate_of_sheets(&self) -> Gate {
        gate(self.project.settings.gate.for_sheets())
    }

    /// The calibration that says what measures mean together: `calibration.json` beside `project.yaml`, else the one that
    /// ships.
    ///
    /// # Errors
    /// [`StudioError::File`] and [`StudioError::Calibration`] when the project's own cannot be read.
    pub fn calibration(&self) -> Result<Calibration, StudioError> {
        let path = self.folder.path.join(CALIBRATION);
        // A show that was not read from a folder has none.
        if self.folder.path.as_os_str().is_empty() || !path.is_file() {
            return Ok(Calibration::built_in());
        }
        let json = std::fs::read(&path).map_err(StudioError::file("reading", &path))?;
        Calibration::read(&json).map_err(|source| StudioError::Calibration { path, source })
    }

    /// The layout engine with the parts and sets that this project brings.
    #[must_use]
    pub fn engine(&self) -> LayoutEngine {
        let own = self.folder.drawings.iter().map(|(path, bytes)| (path.clone(), bytes.clone()));
        LayoutEngine::new(Catalogue::built_in().with_project(own))
    }

    /// Stands for everything that decides how the engine draws this show: its version and the project's own drawings.
    pub(crate) fn engine_stamp(&self, engine: &LayoutEngine, rendering: Option<&Rendering>) -> Digest {
        let mut text = engine.capabilities().version.into_bytes();
        text.extend(rendering.map(Rendering::stamp).unwrap_or_default().into_bytes());
        for (path, bytes) in &self.folder.drawings {
            text.extend_from_slice(path.as_bytes());
            text.extend_from_slice(Digest::of(bytes).as_bytes());
        }
        Digest::of(&text)
    }
}

/// The project was checked when it was loaded: its bounds lie between 0 and 1.
fn gate(thresholds: Thresholds) -> Gate {
    thresholds.try_into().unwrap_or_else(|_| Score::AT_TOLERANCE.into())
}
