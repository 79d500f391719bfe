//! Reasons that many lines share are told once, below them.

use std::collections::BTreeMap;

/// Lines that share a reason have it as a footnote when they are at least this many.
const SHARED: usize = 3;

/// A reason without the file that it is about: `picture.png: not measured: …` is `not measured: …`.
fn message(reason: &str) -> &str {
    reason.split_once(": ").filter(|(file, _)| file.contains('.') && !file.contains(' ')).map_or(reason, |(_, message)| message)
}

/// The reasons of some lines, each as one text, and the footnotes that those refer to as `[1]`, `[2]`…
pub(crate) fn footnotes(reasons: &[&[String]]) -> (Vec<String>, Vec<String>) {
    let mut lines_with: BTreeMap<&str, usize> = BTreeMap::new();
    for line in reasons {
        let mut messages: Vec<&str> = line.iter().map(|reason| message(reason)).collect();
        messages.sort_unstable();
        messages.dedup();
        messages.into_iter().for_each(|message| *lines_with.entry(message).or_default() += 1);
    }
    let mut notes: Vec<&str> = Vec::new();
    let mut lines = Vec::with_capacity(reasons.len());
    for line in reasons {
        let mut told: Vec<String> = Vec::new();
        for reason in *line {
            let message = message(reason);
            let words = if lines_with.get(message).is_some_and(|lines| *lines >= SHARED) {
                let place = notes.iter().position(|note| *note == message).unwrap_or_else(|| {
                    notes.push(message);
                    notes.len() - 1
                });
                format!("[{}]", place + 1)
            } else {
                reason.clone()
            };
            if !told.contains(&words) {
                told.push(words);
            }
        }
        lines.push(told.join("; "));
    }
    (lines, notes.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(reasons: &[&[&str]]) -> (Vec<String>, Vec<String>) {
        let owned: Vec<Vec<String>> = reasons.iter().map(|line| line.iter().map(|&reason| reason.to_owned()).collect()).collect();
        footnotes(&owned.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn what_three_pictures_share_is_told_once() {
        let (told, notes) = lines(&[
            &["picture.png: not measured: no model"],
            &["frame-0000.png: not measured: no model", "frame-0000.png: too dark", "frame-0013.png: not measured: no model"],
            &["picture.png: not measured: no model"],
        ]);
        assert_eq!(told, ["[1]", "[1]; frame-0000.png: too dark", "[1]"]);
        assert_eq!(notes, ["not measured: no model"]);
    }

    #[test]
    fn what_two_pictures_share_stands_beside_each() {
        let reason = "hair of mei: #aa3030 instead of #303060";
        assert_eq!(lines(&[&[reason], &[reason]]), (vec![reason.to_owned(), reason.to_owned()], Vec::new()));
    }

    #[test]
    fn a_sentence_with_a_colon_is_no_file() {
        assert_eq!(message("the gate: below 0.85"), "the gate: below 0.85");
        assert_eq!(message("clip.mp4: it flickers"), "it flickers");
    }
}
