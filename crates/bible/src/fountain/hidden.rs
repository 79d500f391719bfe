//! Notes and boneyards: parts of the text that are not on the page.

use std::ops::Range;

/// Text that is not on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hidden {
    /// Its bytes, marks included.
    pub(super) span: Range<usize>,
    /// A note, or else a boneyard.
    pub(super) note: bool,
}

/// Finds notes (`[[ ]]`) and boneyards (`/* */`), in order. What is never closed stays on the page, and
/// so does a note with an empty line inside (two spaces keep such a line in the note).
pub(super) fn find(source: &str) -> Vec<Hidden> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    // Where a search for the end has failed, a later one fails too.
    let (mut no_note_end, mut no_boneyard_end) = (false, false);
    while at + 1 < bytes.len() {
        let end = match (bytes[at], bytes[at + 1]) {
            (b'\\', _) => {
                at += 2;
                continue;
            }
            (b'[', b'[') if !no_note_end => {
                let end = source[at + 2..].find("]]").map(|end| at + 2 + end + 2);
                no_note_end = end.is_none();
                end.filter(|end| !has_empty_line(&source[at..*end])).map(|end| (end, true))
            }
            (b'/', b'*') if !no_boneyard_end => {
                let end = source[at + 2..].find("*/").map(|end| at + 2 + end + 2);
                no_boneyard_end = end.is_none();
                end.map(|end| (end, false))
            }
            _ => None,
        };
        match end {
            Some((end, note)) => {
                found.push(Hidden { span: at..end, note });
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

fn has_empty_line(text: &str) -> bool {
    let mut lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
    lines.next();
    lines.any(str::is_empty)
}
