//! The mix of an episode: every sound at its exact sample, levelled and limited.

use std::path::{Path, PathBuf};

use bible::FrameRate;
use serde::{Deserialize, Serialize};

use super::SAMPLE_RATE;
use super::loudness::{Loudness, Meter, TARGET_LKFS};
use super::resample::resample;
use super::wav::{Sound, sixteen_bits};
use crate::draft::Draft;
use crate::error::{Error, Result};

/// Samples a channel that are mixed at a time.
const BLOCK: usize = SAMPLE_RATE as usize;

/// Ceiling of the mix in dBFS: a decibel below the highest true peak allowed, for peaks between samples
/// and for what AAC adds.
const CEILING_DB: f64 = -2.0;

/// The most that a quiet mix is raised; more would only raise noise.
const MOST_GAIN_DB: f64 = 30.0;

/// How far the limiter looks ahead, and how long it takes to let go, in samples.
const AHEAD: usize = 240;
const RELEASE: f32 = 4800.0;

/// A sound and its place in the episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cue {
    /// A WAV file of any rate; several channels are averaged to one.
    pub path: PathBuf,
    /// The frame of the episode at which it starts.
    pub start: u64,
    /// Play it over and over until this frame (ambience); once when absent.
    pub until: Option<u64>,
    /// Louder or quieter than the file, in decibels.
    pub gain_db: f64,
    /// From -1 (left) to 1 (right), with constant power.
    pub pan: f64,
}

impl Cue {
    /// A voice: played once, as loud as it is, at `pan`.
    #[must_use]
    pub fn voice(path: PathBuf, start: u64, pan: f64) -> Self {
        Self { path, start, until: None, gain_db: 0.0, pan }
    }
}

/// What is mixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MixSpec {
    /// Frames per second of the episode.
    pub rate: FrameRate,
    /// Its length in frames; the mix has exactly as many samples.
    pub frames: u64,
    /// What is heard.
    pub cues: Vec<Cue>,
}

/// A finished mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mix {
    /// The file: 48 kHz, stereo, 16 bits.
    pub path: PathBuf,
    /// Samples a channel.
    pub samples: u64,
    /// The gain that brought it to its level, in decibels; none when there was nothing to level.
    pub gain_db: Option<f64>,
    /// The loudness of the written file.
    pub loudness: Loudness,
}

/// Mixes an episode's sound into `target` at -24 LKFS (ARIB TR-B32).
///
/// The sum of all cues is measured, brought to level, limited where it would clip, written, and measured
/// again from the file. A mix without anything above the gate is left as it is and says so. Memory is one
/// second of the mix and the sounds that play in it, however long the episode. This works the processor
/// and the disk: call it from a thread that may block.
///
/// # Errors
/// When a cue cannot be read or lies beyond the end, or the file cannot be written.
pub fn mix(spec: &MixSpec, target: &Path) -> Result<Mix> {
    let samples = spec.rate.sample_at(spec.frames, SAMPLE_RATE);
    if samples == 0 {
        return Err(Error::bad(target.display().to_string(), "an episode has at least 1 frame"));
    }
    for cue in &spec.cues {
        if cue.start >= spec.frames {
            let reason = format!("it starts at frame {}, and the episode ends at {}", cue.start, spec.frames);
            return Err(Error::bad(cue.path.display().to_string(), reason));
        }
        if !cue.gain_db.is_finite() || !(-1.0..=1.0).contains(&cue.pan) {
            return Err(Error::bad(cue.path.display().to_string(), "gain is in decibels, and pan from -1 to 1"));
        }
    }
    let mut meter = Meter::new("the mix")?;
    let mut loudest = 0f32;
    each_block(spec, samples, |block| {
        loudest = block.iter().fold(loudest, |loudest, sample| loudest.max(sample.abs()));
        meter.add(block)
    })?;
    let draft = Draft::of(target)?;
    let Loudness::Measured { integrated, .. } = meter.read()? else {
        let loudness = write(spec, samples, 1.0, loudest, draft.path())?;
        draft.publish()?;
        return Ok(Mix { path: target.to_owned(), samples, gain_db: None, loudness });
    };
    // Limiting takes a little loudness away, which another round gives back.
    let mut gain_db = (TARGET_LKFS - integrated).min(MOST_GAIN_DB);
    let mut rounds = 0;
    let loudness = loop {
        let gain = 10f64.powf(gain_db / 20.0) as f32;
        let loudness = write(spec, samples, gain, loudest * gain, draft.path())?;
        rounds += 1;
        match &loudness {
            Loudness::Measured { integrated, .. } if rounds < 4 && (integrated - TARGET_LKFS).abs() > 0.2 && gain_db < MOST_GAIN_DB => {
                gain_db = (gain_db + TARGET_LKFS - integrated).min(MOST_GAIN_DB);
            }
            _ => break loudness,
        }
    };
    draft.publish()?;
    Ok(Mix { path: target.to_owned(), samples, gain_db: Some(gain_db), loudness })
}

