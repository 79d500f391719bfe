//! How people name a commit: by branch, tag, prefix, `HEAD`, and steps back from there.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// The name of a branch or a tag: letters, digits and `- _ . /` of any script, 1 to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RefName(String);

/// Why a text names no branch, tag or commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} cannot be a name of a version: {reason}")]
pub struct ParseReferenceError {
    /// What was given.
    pub got: String,
    /// What is wrong.
    pub reason: &'static str,
}

impl RefName {
    /// The branch that a new project has.
    #[must_use]
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RefName {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason| Err(ParseReferenceError { got: text.to_owned(), reason });
        if text.is_empty() || text.chars().count() > 100 {
            return wrong("use 1 to 100 characters");
        }
        if text == "HEAD" {
            return wrong("HEAD is where you are");
        }
        if !text.chars().all(|character| character.is_alphanumeric() || "-_./".contains(character)) {
            return wrong("use letters, digits and - _ . /");
        }
        if text.split('/').any(|part| part.is_empty() || part.starts_with(['.', '-']) || part.ends_with('.')) || text.contains("..") {
            return wrong("parts between slashes do not start with . or -, do not end with . and are not empty");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RefName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a [`Reference`] begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `HEAD`: the current branch.
    Head,
    /// A branch or a tag; or, when it is neither and looks like one, the prefix of a commit's id.
    Name(RefName),
}

/// A step from a commit to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `~N`: N commits back, by first parents.
    Back(u32),
    /// `^N`: to the Nth parent, from 1.
    Parent(u32),
}

/// A commit as a person names it: `main`, `delivery-1`, `3fa9c2`, `HEAD~2`, `main^2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where it begins.
    pub origin: Origin,
    /// Steps back from there.
    pub steps: Vec<Step>,
}

impl Reference {
    /// The head of the current branch.
    #[must_use]
    pub const fn head() -> Self {
        Self { origin: Origin::Head, steps: Vec::new() }
    }

    /// The text as the prefix of a commit's id: 4 to 64 hex digits.
    #[must_use]
    pub fn commit_prefix(&self) -> Option<&str> {
        match &self.origin {
            Origin::Name(name) => {
                let text = name.as_str();
                let hex = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
                (hex && (4..=64).contains(&text.len())).then_some(text)
            }
            Origin::Head => None,
        }
    }
}

impl FromStr for Reference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let end = text.find(['~', '^']).unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        let origin = if name == "HEAD" || name == "@" { Origin::Head } else { Origin::Name(name.parse()?) };
        let mut steps = Vec::new();
        while let Some(sign) = rest.chars().next() {
            let digits = rest[1..].find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len() - 1);
            let number = match &rest[1..=digits] {
                "" => 1,
                number => {
                    number.parse().map_err(|_| ParseReferenceError { got: text.to_owned(), reason: "the number of steps is too large" })?
                }
            };
            match sign {
                '~' => steps.push(Step::Back(number)),
                '^' if number > 0 => steps.push(Step::Parent(number)),
                _ => return Err(ParseReferenceError { got: text.to_owned(), reason: "after ~ or ^ comes a number: main~2, main^2" }),
            }
            rest = &rest[digits + 1..];
        }
        Ok(Self { origin, steps })
    }
}

impl From<RefName> for Reference {
    fn from(name: RefName) -> Self {
        Self { origin: Origin::Name(name), steps: Vec::new() }
    }
}

impl From<super::CommitId> for Reference {
    fn from(id: super::CommitId) -> Self {
        Self { origin: Origin::Name(RefName(id.to_string())), steps: Vec::new() }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Head => f.write_str("HEAD")?,
            Origin::Name(name) => name.fmt(f)?,
        }
        self.steps.iter().try_for_each(|step| match step {
            Step::Back(count) => write!(f, "~{count}"),
            Step::Parent(number) => write!(f, "^{number}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_as_written() {
        for text in ["main", "HEAD", "HEAD~2", "mei/red-hair^2~3", "3fa9c2", "夜~1"] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
        assert_eq!("HEAD~".parse::<Reference>().unwrap().to_string(), "HEAD~1");
        assert_eq!("abcd".parse::<Reference>().unwrap().commit_prefix(), Some("abcd"));
        assert_eq!("abc".parse::<Reference>().unwrap().commit_prefix(), None);
    }

    #[test]
    fn what_is_no_name_says_why() {
        for text in ["", "a b", "../x", "a//b", "-x", "main^0", "main~99999999999", "main^x", "~1", "a..b"] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
        assert!("HEAD".parse::<RefName>().is_err());
    }
}
