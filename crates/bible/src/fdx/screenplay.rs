//! From paragraphs to the elements of a screenplay.

use std::collections::BTreeSet;

use super::paragraph::Paragraph;
use super::{Remark, text, title_page};
use crate::fountain::{Cue, Element, Heading, Kind, Script};

/// A screenplay of the paragraphs of the title page and of the script.
pub(super) fn of(title: &[Paragraph], body: &[Paragraph], remarks: &mut Vec<Remark>) -> Script {
    let mut builder = Builder { elements: Vec::new(), remarks, unknown: BTreeSet::new() };
    let entries = title_page::entries(title);
    if !entries.is_empty() {
        let notes: Vec<String> = title.iter().flat_map(|paragraph| &paragraph.notes).map(|note| text::note(note)).collect();
        builder.element(Kind::TitlePage(entries), &[], 1);
        for note in notes {
            builder.aside(Kind::Note, vec![note], 1);
        }
    }
    builder.paragraphs(body);
    Script { elements: builder.elements }
}

struct Builder<'a> {
    elements: Vec<Element>,
    remarks: &'a mut Vec<Remark>,
    /// Types that a remark was made on.
    unknown: BTreeSet<String>,
}

/// What a paragraph is to the screenplay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Scene,
    Action,
    Character,
    Parenthetical,
    Dialogue,
    Lyrics,
    Transition,
    Centred,
    Section,
    Synopsis,
    CastList,
    Unknown,
}

impl Paragraph {
    fn role(&self) -> Role {
        match self.kind.as_str() {
            "Scene Heading" => Role::Scene,
            "Action" | "General" | "Shot" | "" if self.centred => Role::Centred,
            // A shot is a line of action that names a framing; Fountain has no element of its own for it.
            "Action" | "General" | "Shot" | "" => Role::Action,
            "Character" => Role::Character,
            "Parenthetical" => Role::Parenthetical,
            "Dialogue" | "Dialog" => Role::Dialogue,
            "Lyrics" | "Singing" | "Song" => Role::Lyrics,
            "Transition" => Role::Transition,
            "End of Act" | "Show/Ep. Title" => Role::Centred,
            "New Act" | "Cold Opening" | "Outline 1" | "Outline Header" => Role::Section,
            "Outline Body" => Role::Synopsis,
            "Cast List" => Role::CastList,
            _ => Role::Unknown,
        }
    }

    fn is_empty(&self) -> bool {
        self.runs.iter().all(|run| run.text.trim().is_empty())
    }

