//! Screenplays that come from other programs, as episodes of a project.

use std::path::{Path, PathBuf};

use bible::StoryTime;
use bible::fdx::{self, FdxError, Remark};

use crate::StudioError;
use crate::folder::FolderError;
use crate::history::replace as write_whole;

/// Bytes that a screenplay may have as Fountain; the same as what a project's reader takes.
const LARGEST: usize = 4 * 1024 * 1024;

/// What a screenplay is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptFormat {
    /// Fountain: taken as it is, byte for byte.
    Fountain,
    /// Final Draft.
    FinalDraft,
}

impl ScriptFormat {
    /// The format that a file's name says.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "fountain" | "spmd" => Some(Self::Fountain),
            "fdx" => Some(Self::FinalDraft),
            _ => None,
        }
    }
}

/// A screenplay that became an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEpisode {
    /// Which.
    pub at: StoryTime,
    /// Its script.
    pub path: PathBuf,
    /// How many scenes it has.
    pub scenes: usize,
    /// What was understood only in part.
    pub remarks: Vec<Remark>,
}

/// Why a screenplay is no episode.
#[derive(Debug, thiserror::Error)]
pub enum ScreenplayError {
    /// The file is no script.
    #[error(transparent)]
    Fdx(#[from] FdxError),
    /// The file is no text.
    #[error("the script is not UTF-8 text: byte {at} is not; save it as UTF-8")]
    NotText {
        /// Where it stops being UTF-8.
        at: usize,
    },
    /// It is too long.
    #[error("the script has {bytes} bytes as Fountain; {LARGEST} is the most that is read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It has no scene.
    #[error("there is no scene in this script")]
    NoScene,
    /// The episode has a script already.
    #[error("{at} has a script already: {}; say that it is to be replaced, or choose another episode", path.display())]
    Taken {
        /// Which episode.
        at: StoryTime,
        /// Its script.
        path: PathBuf,
    },
    /// There is no project to put it into, or its folder cannot be written.
    #[error(transparent)]
    Studio(#[from] StudioError),
}

/// Puts a screenplay into a project folder as an episode's script. Its shot list, when it has one, stays.
///
/// # Errors
/// [`ScreenplayError`]; nothing is written then.
pub fn take_in(folder: &Path, at: StoryTime, format: ScriptFormat, file: &[u8], replace: bool) -> Result<NewEpisode, ScreenplayError> {
    if !folder.join("project.yaml").is_file() {
        return Err(StudioError::from(FolderError::NotAProject { path: folder.to_owned(), nearest: None }).into());
    }
    let at = at.episode_start();
    let path = folder.join("episodes").join(at.to_string().to_lowercase()).join("script.fountain");
    if path.exists() && !replace {
        return Err(ScreenplayError::Taken { at, path });
    }
    let (text, scenes, remarks) = match format {
        ScriptFormat::Fountain => {
            let text = std::str::from_utf8(file).map_err(|error| ScreenplayError::NotText { at: error.valid_up_to() })?;
            (text.to_owned(), bible::fountain::Script::parse(text).scenes().len(), Vec::new())
        }
        ScriptFormat::FinalDraft => {
            let read = fdx::read(file)?;
            (read.script.to_fountain(), read.script.scenes().len(), read.remarks)
        }
    };
    if text.len() > LARGEST {
        return Err(ScreenplayError::TooLarge { bytes: text.len() });
    }
    if scenes == 0 {
        return Err(ScreenplayError::NoScene);
    }
    write_whole(&path, text.as_bytes()).map_err(StudioError::from)?;
    Ok(NewEpisode { at, path, scenes, remarks })
}
