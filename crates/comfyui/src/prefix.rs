//! Output prefixes: which files on a server are whose.

use std::fmt;

use crate::graph::NodeId;

/// The start of the names of an attempt's files, with its folders: `echo-studio/0198…/1-3f2a`.
///
/// Only letters, digits, `-`, `_`, `.` and `/`: a `%token%` is replaced by the browser only and would stay in
/// the name as it is, and a path out of the output folder fails when everything has been drawn already.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prefix(String);

/// Why a text cannot be a prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be an output prefix: letters, digits, `-`, `_`, `.` and `/` between folders, none of them empty or `..`")]
pub struct BadPrefix(pub String);

impl Prefix {
    /// Checks a prefix.
    ///
    /// # Errors
    /// [`BadPrefix`] for signs that a server would not keep as they are, and for paths out of its folder.
    pub fn new(text: impl Into<String>) -> Result<Self, BadPrefix> {
        let text = text.into();
        let sign = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_' | '.');
        let part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(sign);
        if text.split('/').all(part) { Ok(Self(text)) } else { Err(BadPrefix(text)) }
    }

    /// The prefix for one node of the graph, so that two nodes never share a counter.
    #[must_use]
    pub fn of_node(&self, node: &NodeId) -> String {
        let node: String = node.as_str().chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '-' }).collect();
        format!("{}_{node}", self.0)
    }

    /// Whether a file that a server names was written under this prefix by that node.
    #[must_use]
    pub fn owns(&self, node: &NodeId, subfolder: &str, filename: &str) -> bool {
        let folder = subfolder.replace('\\', "/");
        let path = if folder.is_empty() { filename.to_owned() } else { format!("{}/{filename}", folder.trim_matches('/')) };
        path.strip_prefix(&self.of_node(node)).is_some_and(|rest| rest.starts_with('_') || rest.starts_with('.'))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_ways_out_of_the_folder_are_refused() {
        for bad in ["", "a//b", "../evil", "a/../../b", "/abs", "a/%date:yyyy%", "a b", "a\\b", "ü"] {
            assert!(Prefix::new(bad).is_err(), "{bad}");
        }
        for good in ["a", "ep01/s01/a1", "x-1_2.3"] {
            assert!(Prefix::new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_file_belongs_to_the_node_and_attempt_that_wrote_it() {
        let prefix = Prefix::new("job/a1").unwrap();
        assert!(prefix.owns(&"9".into(), "job", "a1_9_00001_.png"));
        assert!(!prefix.owns(&"9".into(), "job", "a1_90_00001_.png"), "another node whose name starts alike");
        assert!(!prefix.owns(&"9".into(), "job", "a2_9_00001_.png"), "another attempt");
        assert!(!prefix.owns(&"9".into(), "", "a1_9_00001_.png"), "another folder");
    }
}