    /// Its text in one line.
    fn line_of_text(&self) -> String {
        text::shown(&self.text().split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl Builder<'_> {
    fn paragraphs(&mut self, paragraphs: &[Paragraph]) {
        let mut speaking = false;
        for (index, paragraph) in paragraphs.iter().enumerate() {
            if !paragraph.omitted.is_empty() {
                self.omitted(paragraph);
                speaking = false;
                continue;
            }
            let speech_follows = || {
                let next = paragraphs[index + 1..].iter().find(|next| !next.is_empty() || !next.dual.is_empty());
                next.is_some_and(|next| next.dual.is_empty() && matches!(next.role(), Role::Parenthetical | Role::Dialogue | Role::Lyrics))
            };
            speaking = self.paragraph(paragraph, speaking, speech_follows);
            if !paragraph.dual.is_empty() {
                self.dual(&paragraph.dual);
                speaking = false;
            }
        }
    }

    /// Adds a paragraph; says whether somebody speaks after it.
    fn paragraph(&mut self, paragraph: &Paragraph, speaking: bool, speech_follows: impl Fn() -> bool) -> bool {
        let (line, notes) = (paragraph.line, paragraph.notes.as_slice());
        if paragraph.is_empty() {
            for note in notes {
                match self.elements.last_mut().filter(|last| speaking && !matches!(last.kind, Kind::Blank { .. })) {
                    // Nothing may come between a cue and its speech.
                    Some(last) => last.notes.push(text::note_beside(note)),
                    None => self.aside(Kind::Note, vec![text::note(note)], line),
                }
            }
            return speaking;
        }
        if paragraph.new_page && !self.elements.is_empty() && !speaking {
            self.element(Kind::PageBreak, &[], line);
        }
        match paragraph.role() {
            Role::Scene => {
                let heading = Heading { text: paragraph.line_of_text(), number: paragraph.number.as_deref().and_then(scene_number) };
                self.element(Kind::Scene(heading), notes, line);
                for synopsis in &paragraph.synopses {
                    self.element(Kind::Synopsis(text::shown(synopsis)), &[], line);
                }
            }
            Role::Character if speech_follows() => {
                match Cue::forced(&paragraph.line_of_text()) {
                    Some(cue) => self.element(Kind::Character(cue), notes, line),
                    None => self.action(paragraph),
                }
                return true;
            }
            Role::Parenthetical if speaking => {
                let whole = paragraph.line_of_text();
                let inner = whole.strip_prefix('(').unwrap_or(&whole);
                let inner = inner.strip_suffix(')').unwrap_or(inner).trim().to_owned();
                self.element(Kind::Parenthetical(inner), notes, line);
                return true;
            }
            Role::Dialogue if speaking => {
                let spoken = self.marked(paragraph);
                let spoken: Vec<&str> = spoken.trim().split('\n').map(str::trim).collect();
                self.element(Kind::Dialogue(spoken.join("\n")), notes, line);
                return true;
            }
            Role::Lyrics => {
                if !speaking {
                    self.apart(line);
                }
                let sung = self.marked(paragraph);
                for (index, sung) in sung.lines().map(str::trim).filter(|sung| !sung.is_empty()).enumerate() {
                    self.element(Kind::Lyrics(sung.to_owned()), if index == 0 { notes } else { &[] }, line);
                }
                return speaking;
            }
            Role::Action | Role::Character | Role::Parenthetical | Role::Dialogue => self.action(paragraph),
            Role::Transition => self.element(Kind::Transition(paragraph.line_of_text()), notes, line),
            Role::Centred => {
                let shown = self.marked(paragraph);
                for (index, shown) in shown.lines().map(str::trim).filter(|shown| !shown.is_empty()).enumerate() {
                    self.element(Kind::Centred(shown.to_owned()), if index == 0 { notes } else { &[] }, line);
                }
            }
            Role::Section => self.element(Kind::Section { level: 1, text: paragraph.line_of_text() }, notes, line),
            Role::Synopsis => self.element(Kind::Synopsis(paragraph.line_of_text()), notes, line),
            Role::CastList => self.note_of("Cast", paragraph),
            Role::Unknown => {
                if self.unknown.insert(paragraph.kind.clone()) {
                    let text = format!("paragraphs of the type {:?} are kept as notes", paragraph.kind);
                    self.remarks.push(Remark { line, text });
                }
                self.note_of(&paragraph.kind, paragraph);
            }
        }
        false
    }

    fn action(&mut self, paragraph: &Paragraph) {
        let shown = self.marked(paragraph);
        let mut notes = paragraph.notes.as_slice();
        // An empty line parts two actions.
        for block in shown.split("\n\n").map(|block| block.trim_end().trim_matches('\n')).filter(|block| !block.trim().is_empty()) {
            let lines: Vec<&str> = block.split('\n').map(str::trim_end).filter(|line| !line.is_empty()).collect();
            self.element(Kind::Action(lines.join("\n")), notes, paragraph.line);
            notes = &[];
        }
    }

    /// Text with marks for its styles, or without where marks cannot say them.
    fn marked(&mut self, paragraph: &Paragraph) -> String {
        text::marked(&paragraph.runs).unwrap_or_else(|| {
            let text = "the styles of this paragraph change in the middle of a word; its text is kept without them".to_owned();
            self.remarks.push(Remark { line: paragraph.line, text });
            text::unmarked(&paragraph.runs)
        })
    }

    /// Speeches at the same time: every speaker but the first is marked.
    fn dual(&mut self, paragraphs: &[Paragraph]) {
        let start = self.elements.len();
        self.paragraphs(paragraphs);
        let mut first = true;
        for element in &mut self.elements[start..] {
            if let Kind::Character(cue) = &mut element.kind {
                cue.dual = !std::mem::take(&mut first);
            }
        }
    }

    /// A scene that was cut stays in the text, and out of the show.
    fn omitted(&mut self, paragraph: &Paragraph) {
        let mut cut = Builder { elements: Vec::new(), remarks: self.remarks, unknown: std::mem::take(&mut self.unknown) };
        cut.paragraphs(&paragraph.omitted);
        let (elements, unknown) = (cut.elements, cut.unknown);
        self.unknown = unknown;
        let text = Script { elements }.to_fountain().replace("*/", "*\\/").replace("/*", "/ *");
        let number = paragraph.number.as_deref().map(|number| format!(" {number}")).unwrap_or_default();
        let mut notes = vec![text::note(&format!("Scene{number} is omitted"))];
        notes.extend(paragraph.notes.iter().map(|note| text::note(note)));
        for note in notes {
            self.aside(Kind::Note, vec![note], paragraph.line);
        }
        self.aside(Kind::Boneyard(format!("\n{text}")), Vec::new(), paragraph.line);
    }

    fn note_of(&mut self, what: &str, paragraph: &Paragraph) {
        self.aside(Kind::Note, vec![text::note(&format!("{what}: {}", paragraph.text()))], paragraph.line);
        for note in &paragraph.notes {
            self.aside(Kind::Note, vec![text::note(note)], paragraph.line);
        }
    }

    fn element(&mut self, kind: Kind, notes: &[String], line: u32) {
        let notes = notes.iter().map(|note| text::note_beside(note)).collect();
        self.elements.push(Element { kind, notes, line, span: 0..0 });
    }

    /// Adds what is not on the page, with empty lines around it: it would go on with a speech otherwise.
    fn aside(&mut self, kind: Kind, notes: Vec<String>, line: u32) {
        self.apart(line);
        self.elements.push(Element { kind, notes, line, span: 0..0 });
        self.apart(line);
    }

    /// Ends what was before with an empty line.
    fn apart(&mut self, line: u32) {
        if self.elements.last().is_some_and(|last| !matches!(last.kind, Kind::Blank { .. })) {
            self.elements.push(Element { kind: Kind::Blank { lines: 1 }, notes: Vec::new(), line, span: 0..0 });
        }
    }
}

/// A scene number as Fountain takes it.
fn scene_number(text: &str) -> Option<String> {
    let number: String = text.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, '-' | '.' | '(' | ')')).collect();
    (!number.is_empty()).then_some(number)
}
