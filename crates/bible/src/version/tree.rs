//! Trees of documents, shared node by node.
//!
//! A node with up to [`LEAF`] documents lists them; a larger one is split into 16 by the next half-byte of the
//! BLAKE3 of each document's path. The shape follows from the set of paths alone, whatever the order of the edits
//! that led there; an edit writes the nodes on the way to one document, and two trees are compared by walking only
//! where their nodes differ.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::commit::Summary;
use super::document::Entry;
use super::object::Object;
use super::path::DocumentPath;
use super::pool::{Pool, ReadError};
use super::snapshot::Snapshot;
use crate::Digest;

/// Documents that a node lists before it is split.
pub const LEAF: usize = 16;

/// Documents by path, as a tree names them.
pub type Listing = BTreeMap<DocumentPath, Entry>;

/// A document that differs between two trees: in the one, and in the other.
pub type Difference = (Option<Entry>, Option<Entry>);

/// A node of a tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Node {
    /// Few documents.
    Leaf {
        /// They.
        entries: Listing,
    },
    /// Many documents.
    Fan {
        /// How many.
        count: usize,
        /// Nodes by the next half-byte of the digests of their documents' paths.
        fan: BTreeMap<Nibble, Digest>,
    },
}

/// A half-byte, written as one hex digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "char", into = "char")]
pub struct Nibble(u8);

impl Nibble {
    /// Its value, below 16.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }
}

impl TryFrom<char> for Nibble {
    type Error = String;

    fn try_from(digit: char) -> Result<Self, String> {
        match digit {
            '0'..='9' => Ok(Self(digit as u8 - b'0')),
            'a'..='f' => Ok(Self(digit as u8 - b'a' + 10)),
            _ => Err(format!("{digit:?} is no lower-case hex digit")),
        }
    }
}

impl From<Nibble> for char {
    fn from(nibble: Nibble) -> Self {
        Self::from(b"0123456789abcdef"[usize::from(nibble.0 & 15)])
    }
}

impl Node {
    /// How many documents are in it.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Leaf { entries } => entries.len(),
            Self::Fan { count, .. } => *count,
        }
    }
}

/// The half-byte of a path's digest that decides at a depth.
fn nibble(path: &DocumentPath, depth: usize) -> Nibble {
    let digest = Digest::of(path.as_str().as_bytes());
    let byte = digest.as_bytes()[(depth / 2) % 32];
    Nibble(if depth.is_multiple_of(2) { byte >> 4 } else { byte & 15 })
}

/// Puts a snapshot's tree into a pool and gives its root.
///
/// # Errors
/// When a value in it has no JSON form.
pub fn write(snapshot: &Snapshot, pool: &mut Pool) -> Result<Digest, serde_json::Error> {
    let mut listing = Listing::new();
    for (path, document) in snapshot.iter() {
        listing.insert(path.clone(), Entry::write(document, pool)?);
    }
    write_listing(listing, pool)
}

/// Puts a tree of documents into a pool and gives its root.
///
/// # Errors
/// As [`write`].
pub fn write_listing(listing: Listing, pool: &mut Pool) -> Result<Digest, serde_json::Error> {
    write_node(listing, 0, pool)
}

fn write_node(entries: Listing, depth: usize, pool: &mut Pool) -> Result<Digest, serde_json::Error> {
    if entries.len() <= LEAF {
        return pool.add(Object::Tree(Arc::new(Node::Leaf { entries })));
    }
    let count = entries.len();
    let mut parts: BTreeMap<Nibble, Listing> = BTreeMap::new();
    for (path, entry) in entries {
        parts.entry(nibble(&path, depth)).or_default().insert(path, entry);
    }
    let mut fan = BTreeMap::new();
    for (nibble, part) in parts {
        fan.insert(nibble, write_node(part, depth + 1, pool)?);
    }
    pool.add(Object::Tree(Arc::new(Node::Fan { count, fan })))
}

/// Why a tree could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// A node could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A value has no JSON form.
    #[error("a value has no JSON form")]
    Json(#[from] serde_json::Error),
}

/// The tree in which the documents of `edits` are replaced (or gone, where none is given). Gives the same root as
/// writing the outcome from nothing.
///
/// # Errors
/// [`EditError`]; the pool then holds some of the new nodes, which does no harm.
pub fn edit(root: Digest, edits: &BTreeMap<DocumentPath, Option<Entry>>, pool: &mut Pool) -> Result<Digest, EditError> {
    let edits: Vec<_> = edits.iter().map(|(path, entry)| (path, *entry)).collect();
    // Everything on the way is read first: a load in the middle would write nodes that nobody needs.
    touched(root, &edits, 0, pool)?;
    edit_node(Some(root), &edits, 0, pool)
}

