//! Scratch voices: the script spoken by espeak-ng, so that timing can be heard before actors are cast.

use std::path::{Path, PathBuf};

use bible::character::Character;
use bible::{Digest, Slug};
use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::process::Invocation;
use crate::programs::{Program, Programs};
use crate::sound::wav::Sound;

/// Rates that are still understood, in words a minute.
const SLOWEST: u16 = 80;
const FASTEST: u16 = 300;

/// How much faster than its own rate a voice may be made to fit its line.
const MOST_HURRY: f64 = 1.35;

/// What lies below -50 dBFS at either end of a line is silence.
const SILENCE: f32 = 0.003_162;

/// Kept before and after the speech, so that soft consonants are not cut.
const MARGIN_SECONDS: f64 = 0.02;

/// Most bytes of one spoken line; more is no line of dialogue.
const LONGEST_TEXT: usize = 5_000;

/// How a character's scratch voice sounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScratchVoice {
    /// Language and variant as espeak-ng names them: `en-us+f3`.
    pub name: String,
    /// Pitch, 0 to 99.
    pub pitch: u8,
    /// Words a minute, 80 to 300.
    pub words_per_minute: u16,
}

impl ScratchVoice {
    /// The voice of a character: what the bible says, and where it says nothing a choice by name,
    /// pronouns and age that is the same every time and differs from character to character.
    #[must_use]
    pub fn of(slug: &Slug, character: &Character, language: &str) -> Self {
        let digest = Digest::of(slug.as_str().as_bytes());
        let [variant_seed, pitch_seed, rate_seed, ..] = *digest.as_bytes();
        let choose = |seed: u8, count: u16| u16::from(seed) % count;
        let pronouns = character.pronouns.as_deref().unwrap_or_default().to_lowercase();
        let female = match pronouns.split('/').next().map(str::trim) {
            Some("she" | "her") => true,
            Some("he" | "him") => false,
            _ => variant_seed >= 128,
        };
        let variant = if female { format!("f{}", 1 + choose(variant_seed, 5)) } else { format!("m{}", 1 + choose(variant_seed, 7)) };
        let middle = match (character.age, female) {
            (Some(0..=12), _) => 70,
            (Some(13..=17), true) => 58,
            (Some(13..=17), false) => 46,
            (Some(65..), true) => 42,
            (Some(65..), false) => 26,
            (_, true) => 50,
            (_, false) => 36,
        };
        let written = character.voice.as_ref();
        Self {
            name: written.and_then(|voice| voice.scratch.clone()).unwrap_or_else(|| format!("{}+{variant}", espeak_language(language))),
            pitch: written.and_then(|voice| voice.pitch).unwrap_or((middle + choose(pitch_seed, 13) - 6) as u8).min(99),
            words_per_minute: written
                .and_then(|voice| voice.words_per_minute)
                .unwrap_or(158 + choose(rate_seed, 25))
                .clamp(SLOWEST, FASTEST),
        }
    }
}

/// espeak-ng's name of a BCP 47 language.
fn espeak_language(tag: &str) -> String {
    match tag.to_lowercase().as_str() {
        "" | "en" | "en-us" => "en-us".to_owned(),
        "zh" | "zh-cn" | "zh-tw" | "zh-hans" | "zh-hant" => "cmn".to_owned(),
        other => other.to_owned(),
    }
}

/// A line, spoken or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Speech {
    /// It was spoken.
    Spoken {
        /// The sound: WAV, one channel, trimmed.
        path: PathBuf,
        /// Its length.
        seconds: f64,
        /// Whether it fits the time that the shot gives it.
        fit: Fit,
    },
    /// It stays silent, and this is why.
    Silent {
        /// A sentence.
        reason: String,
    },
}

/// Whether speech fits the time that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fit {
    /// At the voice's own rate.
    Fits,
    /// Only when spoken faster.
    Hurried {
        /// The rate that fits, in words a minute.
        words_per_minute: u16,
    },
    /// Not even then: it runs on past its time.
    TooLong {
        /// By how much.
        over_seconds: f64,
        /// The rate that was reached.
        words_per_minute: u16,
    },
}

