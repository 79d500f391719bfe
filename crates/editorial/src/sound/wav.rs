//! One channel of sound in memory.

use std::io::Cursor;
use std::path::Path;

use crate::error::{Error, Result};

/// Most samples that are read from one file: an hour at 48 kHz.
const MOST_SAMPLES: usize = 48_000 * 3600;

/// Sound of one channel, samples from -1 to 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sound {
    /// Samples a second.
    pub(crate) rate: u32,
    /// The samples.
    pub(crate) samples: Vec<f32>,
}

impl Sound {
    /// Reads a WAV file; several channels are averaged to one.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let wrong = |source| Error::Wav { doing: "reading", path: path.to_owned(), source };
        let reader = hound::WavReader::open(path).map_err(wrong)?;
        Self::collect(reader).map_err(wrong)
    }

    /// Reads a WAV that a program wrote to a pipe. It could not go back to fill in the lengths, so those
    /// in the header are nonsense and what came counts.
    pub(crate) fn from_stream(bytes: &[u8], what: &str) -> Result<Self> {
        let mut bytes = bytes.to_vec();
        if let Some(data) = bytes.windows(4).position(|window| window == b"data")
            && bytes.len() >= data + 8
        {
            // Whole frames of 16-bit mono only.
            let length = (bytes.len() - data - 8) as u32 & !1;
            bytes.truncate(data + 8 + length as usize);
            bytes[data + 4..data + 8].copy_from_slice(&length.to_le_bytes());
            let riff = bytes.len() as u32 - 8;
            bytes[4..8].copy_from_slice(&riff.to_le_bytes());
        }
        let wrong = |source| Error::Wav { doing: "reading", path: what.into(), source };
        let reader = hound::WavReader::new(Cursor::new(bytes)).map_err(wrong)?;
        Self::collect(reader).map_err(wrong)
    }

    fn collect<R: std::io::Read>(mut reader: hound::WavReader<R>) -> std::result::Result<Self, hound::Error> {
        let spec = reader.spec();
        let channels = usize::from(spec.channels.max(1));
        let interleaved: Vec<f32> = match spec.sample_format {
            hound::SampleFormat::Float => reader.samples::<f32>().take(MOST_SAMPLES * channels).collect::<std::result::Result<_, _>>()?,
            hound::SampleFormat::Int => {
                let full = (1i64 << (spec.bits_per_sample - 1)) as f32;
                let samples = reader.samples::<i32>().take(MOST_SAMPLES * channels);
                samples.map(|sample| sample.map(|sample| sample as f32 / full)).collect::<std::result::Result<_, _>>()?
            }
        };
        let samples = if channels == 1 {
            interleaved
        } else {
            interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect()
        };
        Ok(Self { rate: spec.sample_rate, samples })
    }

    /// Writes it as 16-bit WAV.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let spec = hound::WavSpec { channels: 1, sample_rate: self.rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        let wrong = |source| Error::Wav { doing: "writing", path: path.to_owned(), source };
        let mut writer = hound::WavWriter::create(path, spec).map_err(wrong)?;
        for sample in &self.samples {
            writer.write_sample(sixteen_bits(*sample)).map_err(wrong)?;
        }
        writer.finalize().map_err(wrong)
    }

    /// Length in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate.max(1))
    }

    /// Takes off what is quieter than `silence` at both ends, but for `margin` seconds.
    pub(crate) fn trim(&mut self, silence: f32, margin: f64) {
        let loud = |sample: &f32| sample.abs() > silence;
        let Some(first) = self.samples.iter().position(loud) else {
            self.samples.clear();
            return;
        };
        let last = self.samples.iter().rposition(loud).unwrap_or(first);
        let margin = (margin * f64::from(self.rate)) as usize;
        self.samples.truncate((last + 1 + margin).min(self.samples.len()));
        self.samples.drain(..first.saturating_sub(margin));
    }
}

pub(crate) fn sixteen_bits(sample: f32) -> i16 {
    (sample * 32_767.0).round().clamp(-32_768.0, 32_767.0) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let sound = Sound { rate: 22_050, samples: (0..500).map(|step| (step as f32 / 40.0).sin() * 0.5).collect() };
        sound.write(&path).unwrap();
        let back = Sound::read(&path).unwrap();
        assert_eq!(back.rate, 22_050);
        assert!(sound.samples.iter().zip(&back.samples).all(|(one, other)| (one - other).abs() < 1e-4));
        // As it would come through a pipe: with lengths that promise two gigabytes.
        let mut piped = std::fs::read(&path).unwrap();
        piped[4..8].copy_from_slice(&0x7fff_f024u32.to_le_bytes());
        piped[40..44].copy_from_slice(&0x7fff_f000u32.to_le_bytes());
        assert_eq!(Sound::from_stream(&piped, "a pipe").unwrap(), back);
        assert!(Sound::from_stream(b"", "nothing").is_err());
    }

    #[test]
    fn silence_around_the_sound_is_trimmed_and_silence_alone_is_nothing() {
        let mut sound = Sound { rate: 1000, samples: [vec![0.0; 400], vec![0.5; 100], vec![0.001; 300]].concat() };
        sound.trim(0.003, 0.02);
        assert_eq!(sound.samples.len(), 140);
        sound.samples.fill(0.0);
        sound.trim(0.003, 0.02);
        assert!(sound.samples.is_empty());
    }
}
