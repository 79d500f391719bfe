//! Mouth shapes for a spoken line.
//!
//! Anime moves mouths on threes: one shape for three frames. Japanese is spoken in morae whose vowels are
//! the shapes themselves; English is read by its letters, which gives the right rhythm and nearly the
//! right shapes without a pronouncing dictionary.

use engine::brief::{MouthKey, MouthShape};

/// Frames that a mouth shape holds.
pub const HOLD: u32 = 3;

/// A stretch of sound: its shape and how long it is compared with a vowel.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sound {
    shape: MouthShape,
    length: f64,
}

/// The mouth's keys for `text` spoken from frame `start` on for `frames` frames: closed at pauses, and
/// closed again when the line is over.
#[must_use]
pub fn keys(text: &str, start: u32, frames: u32) -> Vec<MouthKey> {
    let sounds = sounds(text);
    let total: f64 = sounds.iter().map(|sound| sound.length).sum();
    let mut keys: Vec<MouthKey> = Vec::new();
    let end = start.saturating_add(frames);
    if total > 0.0 {
        let mut at = start;
        while at < end {
            // What sounds in the middle of the hold is what is seen.
            let middle = f64::from(at - start) + f64::from(HOLD.min(end - at)) / 2.0;
            let shape = shape_at(&sounds, middle / f64::from(frames) * total);
            if keys.last().is_none_or(|last| last.shape != shape) {
                keys.push(MouthKey { at, shape });
            }
            at += HOLD;
        }
    }
    if keys.last().is_some_and(|last| last.shape != MouthShape::Closed) {
        keys.push(MouthKey { at: end, shape: MouthShape::Closed });
    }
    keys
}

fn shape_at(sounds: &[Sound], mut place: f64) -> MouthShape {
    for sound in sounds {
        if place < sound.length {
            return sound.shape;
        }
        place -= sound.length;
    }
    MouthShape::Closed
}

fn sounds(text: &str) -> Vec<Sound> {
    let mut sounds: Vec<Sound> = Vec::new();
    let signs: Vec<char> = text.to_lowercase().chars().collect();
    let mut at = 0;
    while at < signs.len() {
        let sign = signs[at];
        if let Some((shape, length)) = kana(sign, sounds.last().map(|last| last.shape)) {
            if length == 0.0 {
                // A small kana gives its vowel to the mora before.
                if let Some(last) = sounds.last_mut() {
                    last.shape = shape;
                }
            } else {
                sounds.push(Sound { shape, length });
            }
            at += 1;
        } else if matches!(sign, '\u{3400}'..='\u{9fff}' | '々') {
            // The reading of a kanji is not known: two morae, open and half open in turn.
            let shape = if (sign as u32).is_multiple_of(2) { MouthShape::A } else { MouthShape::O };
            sounds.push(Sound { shape, length: 1.0 });
            sounds.push(Sound { shape: if (sign as u32).is_multiple_of(3) { MouthShape::I } else { MouthShape::U }, length: 1.0 });
            at += 1;
        } else if sign.is_alphabetic() {
            let end = signs[at..]
                .iter()
                .position(|sign| !sign.is_alphabetic() && !matches!(sign, '\'' | '’'))
                .map_or(signs.len(), |length| at + length);
            word(&signs[at..end], &mut sounds);
            at = end;
        } else {
            let length = match sign {
                '.' | '!' | '?' | '。' | '！' | '？' | '…' | '—' | '–' => 2.0,
                ',' | ';' | ':' | '、' => 1.2,
                _ => 0.0,
            };
            if sign.is_ascii_digit() {
                sounds.push(Sound { shape: MouthShape::A, length: 1.0 });
                sounds.push(Sound { shape: MouthShape::I, length: 0.6 });
            } else if length > 0.0 {
                sounds.push(Sound { shape: MouthShape::Closed, length });
            }
            at += 1;
        }
    }
    // A pause at the end is not spoken.
    while sounds.last().is_some_and(|last| last.shape == MouthShape::Closed && last.length > 1.0) {
        sounds.pop();
    }
    sounds
}

/// The vowel of a kana and its length in morae; 0 for a small kana, which belongs to the one before.
fn kana(sign: char, before: Option<MouthShape>) -> Option<(MouthShape, f64)> {
    // Katakana follow hiragana in the same order.
    let hiragana = match sign {
        '\u{30a1}'..='\u{30f6}' => char::from_u32(sign as u32 - 0x60)?,
        'ー' => return Some((before.unwrap_or(MouthShape::A), 1.0)),
        other => other,
    };
    let small = "ぁぃぅぇぉゃゅょゎ".contains(hiragana);
    let shape = if "あかさたなはまやらわがざだばぱぁゃゎ".contains(hiragana) {
        MouthShape::A
    } else if "いきしちにひみりゐぎじぢびぴぃ".contains(hiragana) {
        MouthShape::I
    } else if "うくすつぬふむゆるぐずづぶぷぅゅゔ".contains(hiragana) {
        MouthShape::U
    } else if "えけせてねへめれゑげぜでべぺぇ".contains(hiragana) {
        MouthShape::E
    } else if "おこそとのほもよろをごぞどぼぽぉょ".contains(hiragana) {
        MouthShape::O
    } else if matches!(hiragana, 'ん' | 'っ') {
        MouthShape::Closed
    } else {
        return None;
    };
    Some((shape, if small { 0.0 } else { 1.0 }))
}

