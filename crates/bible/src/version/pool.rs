//! Objects in memory, and what is said when one is not among them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::commit::{Commit, CommitId, Tag};
use super::object::{Object, ObjectKind};
use super::tree::Node;
use crate::Digest;

/// Objects in memory. What was [added](Pool::add) since the last [`Pool::take_new`] is remembered as new.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    objects: HashMap<Digest, Object>,
    new: Vec<(Digest, ObjectKind, Vec<u8>)>,
}

/// Why an object could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The pool lacks objects: load them and ask again.
    #[error("{} object(s) are not loaded", .0.len())]
    Missing(BTreeSet<Digest>),
    /// An object is of another kind than what names it says, or nonsense.
    #[error("the object {object} cannot be understood: {reason}")]
    Damaged {
        /// Which.
        object: Digest,
        /// What is wrong.
        reason: String,
    },
}

impl ReadError {
    fn missing(object: Digest) -> Self {
        Self::Missing(BTreeSet::from([object]))
    }

    /// Both results, or everything that both lack.
    pub(super) fn both<A, B>(one: Result<A, Self>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(Self::Missing(mut lacking)), Err(Self::Missing(more))) => {
                lacking.extend(more);
                Err(Self::Missing(lacking))
            }
            (Err(error @ Self::Damaged { .. }), _) | (_, Err(error @ Self::Damaged { .. })) => Err(error),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// All results, or everything that any of them lacks, so that it is loaded in one go.
    pub(super) fn all<T>(results: impl IntoIterator<Item = Result<T, Self>>) -> Result<Vec<T>, Self> {
        let (mut found, mut lacking) = (Vec::new(), BTreeSet::new());
        for result in results {
            match result {
                Ok(value) => found.push(value),
                Err(Self::Missing(more)) => lacking.extend(more),
                Err(error @ Self::Damaged { .. }) => return Err(error),
            }
        }
        if lacking.is_empty() { Ok(found) } else { Err(Self::Missing(lacking)) }
    }
}

impl Pool {
    /// Adds an object that is new, and gives its id.
    ///
    /// # Errors
    /// When a value in it has no JSON form.
    pub fn add(&mut self, object: Object) -> Result<Digest, serde_json::Error> {
        let (id, bytes) = object.encode()?;
        if let std::collections::hash_map::Entry::Vacant(place) = self.objects.entry(id) {
            self.new.push((id, object.kind(), bytes));
            place.insert(object);
        }
        Ok(id)
    }

    /// Adds an object that is kept already, under the id that it is kept by.
    pub fn load(&mut self, id: Digest, object: Object) {
        self.objects.insert(id, object);
    }

    /// The objects that were added, in an order in which what is named comes before what names it.
    pub fn take_new(&mut self) -> Vec<(Digest, ObjectKind, Vec<u8>)> {
        std::mem::take(&mut self.new)
    }

    /// An object.
    #[must_use]
    pub fn get(&self, id: Digest) -> Option<&Object> {
        self.objects.get(&id)
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    fn wrong(id: Digest, wanted: ObjectKind, found: &Object) -> ReadError {
        ReadError::Damaged { object: id, reason: format!("it is a {} and not a {wanted}", found.kind()) }
    }

    /// A commit.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn commit(&self, id: CommitId) -> Result<Arc<Commit>, ReadError> {
        match self.get(id.digest()) {
            Some(Object::Commit(commit)) => Ok(Arc::clone(commit)),
            Some(other) => Err(Self::wrong(id.digest(), ObjectKind::Commit, other)),
            None => Err(ReadError::missing(id.digest())),
        }
    }

    /// A node of a tree.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn node(&self, id: Digest) -> Result<Arc<Node>, ReadError> {
        match self.get(id) {
            Some(Object::Tree(node)) => Ok(Arc::clone(node)),
            Some(other) => Err(Self::wrong(id, ObjectKind::Tree, other)),
            None => Err(ReadError::missing(id)),
        }
    }

    /// What a document says.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn document(&self, id: Digest) -> Result<Arc<Value>, ReadError> {
        match self.get(id) {
            Some(Object::Document(value)) => Ok(Arc::clone(value)),
            Some(other) => Err(Self::wrong(id, ObjectKind::Document, other)),
            None => Err(ReadError::missing(id)),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn text(&self, id: Digest) -> Result<Arc<str>, ReadError> {
        match self.get(id) {
            Some(Object::Text(text)) => Ok(Arc::clone(text)),
            Some(other) => Err(Self::wrong(id, ObjectKind::Text, other)),
            None => Err(ReadError::missing(id)),
        }
    }

    /// A file.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn file(&self, id: Digest) -> Result<Arc<[u8]>, ReadError> {
        match self.get(id) {
            Some(Object::File(bytes)) => Ok(Arc::clone(bytes)),
            Some(other) => Err(Self::wrong(id, ObjectKind::File, other)),
            None => Err(ReadError::missing(id)),
        }
    }

    /// An annotated tag.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn tag(&self, id: Digest) -> Result<Arc<Tag>, ReadError> {
        match self.get(id) {
            Some(Object::Tag(tag)) => Ok(Arc::clone(tag)),
            Some(other) => Err(Self::wrong(id, ObjectKind::Tag, other)),
            None => Err(ReadError::missing(id)),
        }
    }
}