/// Speaks one line into a WAV file at `target`, faster than the voice's own rate when that makes it fit
/// `seconds`.
///
/// Without espeak-ng, or when there is nothing to pronounce, the answer is [`Speech::Silent`] with the
/// reason, and no file is written.
///
/// # Errors
/// When espeak-ng fails, or the file cannot be written.
pub async fn speak(programs: &Programs, voice: &ScratchVoice, text: &str, seconds: f64, target: &Path) -> Result<Speech> {
    if text.len() > LONGEST_TEXT {
        return Err(Error::bad(
            format!("the line {:?}…", text.chars().take(40).collect::<String>()),
            format!("it has {} bytes; a spoken line has at most {LONGEST_TEXT}", text.len()),
        ));
    }
    if !text.chars().any(char::is_alphanumeric) {
        return Ok(Speech::Silent { reason: format!("{text:?} has nothing to pronounce") });
    }
    let ceiling = (f64::from(voice.words_per_minute) * MOST_HURRY).min(f64::from(FASTEST)) as u16;
    let ceiling = ceiling.max(voice.words_per_minute);
    let mut rate = voice.words_per_minute;
    let mut sound = match synthesise(programs, voice, rate, text).await {
        Ok(sound) => sound,
        Err(error @ Error::ProgramMissing { .. }) => return Ok(Speech::Silent { reason: error.to_string() }),
        Err(error) => return Err(error),
    };
    // Speech shrinks a little less than the rate grows, so the first guess may need another.
    for _ in 0..3 {
        if sound.seconds() <= seconds || rate >= ceiling {
            break;
        }
        let wanted = f64::from(rate) * (sound.seconds() / seconds.max(0.01)) * 1.02;
        rate = (wanted.ceil().min(f64::from(ceiling)) as u16).max(rate + 1);
        sound = synthesise(programs, voice, rate, text).await?;
    }
    if sound.samples.is_empty() {
        return Ok(Speech::Silent { reason: format!("espeak-ng made no sound of {text:?} with the voice {}", voice.name) });
    }
    let fit = if sound.seconds() > seconds {
        Fit::TooLong { over_seconds: sound.seconds() - seconds, words_per_minute: rate }
    } else if rate > voice.words_per_minute {
        Fit::Hurried { words_per_minute: rate }
    } else {
        Fit::Fits
    };
    let draft = Draft::of(target)?;
    sound.write(draft.path())?;
    draft.publish()?;
    Ok(Speech::Spoken { path: target.to_owned(), seconds: sound.seconds(), fit })
}

