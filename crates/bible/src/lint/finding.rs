//! What the lint reports.

use std::fmt;

use serde::Serialize;

use super::Rule;
use crate::StoryTime;
use crate::source::Position;

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It cannot be meant.
    Error,
    /// It is likely not meant.
    Warning,
    /// It is good to know.
    Note,
}

impl Level {
    /// The word for it, as SARIF and compilers write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A place that a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Path inside the project, with forward slashes.
    pub document: String,
    /// The field, dotted; empty in a script.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// Line, from 1; 0 when it is not known.
    pub line: u32,
    /// Column in characters, from 1; 0 when the whole line is meant.
    pub column: u32,
    /// What stands there.
    pub quote: String,
    /// The point of the story, when the place has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<StoryTime>,
}

impl Evidence {
    pub(super) fn placed(self, position: Position) -> Self {
        Self { line: position.line, column: position.column, ..self }
    }

    pub(super) fn when(self, at: StoryTime) -> Self {
        Self { at: Some(at), ..self }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.document)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        } else if !self.field.is_empty() {
            write!(f, " ({})", self.field)?;
        }
        Ok(())
    }
}

/// One contradiction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How serious it is.
    pub level: Level,
    /// What does not fit.
    pub message: String,
    /// The places, the one to mend first.
    pub evidence: Vec<Evidence>,
    /// What would be right.
    pub fix: String,
}

impl Finding {
    pub(super) fn new(rule: &'static Rule, message: impl Into<String>, evidence: Vec<Evidence>, fix: impl Into<String>) -> Self {
        Self { rule, level: rule.level, message: message.into(), evidence, fix: fix.into() }
    }
}

/// As compilers write it, with every place and its words below.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.evidence.first() {
            write!(f, "{first}: ")?;
        }
        write!(f, "{} {}-{}: {}", self.level.word(), self.rule.id, self.rule.name, self.message)?;
        for place in &self.evidence {
            write!(f, "\n    {place}: {}", place.quote)?;
        }
        if !self.fix.is_empty() {
            write!(f, "\n    → {}", self.fix)?;
        }
        Ok(())
    }
}
