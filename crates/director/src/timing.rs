//! How long things take: speaking, reading, looking.

/// Words a second of calm English speech (150 a minute).
pub const WORDS_A_SECOND: f64 = 2.5;
/// Morae a second of Japanese speech (7 to 8 are common).
pub const MORAE_A_SECOND: f64 = 7.5;
/// Seconds of picture before a line begins and after the last one ends (0.3 to 0.5 are common).
pub const BREATH: f64 = 0.4;
/// Seconds between two lines in one shot.
pub const BETWEEN: f64 = 0.3;
/// Seconds that a cut with dialogue lasts at least, and at most before it is divided.
pub const DIALOGUE: (f64, f64) = (2.0, 6.0);
/// Seconds of a reaction.
pub const REACTION: f64 = 1.25;
/// Seconds of an establishing shot.
pub const ESTABLISHING: f64 = 3.5;
/// Seconds that an action lasts at least and at most.
pub const ACTION: (f64, f64) = (1.5, 5.0);
/// Words of a described action that a second of picture shows: a reader sees faster than a speaker says.
const ACTION_WORDS_A_SECOND: f64 = 3.5;

fn is_japanese(sign: char) -> bool {
    matches!(sign, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '々')
}

/// Morae of kana; 2 for a kanji, which is near the average of running text.
fn morae(sign: char) -> f64 {
    match sign {
        // Small vowels and ya, yu, yo belong to the mora before.
        'ぁ' | 'ぃ' | 'ぅ' | 'ぇ' | 'ぉ' | 'ゃ' | 'ゅ' | 'ょ' | 'ゎ' | 'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ャ' | 'ュ' | 'ョ' | 'ヮ' => {
            0.0
        }
        '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fc}' => 1.0,
        '\u{3400}'..='\u{9fff}' | '々' => 2.0,
        _ => 0.0,
    }
}

/// Seconds that it takes to say a text, without the breath around it: 150 English words a minute (or the
/// voice's own pace), 7.5 Japanese morae a second, and the pauses that punctuation asks for.
#[must_use]
pub fn speaking(text: &str, words_per_minute: Option<u16>) -> f64 {
    let pace = words_per_minute.map_or(1.0, |words| f64::from(words.clamp(80, 300)) / 60.0 / WORDS_A_SECOND);
    let japanese: f64 = text.chars().map(morae).sum();
    // A word is a run of letters that are not Japanese; long words take longer than short ones.
    let words: f64 = text
        .split(|sign: char| !(sign.is_alphanumeric() || sign == '\'' || sign == '’') || is_japanese(sign))
        .filter(|word| !word.is_empty())
        .map(|word| (word.chars().count() as f64 / 5.0).clamp(0.6, 2.5))
        .sum();
    // Punctuation at the very end is the breath after the line.
    let inner = text.trim().trim_end_matches(|sign: char| !sign.is_alphanumeric());
    let pauses: f64 = inner
        .chars()
        .map(|sign| match sign {
            ',' | ';' | ':' | '、' => 0.12,
            '.' | '!' | '?' | '。' | '！' | '？' => 0.25,
            '…' | '—' | '–' => 0.4,
            _ => 0.0,
        })
        .sum();
    ((words / WORDS_A_SECOND + japanese / MORAE_A_SECOND) / pace + pauses).max(0.3)
}

/// Seconds that a described action is shown.
#[must_use]
pub fn showing(action: &str) -> f64 {
    let words = action.split_whitespace().count() as f64;
    let japanese = action.chars().filter(|sign| is_japanese(*sign)).count() as f64;
    // About 2.5 Japanese characters carry what a word does.
    (0.8 + (words + japanese / 2.5) / ACTION_WORDS_A_SECOND).clamp(ACTION.0, ACTION.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_five_words_take_about_ten_seconds() {
        let text = "this old road was built long before anyone here could count the lamps along its sides and they still shine every night without fail today";
        let words = text.split_whitespace().count() as f64;
        let seconds = speaking(text, None);
        assert!((seconds - words / 2.5).abs() < words / 2.5 * 0.2, "{seconds}");
        assert!(speaking(text, Some(300)) < seconds * 0.55);
    }

    #[test]
    fn japanese_is_counted_in_morae() {
        let seconds = speaking("きょうはとうろうがはやいね", None);
        assert!((seconds - 12.0 / 7.5).abs() < 0.01, "{seconds}");
        assert!(speaking("今日は、灯籠が早いね。", None) > 1.2);
    }

    #[test]
    fn the_shortest_line_and_action_can_still_be_seen() {
        assert!(speaking("", None) > 0.0);
        assert!(showing("") >= ACTION.0);
        assert!(showing(&"word ".repeat(200)) <= ACTION.1);
    }
}
