//! Line by line from text to elements.

use std::ops::Range;

use super::hidden::{self, Hidden};
use super::{Cue, Element, Heading, Kind, Script, TitleEntry};

/// A line of the source with what is hidden cut out.
struct Line<'a> {
    /// Its bytes, line end included.
    span: Range<usize>,
    /// What is on the page: white space at the end cut, tabs kept.
    shown: String,
    /// Whether anything on it is hidden.
    hides: bool,
    /// Notes that begin on it.
    notes: Vec<String>,
    /// Boneyards that begin on it.
    cut: Vec<&'a str>,
    /// At least two spaces and nothing else: an empty line that does not end a speech.
    spaces: bool,
}

impl Line<'_> {
    /// Nothing on it, not even something hidden.
    fn blank(&self) -> bool {
        self.shown.is_empty() && !self.hides
    }

    /// Only hidden things on it.
    fn transparent(&self) -> bool {
        self.shown.is_empty() && self.hides
    }
}

pub(super) fn parse(source: &str) -> Script {
    let lines = lines(source);
    let mut parser = Parser { lines: &lines, at: 0, elements: Vec::new(), after_break: true };
    parser.title_page(source);
    while parser.at < lines.len() {
        parser.element();
    }
    Script { elements: parser.elements }
}

fn lines(source: &str) -> Vec<Line<'_>> {
    let hidden = hidden::find(source);
    let mut next = 0;
    let mut lines = Vec::new();
    let mut start = 0;
    for raw in source.split_inclusive('\n') {
        let span = start..start + raw.len();
        start = span.end;
        let mut line = Line { span: span.clone(), shown: String::new(), hides: false, notes: Vec::new(), cut: Vec::new(), spaces: false };
        // A byte order mark is not on the page.
        let mut at = if span.start == 0 && raw.starts_with('\u{feff}') { 3 } else { span.start };
        while let Some(Hidden { span: part, note }) = hidden.get(next) {
            if part.start >= span.end {
                break;
            }
            line.hides = true;
            if part.start >= span.start {
                line.shown.push_str(&source[at..part.start]);
                let inner = &source[part.start + 2..part.end - 2];
                if *note {
                    line.notes.push(inner.trim().replace("\r\n", "\n"));
                } else {
                    line.cut.push(inner);
                }
            }
            at = part.end.min(span.end);
            if part.end > span.end {
                break;
            }
            next += 1;
            if part.end == span.end {
                break;
            }
        }
        line.shown.push_str(&source[at..span.end]);
        let body = line.shown.trim_end_matches(['\r', '\n']);
        line.spaces = body.len() >= 2 && body.chars().all(char::is_whitespace);
        line.shown = body.trim_end().to_owned();
        lines.push(line);
    }
    lines
}

struct Parser<'a> {
    lines: &'a [Line<'a>],
    at: usize,
    elements: Vec<Element>,
    /// Whether the line before is empty, the start, or an element that always stands alone.
    after_break: bool,
}