/// The text as sound, without the silence around it.
async fn synthesise(programs: &Programs, voice: &ScratchVoice, rate: u16, text: &str) -> Result<Sound> {
    let doing = format!("speaking with the voice {}", voice.name);
    let wav = Invocation::new(programs, Program::EspeakNg, doing)
        .set("-v", &voice.name)
        .set("-p", voice.pitch)
        .set("-s", rate)
        // UTF-8, read from standard input: a line that begins with a hyphen is still a line.
        .args(["-b", "1", "--stdin", "--stdout"])
        .output_of(text.as_bytes())
        .await?;
    let mut sound = Sound::from_stream(&wav, &format!("espeak-ng's {}", voice.name))?;
    sound.trim(SILENCE, MARGIN_SECONDS);
    Ok(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn character(json: &str) -> Character {
        let whole = format!(r#"{{"name":"Mei","visual_traits":{{"build":"teen","height_cm":158}},"colour_model":{{}}{json}}}"#);
        serde_json::from_str(&whole).unwrap()
    }

    fn slug(text: &str) -> Slug {
        text.parse().unwrap()
    }

    #[test]
    fn what_the_bible_says_about_a_voice_is_kept() {
        let mei = character(r#","voice":{"scratch":"en-gb+f2","pitch":66,"words_per_minute":170}"#);
        let voice = ScratchVoice::of(&slug("mei"), &mei, "en");
        assert_eq!((voice.name.as_str(), voice.pitch, voice.words_per_minute), ("en-gb+f2", 66, 170));
    }

    #[test]
    fn a_voice_that_is_not_written_is_stable_and_follows_pronouns_and_age() {
        let girl = ScratchVoice::of(&slug("mei"), &character(r#","pronouns":"she/her","age":10"#), "en");
        let elder = ScratchVoice::of(&slug("gen"), &character(r#","pronouns":"he/him","age":78"#), "en");
        assert!(girl.name.starts_with("en-us+f") && elder.name.starts_with("en-us+m"), "{girl:?} {elder:?}");
        assert!(girl.pitch > elder.pitch + 20);
        assert_eq!(girl, ScratchVoice::of(&slug("mei"), &character(r#","pronouns":"she/her","age":10"#), "en"));
        let names: std::collections::BTreeSet<String> = ["mei", "gen", "haru", "kitsune", "aoi"]
            .map(|name| format!("{:?}", ScratchVoice::of(&slug(name), &character(""), "ja")))
            .into();
        assert_eq!(names.len(), 5);
    }

    #[tokio::test]
    async fn a_line_is_spoken_the_same_way_every_time_and_trimmed() {
        let folder = tempfile::tempdir().unwrap();
        let voice = ScratchVoice { name: "en-us+f3".to_owned(), pitch: 60, words_per_minute: 165 };
        let mut bytes = Vec::new();
        for name in ["a.wav", "b.wav"] {
            let target = folder.path().join(name);
            let speech = speak(&Programs::default(), &voice, "-- Where did the lantern go?", 5.0, &target).await.unwrap();
            let Speech::Spoken { seconds, fit, .. } = speech else { panic!("silent: {speech:?}") };
            assert!((0.8..3.0).contains(&seconds), "{seconds}");
            assert_eq!(fit, Fit::Fits);
            bytes.push(std::fs::read(&target).unwrap());
        }
        assert_eq!(bytes[0], bytes[1]);
        let sound = Sound::read(&folder.path().join("a.wav")).unwrap();
        let head = &sound.samples[..(sound.rate as f64 * 0.03) as usize];
        assert!(head.iter().any(|sample| sample.abs() > SILENCE), "there is silence before the speech");
    }

    #[tokio::test]
    async fn a_line_with_too_little_time_is_hurried_and_then_reported() {
        let folder = tempfile::tempdir().unwrap();
        let voice = ScratchVoice { name: "en-us+m3".to_owned(), pitch: 40, words_per_minute: 160 };
        let text = "I carried every lantern up the road before the rain came down.";
        let target = folder.path().join("line.wav");
        let Speech::Spoken { seconds, .. } = speak(&Programs::default(), &voice, text, 60.0, &target).await.unwrap() else { panic!() };
        let hurried = speak(&Programs::default(), &voice, text, seconds * 0.88, &target).await.unwrap();
        assert!(matches!(hurried, Speech::Spoken { fit: Fit::Hurried { words_per_minute: 170..=216 }, .. }), "{hurried:?}");
        let hopeless = speak(&Programs::default(), &voice, text, 0.5, &target).await.unwrap();
        assert!(matches!(hopeless, Speech::Spoken { fit: Fit::TooLong { words_per_minute: 216, .. }, .. }), "{hopeless:?}");
    }

    #[tokio::test]
    async fn without_a_voice_there_is_silence_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let voice = ScratchVoice { name: "en-us".to_owned(), pitch: 50, words_per_minute: 160 };
        let target = folder.path().join("line.wav");
        let missing = Programs { espeak_ng: folder.path().join("no-such-program"), ..Programs::default() };
        for (programs, text, part) in [(&missing, "Hello.", "apt install espeak-ng"), (&Programs::default(), "…!?", "nothing to pronounce")]
        {
            let speech = speak(programs, &voice, text, 1.0, &target).await.unwrap();
            assert!(matches!(&speech, Speech::Silent { reason } if reason.contains(part)), "{speech:?}");
            assert!(!target.exists());
        }
        let unknown = ScratchVoice { name: "xx-nowhere".to_owned(), ..voice };
        let error = speak(&Programs::default(), &unknown, "Hello.", 1.0, &target).await.unwrap_err();
        assert!(error.to_string().contains("xx-nowhere"), "{error}");
    }
}
