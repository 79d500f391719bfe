//! Screenplays in Fountain 1.1 (<https://fountain.io/syntax>).
//!
//! Every text is a screenplay: what is not recognised is action, so parsing never fails. Each element
//! knows its bytes in the source, and the elements' spans, one after the other, are the source.
//!
//! ```
//! use bible::fountain::{Kind, Script};
//!
//! let script = Script::parse("EXT. LANTERN ROAD - NIGHT\n\nMEI\n(softly)\nThey're early this year.\n");
//! assert!(matches!(&script.elements[0].kind, Kind::Scene(heading) if heading.text == "EXT. LANTERN ROAD - NIGHT"));
//! assert_eq!(script.scenes().len(), 1);
//! ```

mod emphasis;
mod hidden;
mod parser;
mod write;

use std::ops::Range;

use serde::Serialize;

pub use emphasis::{Run, plain, runs};

/// A screenplay.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Script {
    /// Everything in order.
    pub elements: Vec<Element>,
}

/// One element and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Element {
    /// What it is.
    pub kind: Kind,
    /// Notes (`[[…]]`) written inside of it, taken out of its text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Its first line in the source, from 1.
    pub line: u32,
    /// Its bytes in the source, line ends included.
    #[serde(skip)]
    pub span: Range<usize>,
}

/// What an element is. Texts keep their emphasis marks; see [`plain`] and [`runs`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The title page.
    TitlePage(Vec<TitleEntry>),
    /// Empty lines.
    Blank {
        /// How many.
        lines: u32,
    },
    /// A scene heading.
    Scene(Heading),
    /// What is seen.
    Action(String),
    /// Who speaks next.
    Character(Cue),
    /// How it is said, without the brackets.
    Parenthetical(String),
    /// What is said. Lines are kept.
    Dialogue(String),
    /// What is sung, without the `~`.
    Lyrics(String),
    /// How a scene ends, without the `>`.
    Transition(String),
    /// Text in the middle of the page.
    Centred(String),
    /// A page break (`===`).
    PageBreak,
    /// A section of the outline.
    Section {
        /// How deep, from 1.
        level: u8,
        /// Its name.
        text: String,
    },
    /// What a scene or section is about.
    Synopsis(String),
    /// Notes on lines of their own; their texts are in [`Element::notes`].
    Note,
    /// Text that was cut (`/* … */`) on lines of its own, without the marks.
    Boneyard(String),
}

/// A field of the title page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TitleEntry {
    /// `Title`, `Credit`, `Author`, `Draft date`…
    pub key: String,
    /// Its lines.
    pub values: Vec<String>,
}

/// A scene heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heading {
    /// As written, without a leading `.` and the scene number.
    pub text: String,
    /// The scene number between `#` signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

impl Heading {
    /// The heading without `INT.` and the like, in its parts between dashes: place, part of the place,
    /// time of day.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        let text = parser::scene_prefix(&self.text).map_or(self.text.as_str(), |prefix| &self.text[prefix..]);
        let mut parts = Vec::new();
        let mut start = 0;
        for (at, sign) in text.char_indices() {
            let spaced = || text[..at].ends_with(' ') && text[at + sign.len_utf8()..].starts_with(' ');
            if matches!(sign, '–' | '—') || (sign == '-' && spaced()) {
                parts.push(text[start..at].trim());
                start = at + sign.len_utf8();
            }
        }
        parts.push(text[start..].trim());
        parts.retain(|part| !part.is_empty());
        parts
    }
}

/// A character cue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cue {
    /// The name as written, without `@`, extension and `^`.
    pub name: String,
    /// What stands in brackets behind it: `V.O.`, `O.S.`, `CONT'D`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// Said at the same time as the speech before (`^`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dual: bool,
}

impl Cue {
    /// The cue that a text is when it is known to be one, in capitals or not; none when it names nobody.
    #[must_use]
    pub fn forced(text: &str) -> Option<Self> {
        parser::cue(&format!("@{}", text.trim().trim_start_matches('@')))
    }

    /// Whether the extension says that the speaker is not in the picture (O.S., O.C., V.O., on the radio…).
    #[must_use]
    pub fn off_screen(&self) -> bool {
        let Some(extension) = &self.extension else { return false };
        let letters: String = extension.to_uppercase().chars().filter(|sign| sign.is_alphanumeric() || *sign == ' ').collect();
        letters
            .split(' ')
            .any(|word| matches!(word, "VO" | "OS" | "OC" | "OFF" | "OFFSCREEN" | "VOICEOVER" | "RADIO" | "PHONE" | "FILTERED"))
    }
}

impl Script {
    /// Parses any text.
    #[must_use]
    pub fn parse(source: &str) -> Self {
        parser::parse(source)
    }

    /// The lines of a field of the title page, joined; `key` in any case.
    #[must_use]
    pub fn title_field(&self, key: &str) -> Option<String> {
        self.elements.iter().find_map(|element| match &element.kind {
            Kind::TitlePage(entries) => {
                let entry = entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(key))?;
                Some(entry.values.join("\n"))
            }
            _ => None,
        })
    }

    /// The scenes: each heading with what follows it. What stands before the first heading is not in any.
    #[must_use]
    pub fn scenes(&self) -> Vec<SceneElements<'_>> {
        let mut scenes: Vec<SceneElements<'_>> = Vec::new();
        for (index, element) in self.elements.iter().enumerate() {
            if let Kind::Scene(heading) = &element.kind {
                scenes.push(SceneElements { heading, line: element.line, elements: &self.elements[index + 1..index + 1] });
            } else if let Some(scene) = scenes.last_mut() {
                let first = index - scene.elements.len();
                scene.elements = &self.elements[first..=index];
            }
        }
        scenes
    }

    /// The screenplay as Fountain.
    #[must_use]
    pub fn to_fountain(&self) -> String {
        write::write(self)
    }
}

/// A scene of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SceneElements<'a> {
    /// Its heading.
    pub heading: &'a Heading,
    /// The heading's line, from 1.
    pub line: u32,
    /// What follows until the next heading.
    pub elements: &'a [Element],
}

#[cfg(test)]
mod tests;