/// Writes the mix with a gain, limited when `peak` needs it, and measures what is in the file.
fn write(spec: &MixSpec, samples: u64, gain: f32, peak: f32, path: &Path) -> Result<Loudness> {
    let wav = hound::WavSpec { channels: 2, sample_rate: SAMPLE_RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let wrong = |source| Error::Wav { doing: "writing", path: path.to_owned(), source };
    let mut writer = hound::WavWriter::create(path, wav).map_err(wrong)?;
    let ceiling = 10f64.powf(CEILING_DB / 20.0) as f32;
    let mut limiter = (peak > ceiling).then(|| Limiter::new(ceiling));
    let mut limited = Vec::new();
    let mut put = |block: &[f32]| block.iter().try_for_each(|sample| writer.write_sample(sixteen_bits(*sample)).map_err(wrong));
    each_block(spec, samples, |block| {
        limited.clear();
        limited.extend(block.iter().map(|sample| sample * gain));
        match &mut limiter {
            Some(limiter) => put(&limiter.process(&limited)),
            None => put(&limited),
        }
    })?;
    if let Some(limiter) = &mut limiter {
        put(&limiter.drain())?;
    }
    writer.finalize().map_err(wrong)?;
    measure(path)
}

/// The loudness of a 48 kHz stereo WAV file of 16 bits.
fn measure(path: &Path) -> Result<Loudness> {
    let wrong = |source| Error::Wav { doing: "reading", path: path.to_owned(), source };
    let mut reader = hound::WavReader::open(path).map_err(wrong)?;
    let mut meter = Meter::new(&path.display().to_string())?;
    let mut block = Vec::with_capacity(BLOCK * 2);
    for sample in reader.samples::<i16>() {
        block.push(f32::from(sample.map_err(wrong)?) / 32_768.0);
        if block.len() == BLOCK * 2 {
            meter.add(&block)?;
            block.clear();
        }
    }
    meter.add(&block)?;
    meter.read()
}

/// A cue that plays: its samples, and where they go.
struct Voice {
    samples: Vec<f32>,
    start: u64,
    end: u64,
    gains: [f32; 2],
}

/// Sums the cues block by block, interleaved stereo, and hands each block on.
fn each_block(spec: &MixSpec, samples: u64, mut hand: impl FnMut(&[f32]) -> Result<()>) -> Result<()> {
    let mut waiting: Vec<&Cue> = spec.cues.iter().collect();
    // Latest first, so that the next to play is at the end; equal starts keep their order.
    waiting.sort_by_key(|cue| cue.start);
    waiting.reverse();
    let mut playing: Vec<Voice> = Vec::new();
    let mut block = vec![0f32; BLOCK * 2];
    let mut at = 0;
    while at < samples {
        let length = (samples - at).min(BLOCK as u64) as usize;
        let block = &mut block[..length * 2];
        block.fill(0.0);
        while let Some(cue) = waiting.pop_if(|cue| spec.rate.sample_at(cue.start, SAMPLE_RATE) < at + length as u64) {
            playing.extend(voice(cue, spec.rate)?);
        }
        for voice in &playing {
            let (from, to) = (voice.start.max(at), voice.end.min(at + length as u64));
            for sample in from..to {
                let value = voice.samples[((sample - voice.start) % voice.samples.len() as u64) as usize];
                let place = (sample - at) as usize * 2;
                block[place] += value * voice.gains[0];
                block[place + 1] += value * voice.gains[1];
            }
        }
        hand(block)?;
        at += length as u64;
        playing.retain(|voice| voice.end > at);
    }
    Ok(())
}

fn voice(cue: &Cue, rate: FrameRate) -> Result<Option<Voice>> {
    let samples = resample(&Sound::read(&cue.path)?, SAMPLE_RATE);
    if samples.is_empty() {
        return Ok(None);
    }
    let start = rate.sample_at(cue.start, SAMPLE_RATE);
    let end = cue.until.map_or(start + samples.len() as u64, |until| rate.sample_at(until, SAMPLE_RATE));
    let angle = (cue.pan + 1.0) * std::f64::consts::FRAC_PI_4;
    let gain = 10f64.powf(cue.gain_db / 20.0);
    Ok(Some(Voice { samples, start, end, gains: [(angle.cos() * gain) as f32, (angle.sin() * gain) as f32] }))
}

/// Turns the level down just before a peak and slowly up again after it; both channels alike, so that
/// nothing moves from side to side.
struct Limiter {
    ceiling: f32,
    /// The last [`AHEAD`] frames, not yet given out, and the gain that each alone would need.
    delay: std::collections::VecDeque<([f32; 2], f32)>,
    gain: f32,
}

impl Limiter {
    fn new(ceiling: f32) -> Self {
        Self { ceiling, delay: std::collections::VecDeque::with_capacity(AHEAD + 1), gain: 1.0 }
    }

    fn process(&mut self, interleaved: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(interleaved.len());
        for frame in interleaved.as_chunks::<2>().0 {
            let peak = frame[0].abs().max(frame[1].abs());
            self.delay.push_back((*frame, if peak > self.ceiling { self.ceiling / peak } else { 1.0 }));
            if self.delay.len() > AHEAD {
                self.give(&mut out);
            }
        }
        out
    }

    fn drain(&mut self) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.delay.len() * 2);
        while !self.delay.is_empty() {
            self.give(&mut out);
        }
        out
    }

    fn give(&mut self, out: &mut Vec<f32>) {
        // Towards each coming peak along a straight line that arrives in time.
        let mut wanted = (self.gain + (1.0 - self.gain) / RELEASE).min(1.0);
        for (distance, (_, needed)) in self.delay.iter().enumerate().filter(|(_, (_, needed))| *needed < 1.0) {
            if *needed < self.gain {
                wanted = wanted.min(self.gain - (self.gain - needed) / (distance as f32 + 1.0));
            } else if distance == 0 {
                wanted = wanted.min(*needed);
            }
        }
        let Some((frame, needed)) = self.delay.pop_front() else { return };
        self.gain = wanted.min(needed);
        out.extend(frame.map(|sample| sample * self.gain));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(path: &Path, rate: u32, seconds: f64, level: f32) -> PathBuf {
        let samples =
            (0..(seconds * f64::from(rate)) as usize).map(|step| (step as f32 * 440.0 * std::f32::consts::TAU / rate as f32).sin() * level);
        Sound { rate, samples: samples.collect() }.write(path).unwrap();
        path.to_owned()
    }

    fn read(path: &Path) -> Vec<i16> {
        hound::WavReader::open(path).unwrap().samples::<i16>().map(Result::unwrap).collect()
    }

    #[test]
    fn a_sound_starts_at_its_exact_sample() {
        let folder = tempfile::tempdir().unwrap();
        for rate in [FrameRate::FILM, FrameRate::FILM_NTSC] {
            let click = folder.path().join("click.wav");
            Sound { rate: 48_000, samples: vec![0.5; 24_000] }.write(&click).unwrap();
            let spec = MixSpec { rate, frames: 240, cues: vec![Cue::voice(click, 101, 0.0)] };
            let made = mix(&spec, &folder.path().join("mix.wav")).unwrap();
            let samples = read(&made.path);
            assert_eq!(samples.len() as u64, rate.sample_at(240, SAMPLE_RATE) * 2);
            let first = samples.iter().position(|sample| *sample != 0).unwrap() as u64 / 2;
            assert_eq!(first, rate.sample_at(101, SAMPLE_RATE));
        }
    }

    #[test]
    fn quiet_and_loud_episodes_come_out_at_the_same_level() {
        let folder = tempfile::tempdir().unwrap();
        for level in [0.01, 0.9] {
            let cues = vec![Cue::voice(tone(&folder.path().join("t.wav"), 22_050, 4.0, level), 24, -0.3)];
            let made = mix(&MixSpec { rate: FrameRate::FILM, frames: 240, cues }, &folder.path().join("mix.wav")).unwrap();
            assert_eq!(made.loudness.is_right(), Some(true), "{made:?}");
        }
    }

    #[test]
    fn peaks_far_above_the_speech_are_limited_and_the_level_still_holds() {
        let folder = tempfile::tempdir().unwrap();
        let mut samples: Vec<f32> = (0..480_000).map(|step| (step as f32 * 0.05).sin() * 0.02).collect();
        for burst in 0..5 {
            let start = 40_000 + burst * 90_000;
            samples[start..start + 60].iter_mut().enumerate().for_each(|(step, sample)| *sample = (step as f32 * 0.8).sin());
        }
        let path = folder.path().join("bursts.wav");
        Sound { rate: 48_000, samples }.write(&path).unwrap();
        let spec = MixSpec { rate: FrameRate::FILM, frames: 240, cues: vec![Cue::voice(path, 0, 0.0)] };
        let made = mix(&spec, &folder.path().join("mix.wav")).unwrap();
        assert_eq!(made.loudness.is_right(), Some(true), "{made:?}");
        let highest = read(&made.path).into_iter().map(i16::unsigned_abs).max().unwrap();
        assert!(f64::from(highest) / 32_768.0 <= 10f64.powf(CEILING_DB / 20.0) + 1e-3, "{highest}");
    }

    #[test]
    fn an_episode_without_sound_is_silent_and_says_that_nothing_was_measured() {
        let folder = tempfile::tempdir().unwrap();
        let made = mix(&MixSpec { rate: FrameRate::FILM, frames: 48, cues: vec![] }, &folder.path().join("mix.wav")).unwrap();
        assert!(matches!(made.loudness, Loudness::NotMeasured { .. }) && made.gain_db.is_none(), "{made:?}");
        assert!(read(&made.path).iter().all(|sample| *sample == 0));
        assert_eq!(made.samples, 96_000);
    }

    #[test]
    fn ambience_plays_over_and_over_until_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = tone(&folder.path().join("bed.wav"), 48_000, 0.5, 0.2);
        let cue = Cue { path, start: 12, until: Some(60), gain_db: -6.0, pan: 0.0 };
        let made = mix(&MixSpec { rate: FrameRate::FILM, frames: 96, cues: vec![cue] }, &folder.path().join("mix.wav")).unwrap();
        let heard = |second: f64| read(&made.path)[(second * 96_000.0) as usize..][..2000].iter().any(|sample| *sample != 0);
        assert!(!heard(0.2) && heard(0.6) && heard(2.4) && !heard(2.6));
    }

    #[test]
    fn a_cue_beyond_the_end_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let cue = Cue::voice(folder.path().join("late.wav"), 48, 0.0);
        let error = mix(&MixSpec { rate: FrameRate::FILM, frames: 48, cues: vec![cue] }, &folder.path().join("mix.wav")).unwrap_err();
        assert!(error.to_string().contains("late.wav: it starts at frame 48, and the episode ends at 48"), "{error}");
    }
}