impl Parser<'_> {
    fn push(&mut self, kind: Kind, count: usize) {
        let taken = &self.lines[self.at..self.at + count];
        let (Some(first), Some(last)) = (taken.first(), taken.last()) else { return };
        let notes = taken.iter().flat_map(|line| line.notes.iter().cloned()).collect();
        let line = u32::try_from(self.at + 1).unwrap_or(u32::MAX);
        self.elements.push(Element { kind, notes, line, span: first.span.start..last.span.end });
        self.at += count;
    }

    /// The next line on the page from `index` on, past those with only hidden things.
    fn visible(&self, index: usize) -> Option<&Line<'_>> {
        self.lines[index.min(self.lines.len())..].iter().find(|line| !line.transparent())
    }

    fn title_page(&mut self, source: &str) {
        let Some(first) = self.lines.first() else { return };
        let Some((key, value)) = title_key(&first.shown) else { return };
        let indented_next = self.lines.get(1).is_some_and(|line| is_indented(&line.shown));
        if scene_prefix(&first.shown).is_some() || (value.is_empty() && !indented_next) || (key == key.to_uppercase() && key.contains(' '))
        {
            return;
        }
        let mut entries: Vec<TitleEntry> = Vec::new();
        let mut count = 0;
        for line in self.lines {
            if line.blank() {
                break;
            }
            count += 1;
            match (title_key(&line.shown), entries.last_mut()) {
                (Some((key, value)), _) if !is_indented(&line.shown) => {
                    let values = if value.is_empty() { Vec::new() } else { vec![value.to_owned()] };
                    entries.push(TitleEntry { key: key.to_owned(), values });
                }
                (_, Some(entry)) if !line.shown.is_empty() => entry.values.push(line.shown.trim().to_owned()),
                _ => {}
            }
        }
        debug_assert!(count > 0 && source.len() >= self.lines[count - 1].span.end);
        self.push(Kind::TitlePage(entries), count);
        self.after_break = true;
    }

    fn element(&mut self) {
        let line = &self.lines[self.at];
        if line.blank() {
            let count = self.lines[self.at..].iter().take_while(|line| line.blank()).count();
            self.push(Kind::Blank { lines: u32::try_from(count).unwrap_or(u32::MAX) }, count);
            self.after_break = true;
            return;
        }
        if line.transparent() {
            return self.hidden_lines();
        }
        let text = line.shown.as_str();
        let after_break = std::mem::replace(&mut self.after_break, true);
        if let Some(kind) = standalone(text) {
            return self.push(kind, 1);
        }
        let before_blank = self.visible(self.at + 1).is_none_or(Line::blank);
        if after_break {
            if let Some(heading) = heading(text) {
                return self.push(Kind::Scene(heading), 1);
            }
            if before_blank && is_transition(text) && !text.trim_start().starts_with('!') {
                return self.push(Kind::Transition(text.trim().to_owned()), 1);
            }
            if !before_blank && let Some(cue) = cue(text) {
                self.push(Kind::Character(cue), 1);
                return self.speech();
            }
        }
        if let Some(sung) = text.trim_start().strip_prefix('~') {
            return self.push(Kind::Lyrics(sung.trim().to_owned()), 1);
        }
        self.action();
    }

    /// Lines with nothing but notes or boneyards.
    fn hidden_lines(&mut self) {
        let line = &self.lines[self.at];
        let boneyard = !line.cut.is_empty() && line.notes.is_empty();
        let text = line.cut.join("\n").replace("\r\n", "\n");
        // The lines that a long note or boneyard goes on over begin nothing of their own.
        let more =
            self.lines[self.at + 1..].iter().take_while(|line| line.transparent() && line.notes.is_empty() && line.cut.is_empty()).count();
        self.push(if boneyard { Kind::Boneyard(text) } else { Kind::Note }, 1 + more);
    }

    /// Parentheticals, lines and lyrics under a cue.
    fn speech(&mut self) {
        while let Some(line) = self.lines.get(self.at) {
            if line.transparent() {
                self.hidden_lines();
                continue;
            }
            if line.blank() && !line.spaces {
                break;
            }
            let text = line.shown.trim();
            if let Some(sung) = text.strip_prefix('~') {
                self.push(Kind::Lyrics(sung.trim().to_owned()), 1);
            } else if let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
                self.push(Kind::Parenthetical(inner.trim().to_owned()), 1);
            } else {
                let mut count = 0;
                let mut spoken: Vec<&str> = Vec::new();
                for line in &self.lines[self.at..] {
                    let text = line.shown.trim();
                    let other = text.starts_with('~') || (text.starts_with('(') && text.ends_with(')')) || (line.blank() && !line.spaces);
                    if other || line.transparent() {
                        break;
                    }
                    spoken.push(text);
                    count += 1;
                }
                // Two spaces at the end of a speech keep nothing open.
                self.push(Kind::Dialogue(spoken.join("\n").trim().to_owned()), count);
            }
        }
        self.after_break = true;
    }

    fn action(&mut self) {
        let mut text: Vec<String> = Vec::new();
        let mut count = 0;
        for line in &self.lines[self.at..] {
            let shown = line.shown.as_str();
            let ends =
                line.blank() || line.transparent() || (count > 0 && (standalone(shown).is_some() || shown.trim_start().starts_with('~')));
            if ends {
                break;
            }
            let body =
                if count == 0 { shown.trim_start().strip_prefix('!').unwrap_or(shown) } else { shown.strip_prefix('!').unwrap_or(shown) };
            text.push(body.replace('\t', "    "));
            count += 1;
        }
        self.after_break = false;
        self.push(Kind::Action(text.join("\n")), count.max(1));
    }
}

