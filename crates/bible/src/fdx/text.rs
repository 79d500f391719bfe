//! From stretches of text in a style to text with Fountain's marks.

use crate::fountain::{Run, runs};

/// The text with marks for its styles, so that [`runs`] gives the same; none when no marks can say it (bold that goes
/// over into italic in the middle of a word).
pub(super) fn marked(wanted: &[Run]) -> Option<String> {
    let marked: String = split(wanted).iter().map(mark).collect();
    (merged(runs(&marked)) == merged(split(wanted))).then_some(marked)
}

/// The text without styles, with what would be taken for a mark escaped.
pub(super) fn unmarked(wanted: &[Run]) -> String {
    escaped(&wanted.iter().map(|run| run.text.as_str()).collect::<String>())
}

/// What would hide a part of a text that has no escapes: a heading, a cue.
pub(super) fn shown(text: &str) -> String {
    text.replace("[[", "[ [").replace("/*", "/ *")
}

/// A note's text, such that the note ends where it ends.
pub(super) fn note(text: &str) -> String {
    let closed = text.replace("]]", "] ]").replace("/*", "/ *");
    // An empty line would end the note; two spaces keep it.
    let lines: Vec<&str> = closed.trim().split('\n').map(|line| if line.trim().is_empty() { "  " } else { line.trim_end() }).collect();
    let text = lines.join("\n");
    if text.ends_with(']') { format!("{text} ") } else { text }
}

/// A note beside what it is about, which is one line.
pub(super) fn note_beside(text: &str) -> String {
    note(&text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / "))
}

/// Marks stand at words: spaces at the edges of a style and line ends are outside of it.
fn split(wanted: &[Run]) -> Vec<Run> {
    let mut parts = Vec::new();
    for run in wanted {
        for (index, line) in run.text.split('\n').enumerate() {
            if index > 0 {
                parts.push(Run { text: "\n".to_owned(), ..Run::default() });
            }
            let core = line.trim();
            let start = line.len() - line.trim_start().len();
            let plain = |text: &str| Run { text: text.to_owned(), ..Run::default() };
            if core.is_empty() {
                parts.push(plain(line));
            } else {
                parts.push(plain(&line[..start]));
                parts.push(Run { text: core.to_owned(), ..*run });
                parts.push(plain(&line[start + core.len()..]));
            }
        }
    }
    parts.retain(|part| !part.text.is_empty());
    joined(parts)
}

/// Words in one style that only spaces part are one stretch.
fn joined(parts: Vec<Run>) -> Vec<Run> {
    let mut joined: Vec<Run> = Vec::new();
    for part in parts {
        let blank = |run: &Run| run.text.chars().all(|sign| sign == ' ');
        match joined.as_mut_slice() {
            [.., before, space] if blank(space) && same(before, &part) && styled(&part) => {
                before.text = format!("{}{}{}", before.text, space.text, part.text);
                joined.pop();
            }
            [.., before] if same(before, &part) => before.text.push_str(&part.text),
            _ => joined.push(part),
        }
    }
    joined
}

fn same(one: &Run, other: &Run) -> bool {
    (one.bold, one.italic, one.underline) == (other.bold, other.italic, other.underline)
}

fn styled(run: &Run) -> bool {
    run.bold || run.italic || run.underline
}

fn mark(run: &Run) -> String {
    let stars = match (run.bold, run.italic) {
        (true, true) => "***",
        (true, false) => "**",
        (false, true) => "*",
        (false, false) => "",
    };
    let line = if run.underline { "_" } else { "" };
    format!("{line}{stars}{}{stars}{line}", escaped(&run.text))
}

/// With a backslash before every sign that would be a mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    let mut before = None;
    while let Some(sign) = signs.next() {
        let next = signs.peek().copied();
        let hides = sign == '[' && (next == Some('[') || before == Some('['));
        let backslash = sign == '\\' && next.is_none_or(|next| matches!(next, '*' | '_' | '\\' | '[' | '/'));
        if matches!(sign, '*' | '_') || hides || backslash {
            out.push('\\');
        }
        out.push(sign);
        before = Some(sign);
    }
    out
}

/// Neighbours of one style as one.
fn merged(runs: Vec<Run>) -> Vec<Run> {
    let mut merged: Vec<Run> = Vec::new();
    for run in runs {
        match merged.last_mut() {
            Some(last) if same(last, &run) => last.text.push_str(&run.text),
            _ => merged.push(run),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(text: &str, styles: &str) -> Run {
        Run { text: text.to_owned(), bold: styles.contains('b'), italic: styles.contains('i'), underline: styles.contains('u') }
    }

    #[test]
    fn styles_become_marks_at_words() {
        assert_eq!(marked(&[run("He ", ""), run("really ", "b"), run("means it.", "")]).unwrap(), "He **really** means it.");
        assert_eq!(marked(&[run("one ", "i"), run("two", "i")]).unwrap(), "*one two*");
        assert_eq!(marked(&[run("over\nlines", "u")]).unwrap(), "_over_\n_lines_");
        assert_eq!(marked(&[run("all", "biu")]).unwrap(), "_***all***_");
    }

    #[test]
    fn what_looks_like_a_mark_is_escaped() {
        let text = r"2 * 3 [[no]] /*no*/ a_b C:\dir\*";
        let written = marked(&[run(text, "")]).unwrap();
        assert_eq!(runs(&written).into_iter().map(|run| run.text).collect::<String>(), text);
        assert!(!written.contains("[[") && !written.contains("/*"), "{written}");
    }

    proptest! {
        #[test]
        fn marks_say_what_the_styles_said_or_nothing(parts in prop::collection::vec(("[a-c *_\\[\\]/\\\\\n]{0,6}", 0_u8..8), 0..5)) {
            let wanted: Vec<Run> = parts
                .into_iter()
                .map(|(text, style)| Run { text, bold: style & 1 > 0, italic: style & 2 > 0, underline: style & 4 > 0 })
                .collect();
            let text: String = wanted.iter().map(|run| run.text.as_str()).collect();
            let plain = |marked: &str| runs(marked).into_iter().map(|run| run.text).collect::<String>();
            prop_assert_eq!(&plain(&unmarked(&wanted)), &text);
            if let Some(marked) = marked(&wanted) {
                prop_assert_eq!(plain(&marked), text);
            }
        }
    }
}
