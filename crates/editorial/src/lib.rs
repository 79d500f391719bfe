//! From accepted pictures to an episode: clips, voices, sound, subtitles, assembly, thumbnails, report.
//!
//! Pictures and sound are encoded by ffmpeg and scratch voices spoken by espeak-ng, both run as processes
//! of their own. Every output is written under a hidden name, verified, and only then put in place; the
//! same input gives the same bytes. This crate may not know what the bible means, how pictures are
//! drawn or judged, or where anything is kept: it is handed files and says what it made of them.

pub mod clip;
mod draft;
pub mod episode;
mod error;
pub mod evidence_card;
pub mod footage;
mod mp4;
mod process;
mod programs;
pub mod report;
pub mod sound;
pub mod subtitle;
pub mod thumbnails;
pub mod voice;
mod yuv;

pub use draft::sweep;
pub use error::{Error, Result};
pub use programs::{Program, Programs};
