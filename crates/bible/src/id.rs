//! Names that refer: slugs of characters, places, looks and parts.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// A short name that refers to one thing: lower-case ASCII letters, digits and single hyphens,
/// starting with a letter or digit, 1 to 64 characters (`mei`, `lantern-road`, `2nd-outfit`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Slug(#[schemars(regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"), length(min = 1, max = 64))] String);

/// Why a text is no slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is no valid name: use 1 to 64 lower-case letters, digits and single hyphens, like {suggestion:?}")]
pub struct ParseSlugError {
    /// What was given.
    pub got: String,
    /// The nearest text that would be right.
    pub suggestion: String,
}

impl Slug {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The slug nearest to any text: `"Old Man Gen"` gives `old-man-gen`. `None` when nothing of the
    /// text can be used (only signs, or a script without ASCII letters).
    #[must_use]
    pub fn nearest(text: &str) -> Option<Self> {
        let mut slug = String::new();
        for character in text.chars().flat_map(char::to_lowercase) {
            if character.is_ascii_alphanumeric() {
                slug.push(character);
            } else if !slug.is_empty() && !slug.ends_with('-') && character != '\'' && character != '’' {
                slug.push('-');
            }
        }
        slug.truncate(64);
        let slug = slug.trim_end_matches('-');
        (!slug.is_empty()).then(|| Self(slug.to_owned()))
    }
}

impl FromStr for Slug {
    type Err = ParseSlugError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = !text.is_empty()
            && text.len() <= 64
            && text.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        if well_formed {
            return Ok(Self(text.to_owned()));
        }
        Err(ParseSlugError { got: text.to_owned(), suggestion: Self::nearest(text).map_or_else(|| "mei".to_owned(), |slug| slug.0) })
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Borrow<str> for Slug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Slug {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_lower_case_words_joined_by_single_hyphens() {
        for good in ["mei", "lantern-road", "s01e01", "2nd"] {
            assert!(good.parse::<Slug>().is_ok(), "{good}");
        }
        for bad in ["", "Mei", "a--b", "-a", "a-", "a b", "é"] {
            assert!(bad.parse::<Slug>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_error_suggests_the_nearest_slug() {
        let error = "Old Man Gen".parse::<Slug>().unwrap_err();
        assert_eq!(error.suggestion, "old-man-gen");
        assert_eq!(Slug::nearest("O'Brien").unwrap().as_str(), "obrien");
        assert_eq!(Slug::nearest("明"), None);
    }
}