/// The sounds of a word in Latin letters.
fn word(letters: &[char], sounds: &mut Vec<Sound>) {
    let mut at = 0;
    let first = sounds.len();
    while at < letters.len() {
        let rest = &letters[at..];
        let starts =
            |text: &str| rest.iter().copied().zip(text.chars()).filter(|(a, b)| a == b).count() == text.len() && rest.len() >= text.len();
        // Pairs first, then single letters.
        let pairs: [(&str, &[MouthShape]); 17] = [
            ("you", &[MouthShape::U]),
            ("oo", &[MouthShape::U]),
            ("ou", &[MouthShape::A, MouthShape::U]),
            ("ow", &[MouthShape::O, MouthShape::U]),
            ("ee", &[MouthShape::I]),
            ("ea", &[MouthShape::I]),
            ("ie", &[MouthShape::I]),
            ("ei", &[MouthShape::E, MouthShape::I]),
            ("ey", &[MouthShape::E, MouthShape::I]),
            ("ai", &[MouthShape::E, MouthShape::I]),
            ("ay", &[MouthShape::E, MouthShape::I]),
            ("au", &[MouthShape::O]),
            ("aw", &[MouthShape::O]),
            ("oa", &[MouthShape::O]),
            ("oi", &[MouthShape::O, MouthShape::I]),
            ("oy", &[MouthShape::O, MouthShape::I]),
            ("ew", &[MouthShape::U]),
        ];
        if let Some((pair, shapes)) = pairs.iter().find(|(pair, _)| starts(pair)) {
            sounds.extend(shapes.iter().map(|shape| Sound { shape: *shape, length: 1.4 / shapes.len() as f64 }));
            at += pair.len();
            continue;
        }
        let last = at + 1 == letters.len();
        let vowel_before = sounds.len() > first;
        match letters[at] {
            // The silent e of `make`.
            'e' if last && vowel_before => {}
            'a' | 'à' | 'á' | 'â' | 'ā' | 'ä' => sounds.push(Sound { shape: MouthShape::A, length: 1.0 }),
            'e' | 'é' | 'è' | 'ê' | 'ē' => sounds.push(Sound { shape: MouthShape::E, length: 1.0 }),
            'i' | 'í' | 'ī' => sounds.push(Sound { shape: MouthShape::I, length: 1.0 }),
            'y' if vowel_before => sounds.push(Sound { shape: MouthShape::I, length: 1.0 }),
            'o' | 'ó' | 'ō' | 'ö' => sounds.push(Sound { shape: MouthShape::O, length: 1.0 }),
            'u' | 'ú' | 'ū' | 'ü' => sounds.push(Sound { shape: MouthShape::U, length: 1.0 }),
            'w' => sounds.push(Sound { shape: MouthShape::U, length: 0.5 }),
            // Lips meet.
            'b' | 'm' | 'p' => sounds.push(Sound { shape: MouthShape::Closed, length: 0.6 }),
            // Teeth on the lip, or teeth together: nearly closed and wide.
            'f' | 'v' | 's' | 'z' => sounds.push(Sound { shape: MouthShape::I, length: 0.4 }),
            // The other consonants are made inside the mouth: the vowel before them goes on.
            _ if vowel_before => {
                if let Some(last) = sounds.last_mut() {
                    last.length += 0.25;
                }
            }
            _ => {}
        }
        at += 1;
    }
    if sounds.len() == first {
        // `hmm`, `tsk`: something is heard.
        sounds.push(Sound { shape: MouthShape::U, length: 0.8 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str, frames: u32) -> String {
        let word = |shape| match shape {
            MouthShape::Closed => '-',
            MouthShape::A => 'a',
            MouthShape::I => 'i',
            MouthShape::U => 'u',
            MouthShape::E => 'e',
            MouthShape::O => 'o',
        };
        keys(text, 10, frames).iter().map(|key| format!("{}{}", key.at, word(key.shape))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn kana_are_their_vowels() {
        assert_eq!(shown("あいうえお", 15), "10a 13i 16u 19e 22o 25-");
        assert_eq!(shown("さくらん", 12), "10a 13u 16a 19-");
        assert_eq!(shown("キャー", 6), "10a 16-");
    }

    #[test]
    fn english_opens_for_vowels_and_closes_for_lips_and_pauses() {
        assert_eq!(shown("mama", 12), "10- 13a 16- 19a 22-");
        assert_eq!(shown("Look, you!", 24), "10u 19- 25u 34-");
        assert_eq!(shown("", 12), "");
        assert_eq!(shown("?!", 12), "");
    }

    proptest! {
        #[test]
        fn keys_are_in_order_on_threes_and_end_closed(text in "\\PC{0,40}", start in 0u32..500, frames in 1u32..400) {
            let keys = keys(&text, start, frames);
            prop_assert!(keys.windows(2).all(|pair| pair[0].at < pair[1].at && pair[0].shape != pair[1].shape));
            if let Some(last) = keys.last() {
                prop_assert_eq!(last.shape, MouthShape::Closed);
                prop_assert!(last.at <= start + frames);
            }
            for key in keys.iter().filter(|key| key.at < start + frames) {
                prop_assert_eq!((key.at - start) % HOLD, 0);
            }
        }
    }
}