fn touched(node: Digest, edits: &[(&DocumentPath, Option<Entry>)], depth: usize, pool: &Pool) -> Result<(), ReadError> {
    if let Node::Fan { fan, .. } = &*pool.node(node)? {
        let parts = split(edits, depth);
        ReadError::all(parts.iter().filter_map(|(at, part)| fan.get(at).map(|child| touched(*child, part, depth + 1, pool))))?;
    }
    Ok(())
}

type Edits<'a> = Vec<(&'a DocumentPath, Option<Entry>)>;

fn split<'a>(edits: &[(&'a DocumentPath, Option<Entry>)], depth: usize) -> BTreeMap<Nibble, Edits<'a>> {
    let mut parts: BTreeMap<Nibble, Edits<'a>> = BTreeMap::new();
    for edit in edits {
        parts.entry(nibble(edit.0, depth)).or_default().push(*edit);
    }
    parts
}

fn edit_node(node: Option<Digest>, edits: &[(&DocumentPath, Option<Entry>)], depth: usize, pool: &mut Pool) -> Result<Digest, EditError> {
    let before = node.map(|node| pool.node(node)).transpose()?;
    let mut fan = match before.as_deref() {
        Some(Node::Fan { fan, .. }) => fan.clone(),
        Some(Node::Leaf { entries }) => return edit_leaf(entries.clone(), edits, depth, pool),
        None => return edit_leaf(Listing::new(), edits, depth, pool),
    };
    for (at, part) in split(edits, depth) {
        let child = edit_node(fan.get(&at).copied(), &part, depth + 1, pool)?;
        if pool.node(child)?.count() == 0 {
            fan.remove(&at);
        } else {
            fan.insert(at, child);
        }
    }
    let nodes = ReadError::all(fan.values().map(|child| pool.node(*child)));
    let count = match nodes {
        Ok(nodes) => nodes.iter().map(|node| node.count()).sum(),
        // Children that were not on the way are not needed for the count: it follows from the edits.
        Err(_) => recount(before.as_deref(), &fan, pool)?,
    };
    if count > LEAF {
        return Ok(pool.add(Object::Tree(Arc::new(Node::Fan { count, fan })))?);
    }
    let mut entries = Listing::new();
    for part in ReadError::all(fan.values().map(|child| list(*child, pool)))? {
        entries.extend(part);
    }
    Ok(pool.add(Object::Tree(Arc::new(Node::Leaf { entries })))?)
}

/// The count of a changed fan: that of before, less its replaced children, and their successors.
fn recount(before: Option<&Node>, fan: &BTreeMap<Nibble, Digest>, pool: &Pool) -> Result<usize, ReadError> {
    let Some(Node::Fan { count, fan: old }) = before else { return Ok(0) };
    let mut total = *count;
    for at in old.keys().chain(fan.keys()).collect::<BTreeSet<_>>() {
        let (then, now) = (old.get(at), fan.get(at));
        if then != now {
            total -= then.map(|node| pool.node(*node)).transpose()?.map_or(0, |node| node.count());
            total += now.map(|node| pool.node(*node)).transpose()?.map_or(0, |node| node.count());
        }
    }
    Ok(total)
}

fn edit_leaf(mut entries: Listing, edits: &[(&DocumentPath, Option<Entry>)], depth: usize, pool: &mut Pool) -> Result<Digest, EditError> {
    for (path, entry) in edits {
        match entry {
            Some(entry) => drop(entries.insert((*path).clone(), *entry)),
            None => drop(entries.remove(path)),
        }
    }
    Ok(write_node(entries, depth, pool)?)
}

/// Every document of a tree, as it names them.
///
/// # Errors
/// [`ReadError`].
pub fn list(root: Digest, pool: &Pool) -> Result<Listing, ReadError> {
    match &*pool.node(root)? {
        Node::Leaf { entries } => Ok(entries.clone()),
        Node::Fan { fan, .. } => {
            let parts = ReadError::all(fan.values().map(|child| list(*child, pool)))?;
            Ok(parts.into_iter().flatten().collect())
        }
    }
}

/// Every document of a tree.
///
/// # Errors
/// [`ReadError`].
pub fn read_all(root: Digest, pool: &Pool) -> Result<Snapshot, ReadError> {
    let listing = list(root, pool)?;
    let documents = ReadError::all(listing.into_iter().map(|(path, entry)| entry.read(pool).map(|document| (path, document))))?;
    Ok(documents.into_iter().collect())
}

/// Files by path, with their bytes.
type Files = Vec<(String, Vec<u8>)>;

/// The files of two lists of documents. What is missing of both is named together.
///
/// # Errors
/// [`ReadError`].
pub fn read_both(one: &Listing, other: &Listing, pool: &Pool) -> Result<(Files, Files), ReadError> {
    let files =
        |listing: &Listing| ReadError::all(listing.iter().map(|(path, entry)| Ok((path.file(), entry.read(pool)?.to_bytes().to_vec()))));
    ReadError::both(files(one), files(other))
}

