//! From a page of lines to the fields of a title page.

use super::paragraph::Paragraph;
use super::text;
use crate::fountain::TitleEntry;

/// What a line of the page is, told by its words and by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Credit,
    Author,
    Source,
    DraftDate,
    Copyright,
    Contact,
    Notes,
}

impl Field {
    const fn key(self) -> &'static str {
        match self {
            Self::Title => "Title",
            Self::Credit => "Credit",
            Self::Author => "Author",
            Self::Source => "Source",
            Self::DraftDate => "Draft date",
            Self::Copyright => "Copyright",
            Self::Contact => "Contact",
            Self::Notes => "Notes",
        }
    }
}

/// The fields of a title page. Final Draft knows only lines: the first are the title, those after `written by` the
/// authors, those at the side where to reach them. What cannot be told is kept as a note of the page.
pub(super) fn entries(page: &[Paragraph]) -> Vec<TitleEntry> {
    let mut entries: Vec<(Field, Vec<String>)> = Vec::new();
    let mut before = None;
    for paragraph in page {
        let whole = paragraph.text();
        if whole.trim().is_empty() {
            // An empty line ends everything but a title, which may go on after one, and a credit, whose names may.
            before = before.map(|field| if matches!(field, Field::Title | Field::Credit) { field } else { Field::Notes });
            continue;
        }
        for line in whole.lines().map(str::trim).filter(|line| !line.is_empty()) {
            for (field, value) in told(line, before, paragraph.aside) {
                let value = text::shown(value);
                match entries.last_mut() {
                    Some((last, values)) if *last == field => values.push(value),
                    _ => match entries.iter_mut().find(|(known, _)| *known == field && !matches!(field, Field::Credit | Field::Author)) {
                        Some((_, values)) => values.push(value),
                        None => entries.push((field, vec![value])),
                    },
                }
                before = Some(field);
            }
        }
    }
    entries.into_iter().map(|(field, values)| TitleEntry { key: field.key().to_owned(), values }).collect()
}

fn told(line: &str, before: Option<Field>, aside: bool) -> Vec<(Field, &str)> {
    let lower = line.to_lowercase();
    if lower == "by" || lower.ends_with(" by") || lower.ends_with(" by:") {
        return vec![(Field::Credit, line)];
    }
    // Positions are those of `lower`: only where it is as long as the line do they fit.
    let works = ["written", "screenplay", "teleplay", "story", "created", "script"];
    if lower.len() == line.len()
        && let Some(at) = lower.find(" by ")
        && works.iter().any(|work| lower[..at].contains(work))
        && let (Some(credit), Some(author)) = (line.get(..at + 3), line.get(at + 4..))
    {
        return vec![(Field::Credit, credit), (Field::Author, author.trim())];
    }
    if ["based on", "adapted from", "from the novel", "from the book"].iter().any(|start| lower.starts_with(start)) {
        return vec![(Field::Source, line)];
    }
    if lower.starts_with('©') || lower.starts_with("copyright") || lower.starts_with("(c)") {
        return vec![(Field::Copyright, line)];
    }
    if matches!(before, Some(Field::Credit | Field::Author)) && !aside {
        return vec![(Field::Author, line)];
    }
    if is_date(&lower) {
        return vec![(Field::DraftDate, line)];
    }
    let field = match before {
        None if !aside => Field::Title,
        Some(Field::Title) if !aside => Field::Title,
        _ if aside => Field::Contact,
        _ => Field::Notes,
    };
    // A second title would be read as the first: what comes later in the middle of the page is a note.
    vec![(field, line)]
}

fn is_date(lower: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["january", "february", "march", "april", "may ", "june", "july", "august", "september", "october", "november", "december"];
    let digits = lower.chars().filter(char::is_ascii_digit).count();
    lower.contains("draft")
        || (digits >= 3 && (MONTHS.iter().any(|month| lower.contains(month)) || lower.contains("revis")))
        || (digits >= 4 && lower.chars().all(|sign| sign.is_ascii_digit() || matches!(sign, '/' | '-' | '.' | ' ')))
}
