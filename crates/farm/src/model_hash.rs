//! What is known of the content of a node's model files.

use bible::Digest;
use serde::{Deserialize, Serialize};

use crate::id::Time;

/// What is known of the content of a model file on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "hash")]
pub enum ModelHash {
    /// The file was read from its first byte to its last.
    Known {
        /// BLAKE3 of all of it.
        blake3: Digest,
        /// SHA-256 of all of it in lower-case hex, as model sites publish it.
        sha256: String,
        /// Its size in bytes.
        bytes: u64,
        /// When it was last written, replaced or linked anew. With the size it says whether the hashes still hold.
        changed: Time,
    },
    /// It was not.
    Unknown {
        /// Why, as a sentence's part: `its models folder cannot be reached`.
        reason: String,
        /// What its maker wrote into it of its content, as the server tells it: `modelspec.hash_sha256` of Stability's model
        /// specification. It is the maker's word, of the tensors alone and not of the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maker: Option<String>,
    },
}

impl ModelHash {
    /// BLAKE3 of the file, where it is known.
    #[must_use]
    pub const fn blake3(&self) -> Option<Digest> {
        match self {
            Self::Known { blake3, .. } => Some(*blake3),
            Self::Unknown { .. } => None,
        }
    }
}
