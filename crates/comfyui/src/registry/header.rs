//! The header of a safetensors file: names, types and shapes of its tensors, and what its maker wrote.
//!
//! The format: 8 bytes with the header's length, little-endian, then so many bytes of JSON, then the tensors
//! (<https://github.com/huggingface/safetensors>). Only the header is read, never more than [`LARGEST_HEADER`].

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

/// The largest header that is read: the limit of the format's own library.
pub const LARGEST_HEADER: u64 = 100_000_000;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    /// Tensors by name.
    pub tensors: BTreeMap<String, Tensor>,
    /// What the maker wrote.
    pub metadata: BTreeMap<String, String>,
}

/// One tensor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tensor {
    /// `F16`, `BF16`, `F8_E4M3`…
    pub dtype: String,
    /// Its sides.
    pub shape: Vec<u64>,
}

/// Why a header cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The file cannot be read.
    #[error("it cannot be read")]
    Read(#[source] std::io::Error),
    /// The header's length is impossible.
    #[error("it is no safetensors file: its header would have {0} bytes")]
    Length(u64),
    /// The header is no JSON of the right shape.
    #[error("its header is broken: {0}")]
    Json(String),
}

impl Header {
    /// Reads the header off the front of a file, and no more.
    ///
    /// # Errors
    /// [`HeaderError`]; a file of another format has an impossible length.
    pub fn read(mut file: impl Read) -> Result<Self, HeaderError> {
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(HeaderError::Read)?;
        let length = u64::from_le_bytes(length);
        if !(2..=LARGEST_HEADER).contains(&length) {
            return Err(HeaderError::Length(length));
        }
        // The memory grows with what is really there, not with what the length promises.
        let mut json = Vec::new();
        file.take(length).read_to_end(&mut json).map_err(HeaderError::Read)?;
        if json.len() as u64 != length {
            return Err(HeaderError::Json("it is cut short".to_owned()));
        }
        Self::parse(&json)
    }

    /// Reads a header's JSON.
    ///
    /// # Errors
    /// [`HeaderError::Json`].
    pub fn parse(json: &[u8]) -> Result<Self, HeaderError> {
        let wrong = |error: &dyn std::fmt::Display| HeaderError::Json(error.to_string());
        let fields: BTreeMap<String, Value> = serde_json::from_slice(json).map_err(|error| wrong(&error))?;
        let mut header = Self::default();
        for (name, value) in fields {
            if name == "__metadata__" {
                header.metadata = Self::metadata_of(&value);
            } else {
                let tensor = serde_json::from_value(value).map_err(|error| HeaderError::Json(format!("tensor {name}: {error}")))?;
                header.tensors.insert(name, tensor);
            }
        }
        Ok(header)
    }

    /// What a maker wrote, from the JSON of it: what a server's `GET /view_metadata` gives.
    #[must_use]
    pub fn metadata_of(value: &Value) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
    }

    /// A tensor by the end of its name.
    pub(crate) fn ending(&self, end: &str) -> Option<(&str, &Tensor)> {
        self.tensors.iter().find(|(name, _)| name.ends_with(end)).map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// Whether some tensor's name has this in it.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        self.tensors.keys().any(|name| name.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(length: u64, json: &str) -> Vec<u8> {
        [&length.to_le_bytes()[..], json.as_bytes()].concat()
    }

    #[test]
    fn a_header_is_read_and_nothing_behind_it() {
        let json = r#"{"__metadata__":{"a":"b"},"w":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}}"#;
        let mut bytes = file(json.len() as u64, json);
        bytes.extend([0; 12]);
        let mut rest = bytes.as_slice();
        let header = Header::read(&mut rest).unwrap();
        assert_eq!((header.tensors["w"].shape.as_slice(), header.metadata["a"].as_str(), rest.len()), (&[2, 3][..], "b", 12));
    }

    #[test]
    fn what_is_no_header_is_refused_before_memory_is_taken() {
        assert!(matches!(Header::read(&file(u64::MAX, "{}")[..]), Err(HeaderError::Length(_))));
        assert!(matches!(Header::read(&b"PK\x03\x04 a zip file that is longer"[..]), Err(HeaderError::Length(_))));
        assert!(matches!(Header::read(&file(50, "{}")[..]), Err(HeaderError::Json(_))));
        assert!(matches!(Header::read(&b"1"[..]), Err(HeaderError::Read(_))));
        assert!(matches!(Header::read(&file(4, "[{}]")[..]), Err(HeaderError::Json(_))));
    }
}
