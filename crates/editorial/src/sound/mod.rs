//! Sound: WAV files, resampling, the mix of an episode and its loudness.

pub mod loudness;
mod mix;
mod resample;
pub(crate) mod wav;

pub use loudness::Loudness;
pub use mix::{Cue, Mix, MixSpec, mix};

/// Samples a second of everything that an episode is mixed from.
pub const SAMPLE_RATE: u32 = 48_000;
