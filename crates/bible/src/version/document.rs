//! A document as written, and how a tree names it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::object::Object;
use super::pool::{Pool, ReadError};
use crate::Digest;
use crate::source::{SourceError, emit, yaml};

/// A document.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// Settings, style, a character…: what was written as data (fields that are not known are kept, fields that
    /// were not written are not added).
    Structured {
        /// What it says.
        value: Arc<Value>,
        /// The YAML as typed, with its comments; none for what was not typed as YAML.
        text: Option<Arc<str>>,
    },
    /// A screenplay as typed.
    Script(Arc<str>),
    /// Any other file.
    File(Arc<[u8]>),
}

impl Document {
    /// A document of data alone.
    #[must_use]
    pub fn of_value(value: Value) -> Self {
        Self::Structured { value: Arc::new(value), text: None }
    }

    /// A structured document from the YAML that a person typed. A text that is just what would be written out for its
    /// value is not kept: a document that was made of data is the same after a way through a folder.
    ///
    /// # Errors
    /// The first place where the text is no YAML.
    pub fn of_yaml(file: &str, text: &str) -> Result<Self, SourceError> {
        let value = Arc::new(yaml::parse(file, text)?.to_json());
        let text = (emit(&value) != text).then(|| text.into());
        Ok(Self::Structured { value, text })
    }

    /// What it says, when it is structured.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Structured { value, .. } => Some(value),
            Self::Script(_) | Self::File(_) => None,
        }
    }

    /// The text of its file: as typed, or as written out from its data. None for a file that is no text.
    #[must_use]
    pub fn to_text(&self) -> Option<Arc<str>> {
        match self {
            Self::Structured { text: Some(text), .. } | Self::Script(text) => Some(Arc::clone(text)),
            Self::Structured { value, text: None } => Some(emit(value).into()),
            Self::File(bytes) => std::str::from_utf8(bytes).ok().map(Into::into),
        }
    }

    /// The bytes of its file.
    #[must_use]
    pub fn to_bytes(&self) -> Arc<[u8]> {
        match self {
            Self::File(bytes) => Arc::clone(bytes),
            other => other.to_text().unwrap_or_default().as_bytes().into(),
        }
    }
}

/// How a tree names a document: by the ids of what it consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Entry {
    /// A structured document.
    Structured {
        /// What it says.
        value: Digest,
        /// The YAML as typed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Digest>,
    },
    /// A screenplay.
    Script {
        /// Its text.
        text: Digest,
    },
    /// A file.
    File {
        /// Its bytes.
        file: Digest,
    },
}

impl Entry {
    /// Puts a document's objects into a pool.
    ///
    /// # Errors
    /// When its value has no JSON form.
    pub fn write(document: &Document, pool: &mut Pool) -> Result<Self, serde_json::Error> {
        Ok(match document {
            Document::Structured { value, text } => Self::Structured {
                value: pool.add(Object::Document(Arc::clone(value)))?,
                text: text.as_ref().map(|text| pool.add(Object::Text(Arc::clone(text)))).transpose()?,
            },
            Document::Script(text) => Self::Script { text: pool.add(Object::Text(Arc::clone(text)))? },
            Document::File(bytes) => Self::File { file: pool.add(Object::File(Arc::clone(bytes)))? },
        })
    }

    /// Reads the document.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(&self, pool: &Pool) -> Result<Document, ReadError> {
        match self {
            Self::Structured { value, text } => {
                let (value, text) = ReadError::both(pool.document(*value), text.map(|text| pool.text(text)).transpose())?;
                Ok(Document::Structured { value, text })
            }
            Self::Script { text } => pool.text(*text).map(Document::Script),
            Self::File { file } => pool.file(*file).map(Document::File),
        }
    }

    /// The objects that it names.
    pub fn objects(&self) -> impl Iterator<Item = Digest> + use<> {
        let (first, second) = match *self {
            Self::Structured { value, text } => (value, text),
            Self::Script { text } => (text, None),
            Self::File { file } => (file, None),
        };
        std::iter::once(first).chain(second)
    }
}