/// How a tree names one document.
///
/// # Errors
/// [`ReadError`].
pub fn find(root: Digest, path: &DocumentPath, pool: &Pool) -> Result<Option<Entry>, ReadError> {
    let mut node = pool.node(root)?;
    for depth in 0.. {
        let child = match &*node {
            Node::Leaf { entries } => return Ok(entries.get(path).copied()),
            Node::Fan { fan, .. } => fan.get(&nibble(path, depth)).copied(),
        };
        let Some(child) = child else { return Ok(None) };
        node = pool.node(child)?;
    }
    Ok(None)
}

/// The documents that differ between two trees. Only nodes that differ are read.
///
/// # Errors
/// [`ReadError`].
pub fn differences(old: Digest, new: Digest, pool: &Pool) -> Result<BTreeMap<DocumentPath, Difference>, ReadError> {
    if old == new {
        return Ok(BTreeMap::new());
    }
    let (before, after) = ReadError::both(pool.node(old), pool.node(new))?;
    if let (Node::Fan { fan: before, .. }, Node::Fan { fan: after, .. }) = (&*before, &*after) {
        let nibbles: BTreeSet<&Nibble> = before.keys().chain(after.keys()).collect();
        let parts = ReadError::all(nibbles.into_iter().map(|at| match (before.get(at), after.get(at)) {
            (Some(old), Some(new)) => differences(*old, *new, pool),
            (Some(old), None) => Ok(list(*old, pool)?.into_iter().map(|(path, entry)| (path, (Some(entry), None))).collect()),
            (None, Some(new)) => Ok(list(*new, pool)?.into_iter().map(|(path, entry)| (path, (None, Some(entry)))).collect()),
            (None, None) => Ok(BTreeMap::new()),
        }))?;
        return Ok(parts.into_iter().flatten().collect());
    }
    let (before, after) = ReadError::both(list(old, pool), list(new, pool))?;
    let paths: BTreeSet<&DocumentPath> = before.keys().chain(after.keys()).collect();
    let pairs = paths.into_iter().map(|path| (path.clone(), (before.get(path).copied(), after.get(path).copied())));
    Ok(pairs.filter(|(_, (old, new))| old != new).collect())
}

/// What a set of differences comes to.
#[must_use]
pub fn summary(differences: &BTreeMap<DocumentPath, Difference>) -> Summary {
    let count = |wanted: fn(&Difference) -> bool| differences.values().filter(|difference| wanted(difference)).count();
    Summary {
        added: count(|(old, _)| old.is_none()),
        changed: count(|(old, new)| old.is_some() && new.is_some()),
        removed: count(|(_, new)| new.is_none()),
        documents: differences.keys().take(Summary::LISTED).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::version::Document;

    fn entry(number: u64) -> Entry {
        Entry::Script { text: Digest::of(&number.to_le_bytes()) }
    }

    fn path(number: u8) -> DocumentPath {
        format!("characters/c{number}").parse().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn the_shape_of_a_tree_follows_from_its_documents_alone(
            edits in prop::collection::vec((0u8..60, prop::option::weighted(0.6, 0u64..4)), 0..120),
        ) {
            let mut pool = Pool::default();
            let (mut root, mut wanted) = (write_listing(Listing::new(), &mut pool).unwrap(), Listing::new());
            for batch in edits.chunks(7) {
                let changes: BTreeMap<_, _> = batch.iter().map(|(number, value)| (path(*number), value.map(entry))).collect();
                for (path, entry) in &changes {
                    match entry {
                        Some(entry) => drop(wanted.insert(path.clone(), *entry)),
                        None => drop(wanted.remove(path)),
                    }
                }
                let before = root;
                root = edit(root, &changes, &mut pool).unwrap();
                prop_assert_eq!(root, write_listing(wanted.clone(), &mut pool).unwrap());
                let differing = differences(before, root, &pool).unwrap();
                prop_assert!(differing.keys().all(|path| changes.contains_key(path)));
            }
            prop_assert_eq!(list(root, &pool).unwrap(), wanted);
        }
    }

    #[test]
    fn one_edit_in_a_large_tree_writes_few_nodes() {
        let snapshot: Snapshot = (0..=255).map(|number| (path(number), Document::of_value(json!({ "name": number })))).collect();
        let mut pool = Pool::default();
        let root = write(&snapshot, &mut pool).unwrap();
        pool.take_new();
        edit(root, &BTreeMap::from([(path(7), Some(entry(1)))]), &mut pool).unwrap();
        assert!(pool.take_new().len() <= 4);
    }
}
