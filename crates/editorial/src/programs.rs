//! The programs that this crate drives.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::process::Invocation;

/// A program that is run as a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Program {
    /// Encodes and joins pictures and sound.
    Ffmpeg,
    /// Looks into media files.
    Ffprobe,
    /// Speaks.
    EspeakNg,
}

impl Program {
    /// Its name on the search path.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ffmpeg => "ffmpeg",
            Self::Ffprobe => "ffprobe",
            Self::EspeakNg => "espeak-ng",
        }
    }

    /// What to type to get it.
    #[must_use]
    pub const fn how_to_install(self) -> &'static str {
        match self {
            Self::Ffmpeg | Self::Ffprobe => "install ffmpeg 5.1 or later (Debian, Ubuntu: apt install ffmpeg; macOS: brew install ffmpeg)",
            Self::EspeakNg => "install espeak-ng (Debian, Ubuntu: apt install espeak-ng; macOS: brew install espeak-ng)",
        }
    }
}

/// Where the programs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// `ffmpeg`, or a path to it.
    pub ffmpeg: PathBuf,
    /// `ffprobe`, or a path to it.
    pub ffprobe: PathBuf,
    /// `espeak-ng`, or a path to it.
    pub espeak_ng: PathBuf,
}

impl Default for Programs {
    /// By name, to be found on the search path.
    fn default() -> Self {
        let by_name = |program: Program| PathBuf::from(program.name());
        Self { ffmpeg: by_name(Program::Ffmpeg), ffprobe: by_name(Program::Ffprobe), espeak_ng: by_name(Program::EspeakNg) }
    }
}

impl Programs {
    /// Where one of them is.
    #[must_use]
    pub fn path(&self, program: Program) -> &Path {
        match program {
            Program::Ffmpeg => &self.ffmpeg,
            Program::Ffprobe => &self.ffprobe,
            Program::EspeakNg => &self.espeak_ng,
        }
    }

    /// The first line of what the program says about its version.
    ///
    /// # Errors
    /// [`crate::Error::ProgramMissing`] when it is not there, others when it does not run.
    pub async fn version(&self, program: Program) -> Result<String> {
        let flag = if program == Program::EspeakNg { "--version" } else { "-version" };
        let output = Invocation::new(self, program, "asking for its version").arg(flag).output().await?;
        Ok(String::from_utf8_lossy(&output).lines().next().unwrap_or_default().trim().to_owned())
    }
}
