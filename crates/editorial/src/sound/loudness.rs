//! Loudness by ITU-R BS.1770-4, as ARIB TR-B32 asks for it.

use std::path::Path;

use ebur128::{EbuR128, Mode};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::process::Invocation;
use crate::programs::Programs;

/// Integrated loudness of a programme by ARIB TR-B32, in LKFS.
pub const TARGET_LKFS: f64 = -24.0;

/// How far off a programme may be, in LU.
pub const TOLERANCE_LU: f64 = 1.0;

/// The highest true peak, in dBTP.
pub const HIGHEST_PEAK_DBTP: f64 = -1.0;

/// How loud something is, as far as it could be measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Loudness {
    /// It was measured.
    Measured {
        /// Integrated loudness in LKFS.
        integrated: f64,
        /// True peak in dBTP (4 times oversampled).
        true_peak: f64,
    },
    /// It was not.
    NotMeasured {
        /// Why, as a sentence.
        reason: String,
    },
}

impl Loudness {
    /// Whether loudness and peak keep to ARIB TR-B32; none when they were not measured.
    #[must_use]
    pub fn is_right(&self) -> Option<bool> {
        match self {
            Self::Measured { integrated, true_peak } => {
                Some((integrated - TARGET_LKFS).abs() <= TOLERANCE_LU && *true_peak <= HIGHEST_PEAK_DBTP)
            }
            Self::NotMeasured { .. } => None,
        }
    }
}

/// A meter that is fed interleaved stereo.
pub(crate) struct Meter {
    meter: EbuR128,
    what: String,
}

impl Meter {
    pub(crate) fn new(what: &str) -> Result<Self> {
        let meter = EbuR128::new(2, super::SAMPLE_RATE, Mode::I | Mode::TRUE_PEAK)
            .map_err(|source| Error::Loudness { what: what.to_owned(), source })?;
        Ok(Self { meter, what: what.to_owned() })
    }

    pub(crate) fn add(&mut self, interleaved: &[f32]) -> Result<()> {
        self.meter.add_frames_f32(interleaved).map_err(|source| Error::Loudness { what: self.what.clone(), source })
    }

    pub(crate) fn read(&self) -> Result<Loudness> {
        let wrong = |source| Error::Loudness { what: self.what.clone(), source };
        let integrated = self.meter.loudness_global().map_err(wrong)?;
        let left = self.meter.true_peak(0).map_err(wrong)?;
        let right = self.meter.true_peak(1).map_err(wrong)?;
        if !integrated.is_finite() {
            let reason = "everything in it lies below the absolute gate of -70 LKFS, or is shorter than 0.4 seconds".to_owned();
            return Ok(Loudness::NotMeasured { reason });
        }
        Ok(Loudness::Measured { integrated, true_peak: 20.0 * left.max(right).log10() })
    }
}

/// Measures the first sound track of any media file, decoded by ffmpeg.
///
/// # Errors
/// When ffmpeg is missing or the file has no sound that can be decoded.
pub async fn of_file(programs: &Programs, path: &Path) -> Result<Loudness> {
    use tokio::io::AsyncReadExt;
    let mut running = Invocation::ffmpeg(programs, format!("decoding the sound of {}", path.display()))
        .arg("-i")
        .file(path)
        .args(["-map", "0:a:0", "-f", "f32le", "-ar", "48000", "-ac", "2", "pipe:1"])
        .start()?;
    let mut meter = Meter::new(&path.display().to_string())?;
    if let Some(mut output) = running.take_output() {
        let (mut buffer, mut filled) = (vec![0u8; 1 << 18], 0);
        loop {
            let read = output.read(&mut buffer[filled..]).await.map_err(Error::file("reading the sound of", path))?;
            filled += read;
            let whole = filled / 8 * 8;
            let samples: Vec<f32> = buffer[..whole].as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            meter.add(&samples)?;
            buffer.copy_within(whole..filled, 0);
            filled -= whole;
            if read == 0 {
                break;
            }
        }
    }
    running.finish().await?;
    meter.read()
}
