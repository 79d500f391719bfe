//! Sentences and words of prose, and what numbers and colours are called.

/// A word with its place in the sentence's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// Byte offset in the whole text.
    pub(super) at: usize,
    /// The word as written, hyphens and inner apostrophes kept, without a possessive `'s`.
    pub(super) text: &'a str,
    /// Whether it ends a clause (a comma, colon, semicolon or bracket follows).
    pub(super) ends_clause: bool,
}

impl Word<'_> {
    pub(super) fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    pub(super) fn capitalised(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }
}

/// The sentences of a text, each with its byte offset. A full stop within a number ends nothing.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= text.len() {
            return None;
        }
        let rest = &text[start..];
        let end = rest
            .char_indices()
            .find(|(at, sign)| matches!(sign, '.' | '!' | '?') && rest[at + 1..].chars().next().is_none_or(char::is_whitespace))
            .map_or(rest.len(), |(at, _)| at + 1);
        let sentence = (start, &rest[..end]);
        start += end;
        Some(sentence)
    })
}

/// The words of a sentence; `offset` is where it begins in its text.
pub(super) fn words(offset: usize, sentence: &str) -> Vec<Word<'_>> {
    let inside = |sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '\'' | '’');
    let mut words = Vec::new();
    let mut rest = 0;
    while let Some(begin) = sentence[rest..].find(inside).map(|at| rest + at) {
        let end = sentence[begin..].find(|sign| !inside(sign)).map_or(sentence.len(), |at| begin + at);
        let raw = &sentence[begin..end];
        let text = raw.trim_matches(['-', '\'', '’']);
        let text = ["'s", "’s"].iter().find_map(|tail| text.strip_suffix(tail)).unwrap_or(text);
        if !text.is_empty() {
            let lead = raw.find(text).unwrap_or(0);
            let ends_clause = sentence[end..].trim_start_matches(' ').starts_with([',', ';', ':', '(', ')', '–', '—']);
            words.push(Word { at: offset + begin + lead, text, ends_clause });
        }
        rest = end;
    }
    words
}

/// A number from 1 to 999 in digits or, to ninety-nine, in words.
pub(super) fn number(text: &str) -> Option<u16> {
    if let Ok(number) = text.parse::<u16>() {
        return (1..1000).contains(&number).then_some(number);
    }
    const ONES: [&str; 19] = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = |list: &[&str], word: &str| list.iter().position(|known| known.eq_ignore_ascii_case(word)).map(|at| at as u16);
    if let Some(at) = place(&ONES, text) {
        return Some(at + 1);
    }
    let (tens, ones) = text.split_once('-').map_or((text, None), |(tens, ones)| (tens, Some(ones)));
    let tens = (place(&TENS, tens)? + 2) * 10;
    match ones {
        None => Some(tens),
        Some(ones) => place(&ONES[..9], ones).map(|ones| tens + ones + 1),
    }
}

/// Gender of a third-person pronoun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gender {
    Female,
    Male,
}

impl Gender {
    /// Of pronouns as written (`she/her`); none for others, or for several sets (`she/they`).
    pub(super) fn of(pronouns: &str) -> Option<Self> {
        let words: Vec<String> = pronouns.split(['/', ',', ' ']).map(str::to_lowercase).filter(|word| !word.is_empty()).collect();
        let all = |set: &[&str]| !words.is_empty() && words.iter().all(|word| set.contains(&word.as_str()));
        if all(&["she", "her", "hers", "herself"]) {
            Some(Self::Female)
        } else if all(&["he", "him", "his", "himself"]) {
            Some(Self::Male)
        } else {
            None
        }
    }

    /// Of a word in prose.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        Self::of(word).filter(|_| !word.contains('/'))
    }

    pub(super) const fn subject(self) -> &'static str {
        match self {
            Self::Female => "she",
            Self::Male => "he",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_full_stops_and_not_within_numbers() {
        let text = "She is 1.76 m tall. Mio's eye is blue! Done";
        let found: Vec<&str> = sentences(text).map(|(_, sentence)| sentence.trim()).collect();
        assert_eq!(found, ["She is 1.76 m tall.", "Mio's eye is blue!", "Done"]);
        let list = words(0, "Mio's left-hand, a 25-year-old's.");
        assert_eq!(list.iter().map(|word| word.text).collect::<Vec<_>>(), ["Mio", "left-hand", "a", "25-year-old"]);
        assert!(list[1].ends_clause && !list[2].ends_clause);
    }

    #[test]
    fn numbers_are_read_in_digits_and_in_words() {
        for (text, value) in [
            ("25", Some(25)),
            ("thirteen", Some(13)),
            ("Twenty-five", Some(25)),
            ("ninety", Some(90)),
            ("0", None),
            ("twenty-ten", None),
            ("tall", None),
        ] {
            assert_eq!(number(text), value, "{text}");
        }
    }

    #[test]
    fn only_one_set_of_pronouns_says_a_gender() {
        assert_eq!(Gender::of("she/her"), Some(Gender::Female));
        assert_eq!(Gender::of("he/him"), Some(Gender::Male));
        assert_eq!(Gender::of("they/them"), None);
        assert_eq!(Gender::of("she/they"), None);
    }
}
