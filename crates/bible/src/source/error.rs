//! What is wrong with a source file, and what would be right.

use std::fmt;

use serde::Serialize;

use super::SourceTree;
use super::yaml::Step;

/// Whether something must be mended before the project can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It must.
    Error,
    /// It works, but is likely not meant.
    Warning,
}

/// A place in a text: lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Position {
    /// Line, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// Column in characters, from 1; 0 when the whole line is meant.
    pub column: u32,
}

impl Position {
    /// The whole file.
    pub const FILE: Self = Self { line: 0, column: 0 };

    /// A place.
    #[must_use]
    pub const fn new(line: u32, column: u32) -> Self {
        Self { line, column }
    }
}

/// One thing that is wrong in one file.
///
/// Displays as compilers do: `bible/characters/mei.yaml:14:9: "#12345" is no colour: write …`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SourceError {
    /// Path inside the project, with forward slashes.
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// Column in characters, from 1; 0 when the whole line is meant.
    pub column: u32,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong.
    pub problem: String,
    /// What would be right; may be empty when the problem says it.
    pub fix: String,
    /// Where inside a structured file, as a JSON pointer (RFC 6901); none where only the place in the text is known.
    #[serde(skip)]
    pub pointer: Option<String>,
}

impl SourceError {
    /// An error at a place of a file.
    #[must_use]
    pub fn new(file: &str, at: Position, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: at.line,
            column: at.column,
            severity: Severity::Error,
            problem: problem.into(),
            fix: fix.into(),
            pointer: None,
        }
    }

    /// The same with the path of its value in the file.
    #[must_use]
    pub fn at_path(self, path: &[Step]) -> Self {
        Self { pointer: Some(pointer(path)), ..self }
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The message, then the line of the source with a caret under the place.
    #[must_use]
    pub fn quoted(&self, tree: &SourceTree) -> String {
        let mut text = self.to_string();
        let Some(line) = self.line.checked_sub(1).and_then(|index| tree.get(&self.file)?.lines().nth(index as usize)) else {
            return text;
        };
        // A long line is cut around the place, so that the caret stays on the screen.
        const WIDTH: usize = 100;
        let column = (self.column.max(1) - 1) as usize;
        let first = column.saturating_sub(WIDTH * 3 / 4);
        let shown: String = line.chars().skip(first).take(WIDTH).map(|sign| if sign == '\t' { ' ' } else { sign }).collect();
        let gutter = self.line.to_string();
        let blank = " ".repeat(gutter.len());
        text.push_str(&format!("\n {blank} |\n {gutter} | {}", shown.trim_end()));
        if self.column > 0 {
            // Full-width characters take two cells on a screen.
            let indent: usize = shown.chars().take(column - first).map(cells).sum();
            text.push_str(&format!("\n {blank} | {}^", " ".repeat(indent)));
        }
        text
    }
}

/// Cells that a character takes on a terminal: 2 for East Asian wide ones.
fn cells(sign: char) -> usize {
    match sign as u32 {
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        if self.severity == Severity::Warning {
            f.write_str(": warning")?;
        }
        write!(f, ": {}", self.problem)?;
        if !self.fix.is_empty() {
            write!(f, ": {}", self.fix)?;
        }
        Ok(())
    }
}

impl std::error::Error for SourceError {}

/// A path as a JSON pointer (RFC 6901): empty for the whole, `/visual_traits/marks/0`.
#[must_use]
pub fn pointer(path: &[Step]) -> String {
    path.iter().fold(String::new(), |mut pointer, step| {
        pointer.push('/');
        match step {
            Step::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => pointer.push_str(&index.to_string()),
        }
        pointer
    })
}

/// Everything that is wrong with a project: one error or more, perhaps with warnings between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceErrors(pub Vec<SourceError>);

impl SourceErrors {
    /// How many must be mended.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.0.iter().filter(|problem| problem.severity == Severity::Error).count()
    }
}

impl fmt::Display for SourceErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "{problem}")?;
        }
        match self.errors() {
            1 => f.write_str("1 error"),
            count => write!(f, "{count} errors"),
        }
    }
}

impl std::error::Error for SourceErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_like_a_compilers_and_shows_the_line() {
        let tree = SourceTree::from([("bible/props/a.yaml", "name: 提灯\ncolours: { main: \"#12345\" }\n")]);
        let error = SourceError::new("bible/props/a.yaml", Position::new(2, 18), "\"#12345\" is no colour", "write six hex digits");
        assert_eq!(error.to_string(), "bible/props/a.yaml:2:18: \"#12345\" is no colour: write six hex digits");
        insta::assert_snapshot!(error.quoted(&tree), @r##"
        bible/props/a.yaml:2:18: "#12345" is no colour: write six hex digits
           |
         2 | colours: { main: "#12345" }
           |                  ^
        "##);
        assert_eq!(pointer(&["colours".into(), 2.into(), "a/b~c".into()]), "/colours/2/a~1b~0c");
        let name = SourceError { line: 1, column: 7, ..error };
        assert!(name.quoted(&tree).ends_with("|       ^"), "{}", name.quoted(&tree));
    }

    #[test]
    fn the_caret_stands_under_the_second_of_two_wide_characters() {
        let tree = SourceTree::from([("a.yaml", "提灯")]);
        let error = SourceError::new("a.yaml", Position::new(1, 2), "p", "").warning();
        assert_eq!(error.quoted(&tree), "a.yaml:1:2: warning: p\n   |\n 1 | 提灯\n   |   ^");
    }
}
