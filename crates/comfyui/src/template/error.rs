//! What is wrong with a template's files, and what would be right.

use std::fmt;

/// One thing that is wrong with a template's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TemplateError {
    /// The file: `parts/lora.manifest.yaml`.
    pub file: String,
    /// Where in it: `line 12`, `slots.seed`, `node 3`; empty for the file as a whole.
    pub at: String,
    /// What is wrong.
    pub problem: String,
    /// What would be right; empty where the problem says it.
    pub fix: String,
}

impl TemplateError {
    pub(crate) fn new(file: &str, at: impl Into<String>, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: at.into(), problem: problem.into(), fix: fix.into() }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.file)?;
        if !self.at.is_empty() {
            write!(formatter, "{}: ", self.at)?;
        }
        formatter.write_str(&self.problem)?;
        if !self.fix.is_empty() {
            write!(formatter, ": {}", self.fix)?;
        }
        Ok(())
    }
}

/// Everything that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct TemplateErrors(pub Vec<TemplateError>);

/// Why a template cannot be filled with some values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// A slot that has to be given is not.
    #[error("`{slot}` has to be given: {about}")]
    Missing {
        /// The slot, with the group that it is in: `pose.image`.
        slot: String,
        /// What it is for.
        about: String,
    },
    /// There is no slot of this name.
    #[error("there is no slot `{slot}`{}", .nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
    NoSuchSlot {
        /// What was given.
        slot: String,
        /// The nearest that there is.
        nearest: Option<String>,
    },
    /// The value is not of the slot's type, or outside of its range.
    #[error("`{slot}` takes {expected}, not {value}")]
    Value {
        /// The slot.
        slot: String,
        /// What it takes.
        expected: String,
        /// What was given.
        value: String,
    },
    /// More items than a list takes.
    #[error("`{slot}` takes {max} items at most, not {count}")]
    TooMany {
        /// The list.
        slot: String,
        /// How many it takes.
        max: usize,
        /// How many were given.
        count: usize,
    },
    /// There is no variant of this name.
    #[error("there is no variant `{variant}`; there are {known}")]
    NoSuchVariant {
        /// What was asked for.
        variant: String,
        /// What there is.
        known: String,
    },
    /// The template's parts do not fit together.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Everything that keeps a template from being filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct FillErrors(pub Vec<FillError>);
