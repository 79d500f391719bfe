//! What can go wrong in an index.

use std::path::PathBuf;

/// Why an index did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// A vector has another length than the index.
    #[error("the vector has {got} numbers, and the index holds vectors of {expected}")]
    Length {
        /// Its length.
        got: usize,
        /// The index's.
        expected: usize,
    },
    /// A vector came after one with a higher id.
    #[error("vector {id} comes after {last}: ids rise")]
    Order {
        /// Its id.
        id: u64,
        /// The one before.
        last: u64,
    },
    /// The graph refused.
    #[error("{doing} the graph of neighbours failed: {reason}")]
    Graph {
        /// `building`…
        doing: &'static str,
        /// What the library said.
        reason: String,
    },
    /// A file cannot be written or read.
    #[error("{doing} {} failed", path.display())]
    File {
        /// `writing`…
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not the one that was written.
    #[error("{} is not the file that was written: it will be built again", path.display())]
    OtherFile {
        /// Which.
        path: PathBuf,
    },
}

impl SearchError {
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }

    pub(crate) fn graph(doing: &'static str) -> impl FnOnce(String) -> Self {
        move |reason| Self::Graph { doing, reason }
    }
}
