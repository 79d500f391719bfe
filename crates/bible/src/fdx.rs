//! Final Draft scripts (`.fdx`), read into the same screenplay as Fountain.
//!
//! A Final Draft file is XML: paragraphs with a type, and in them stretches of text with a style. What the screenplay
//! has no place for becomes a note beside where it stood, so nothing that a writer typed is lost without a word;
//! what was understood only in part is listed in [`FinalDraft::remarks`].
//!
//! ```
//! let file = br#"<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
//! <FinalDraft DocumentType="Script" Template="No" Version="5"><Content>
//!   <Paragraph Number="1" Type="Scene Heading"><Text>EXT. LANTERN ROAD - NIGHT</Text></Paragraph>
//!   <Paragraph Type="Action"><Text>Rain. A </Text><Text Style="Bold">hundred</Text><Text> lanterns.</Text></Paragraph>
//! </Content></FinalDraft>"#;
//! let script = bible::fdx::read(file).unwrap().script;
//! assert_eq!(script.to_fountain(), "EXT. LANTERN ROAD - NIGHT #1#\n\nRain. A **hundred** lanterns.\n");
//! ```

mod paragraph;
mod screenplay;
mod text;
mod title_page;

use serde::Serialize;

use crate::fountain::{Kind, Script};

/// Bytes that a file may have. A feature film has one to three million; pictures and revisions add to it.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Elements, attributes' values and texts of the XML.
const MAX_NODES: u32 = 2_000_000;

/// A script that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalDraft {
    /// The screenplay; lines are those of the file.
    pub script: Script,
    /// What was understood only in part.
    pub remarks: Vec<Remark>,
}

/// Something that was understood only in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The line of the file, from 1.
    pub line: u32,
    /// What became of what.
    pub text: String,
}

/// Why a file is no Final Draft script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FdxError {
    /// It is too large.
    #[error("the file has {bytes} bytes; {MAX_BYTES} is the most that is read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It is no UTF-8.
    #[error("the file is not UTF-8 text: byte {at} is not; save it again from Final Draft 8 or later")]
    NotText {
        /// Where it stops being UTF-8.
        at: usize,
    },
    /// It is no XML.
    #[error("line {line}, column {column}: this is no XML that is read here ({reason})")]
    Xml {
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
        /// What is wrong.
        reason: String,
    },
    /// It is XML of something else.
    #[error("this is no Final Draft script: its root is <{root}> and not <FinalDraft>")]
    NotFinalDraft {
        /// What the XML is.
        root: String,
    },
    /// There is no script in it.
    #[error("there is no script in this file: its <FinalDraft> has no <Content>")]
    NoScript,
}

/// Reads a Final Draft script.
///
/// # Errors
/// [`FdxError`]. Document types are refused, and with them every entity of a file's own: Final Draft writes none, and
/// they are how a small file becomes a large one.
pub fn read(file: &[u8]) -> Result<FinalDraft, FdxError> {
    if file.len() > MAX_BYTES {
        return Err(FdxError::TooLarge { bytes: file.len() });
    }
    let text = std::str::from_utf8(file).map_err(|error| FdxError::NotText { at: error.valid_up_to() })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options).map_err(|error| {
        let at = error.pos();
        FdxError::Xml { line: at.row, column: at.col, reason: error.to_string() }
    })?;
    let root = document.root_element();
    if root.tag_name().name() != "FinalDraft" {
        return Err(FdxError::NotFinalDraft { root: root.tag_name().name().to_owned() });
    }
    let mut remarks = Vec::new();
    let source = paragraph::Source::new(text);
    let content = paragraph::child(root, "Content").ok_or(FdxError::NoScript)?;
    let mut body = source.paragraphs(content, 0, &mut remarks);
    if let Some(notes) = paragraph::child(root, "ScriptNotes") {
        source.place_notes(notes, &mut body, &mut remarks);
    }
    let title = paragraph::child(root, "TitlePage").and_then(|page| paragraph::child(page, "Content"));
    let title = title.map(|content| source.paragraphs(content, 0, &mut remarks)).unwrap_or_default();
    let script = screenplay::of(&title, &body, &mut remarks);
    read_back(&script, &mut remarks);
    remarks.sort_by_key(|remark| remark.line);
    Ok(FinalDraft { script, remarks })
}

/// Says where the Fountain of a script would be read as something else.
fn read_back(script: &Script, remarks: &mut Vec<Remark>) {
    let shown = |script: &Script| -> Vec<(Kind, Vec<String>, u32)> {
        let elements = script.elements.iter().filter(|element| !matches!(element.kind, Kind::Blank { .. }));
        elements.map(|element| (element.kind.clone(), element.notes.clone(), element.line)).collect()
    };
    let (meant, read) = (shown(script), shown(&Script::parse(&script.to_fountain())));
    let differs = meant.iter().zip(&read).find(|(meant, read)| (&meant.0, &meant.1) != (&read.0, &read.1)).map(|(meant, _)| meant.2);
    let shorter = (meant.len() != read.len()).then(|| meant.last().map_or(1, |last| last.2));
    if let Some(line) = differs.or(shorter) {
        let text = "from here on, something is read otherwise from Fountain than Final Draft means it; look through it".to_owned();
        remarks.push(Remark { line, text });
    }
}

#[cfg(test)]
mod tests;