/// Elements that their first sign or their shape tells, whatever is around.
pub(super) fn standalone(text: &str) -> Option<Kind> {
    let trimmed = text.trim();
    if trimmed.len() >= 3 && trimmed.bytes().all(|byte| byte == b'=') {
        return Some(Kind::PageBreak);
    }
    if let Some(synopsis) = trimmed.strip_prefix('=') {
        return Some(Kind::Synopsis(synopsis.trim().to_owned()));
    }
    if trimmed.starts_with('#') {
        let level = trimmed.bytes().take_while(|byte| *byte == b'#').count();
        let text = trimmed[level..].trim().to_owned();
        return Some(Kind::Section { level: u8::try_from(level).unwrap_or(u8::MAX), text });
    }
    if let Some(rest) = trimmed.strip_prefix('>') {
        return Some(match rest.strip_suffix('<') {
            Some(centred) => Kind::Centred(centred.trim().to_owned()),
            None => Kind::Transition(rest.trim().to_owned()),
        });
    }
    if let Some(rest) = trimmed.strip_prefix('.')
        && rest.starts_with(char::is_alphanumeric)
    {
        return Some(Kind::Scene(numbered(rest)));
    }
    None
}

pub(super) fn title_key(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let fits = !key.is_empty() && key.starts_with(char::is_alphabetic) && key.chars().count() <= 40;
    fits.then(|| (key.trim(), value.trim()))
}

fn is_indented(line: &str) -> bool {
    line.starts_with('\t') || line.starts_with("   ")
}

/// The length of `INT.`, `EXT`, `I/E`… with the space behind it at the start of a heading.
pub(super) fn scene_prefix(text: &str) -> Option<usize> {
    // Longest first, so that `INT./EXT.` is not read as `INT.`.
    const PREFIXES: [&str; 9] = ["INT./EXT", "EXT./INT", "INT/EXT", "EXT/INT", "I./E", "I/E", "INT", "EXT", "EST"];
    let prefix = PREFIXES.iter().find(|prefix| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))?;
    let rest = &text[prefix.len()..];
    // Some write `INT:`.
    let signs = rest.strip_prefix(['.', ':']).unwrap_or(rest);
    let spaces = signs.len() - signs.trim_start().len();
    let dot = rest.len() - signs.len();
    (dot + spaces > 0 || rest.is_empty()).then_some(prefix.len() + dot + spaces)
}

fn heading(text: &str) -> Option<Heading> {
    let text = text.trim();
    scene_prefix(text)?;
    Some(numbered(text))
}

fn numbered(text: &str) -> Heading {
    let text = text.trim();
    if let Some((before, number)) = text.strip_suffix('#').and_then(|rest| rest.rsplit_once('#'))
        && !number.is_empty()
        && number.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '-' | '.' | ')' | '('))
    {
        return Heading { text: before.trim_end().to_owned(), number: Some(number.to_owned()) };
    }
    Heading { text: text.to_owned(), number: None }
}

fn is_upper(text: &str) -> bool {
    text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)
}

pub(super) fn is_transition(text: &str) -> bool {
    let text = text.trim();
    is_upper(text) && text.ends_with("TO:")
}

pub(super) fn cue(text: &str) -> Option<Cue> {
    let text = text.trim();
    let (text, forced) = text.strip_prefix('@').map_or((text, false), |rest| (rest.trim_start(), true));
    let (text, dual) = text.strip_suffix('^').map_or((text, false), |rest| (rest.trim_end(), true));
    let (name, extension) = match text.find('(') {
        Some(open) if text.ends_with(')') => (text[..open].trim_end(), Some(text[open + 1..text.len() - 1].trim().replace(") (", ", "))),
        _ => (text, None),
    };
    let fits = if forced { !name.is_empty() } else { is_upper(name) && !name.starts_with(['!', '~', '(']) };
    fits.then(|| Cue { name: name.to_owned(), extension: extension.filter(|text| !text.is_empty()), dual })
}
