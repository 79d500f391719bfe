//! Trees: which file has which content, as a Merkle trie in which unchanged branches are shared.
//!
//! A node lists up to [`WIDEST`] files; one with more is split into sixteen by the next four bits of BLAKE3 of the
//! path. The shape follows from the paths alone, so equal snapshots have equal roots, and an edit of one file makes
//! new nodes only on its way to the root.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::commit::json;
use super::object::{Object, ObjectKind, UnreadableObject};
use crate::Digest;

/// Files that one node lists at most.
pub const WIDEST: usize = 16;

/// Content by path.
pub type Files = BTreeMap<String, Digest>;

/// A node of the trie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// A few files.
    Files(Files),
    /// Nodes by the next four bits of the paths' digests, as one hex digit.
    Split(BTreeMap<char, Digest>),
}

impl Node {
    /// Reads an object.
    ///
    /// # Errors
    /// When the bytes are no node.
    pub fn read(digest: Digest, bytes: &[u8]) -> Result<Self, UnreadableObject> {
        serde_json::from_slice(bytes).map_err(|source| UnreadableObject { kind: ObjectKind::Tree, digest, source })
    }

    /// The nodes under this one.
    pub fn children(&self) -> impl Iterator<Item = Digest> {
        match self {
            Self::Files(_) => None,
            Self::Split(children) => Some(children.values().copied()),
        }
        .into_iter()
        .flatten()
    }
}

/// Builds the tree of some files: its root, and every node of it.
#[must_use]
pub fn build(files: &Files) -> (Digest, BTreeMap<Digest, Object>) {
    let keyed: Vec<(Digest, &str, Digest)> =
        files.iter().map(|(path, digest)| (Digest::of(path.as_bytes()), path.as_str(), *digest)).collect();
    let mut objects = BTreeMap::new();
    let root = node(&keyed, 0, &mut objects);
    (root, objects)
}

fn node(files: &[(Digest, &str, Digest)], depth: usize, objects: &mut BTreeMap<Digest, Object>) -> Digest {
    // 64 digits are all there are; two paths never share them.
    let node = if files.len() <= WIDEST || depth == 64 {
        Node::Files(files.iter().map(|(_, path, digest)| ((*path).to_owned(), *digest)).collect())
    } else {
        let mut branches: BTreeMap<char, Vec<(Digest, &str, Digest)>> = BTreeMap::new();
        for file in files {
            branches.entry(digit(file.0, depth)).or_default().push(*file);
        }
        Node::Split(branches.into_iter().map(|(digit, files)| (digit, self::node(&files, depth + 1, objects))).collect())
    };
    let object = Object::new(ObjectKind::Tree, json(&node));
    let digest = object.digest();
    objects.insert(digest, object);
    digest
}

fn digit(digest: Digest, depth: usize) -> char {
    let byte = digest.as_bytes()[depth / 2];
    let four = if depth.is_multiple_of(2) { byte >> 4 } else { byte & 15 };
    char::from_digit(u32::from(four), 16).unwrap_or_else(|| unreachable!("four bits are one hex digit"))
}

/// The node below a split one that leads to a path.
#[must_use]
pub fn towards(path: &str, depth: usize, children: &BTreeMap<char, Digest>) -> Option<Digest> {
    children.get(&digit(Digest::of(path.as_bytes()), depth)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads every file of a tree again.
    fn files(root: Digest, objects: &BTreeMap<Digest, Object>) -> Files {
        match Node::read(root, &objects[&root].bytes).unwrap() {
            Node::Files(files) => files,
            Node::Split(children) => children.into_values().flat_map(|child| files(child, objects)).collect(),
        }
    }

    fn many(count: u32) -> Files {
        (0..count).map(|number| (format!("bible/characters/c{number}.yaml"), Digest::of(&number.to_le_bytes()))).collect()
    }

    #[test]
    fn an_edit_of_one_file_among_many_makes_few_nodes() {
        let before = many(500);
        let mut after = before.clone();
        after.insert("bible/characters/c7.yaml".to_owned(), Digest::of(b"edited"));
        let ((root, old), (other, new)) = (build(&before), build(&after));
        assert_ne!(root, other);
        let made: Vec<&Digest> = new.keys().filter(|digest| !old.contains_key(*digest)).collect();
        assert!(made.len() <= 3, "{} of {}", made.len(), new.len());
    }

    #[test]
    fn a_path_is_found_on_the_way_that_its_digest_says() {
        let all = many(300);
        let (root, objects) = build(&all);
        for path in all.keys() {
            let (mut at, mut depth) = (root, 0);
            let found = loop {
                match Node::read(at, &objects[&at].bytes).unwrap() {
                    Node::Files(files) => break files.get(path).copied(),
                    Node::Split(children) => at = towards(path, depth, &children).unwrap(),
                }
                depth += 1;
            };
            assert_eq!(found, all.get(path).copied());
        }
    }

    proptest! {
        #[test]
        fn a_tree_holds_its_files_and_its_root_names_them(
            files_of in proptest::collection::btree_map("[a-c/]{1,8}", any::<u8>(), 0..60)
        ) {
            let all: Files = files_of.into_iter().map(|(path, content)| (path, Digest::of(&[content]))).collect();
            let (root, objects) = build(&all);
            prop_assert_eq!(&files(root, &objects), &all);
            prop_assert_eq!(build(&all).0, root);
            if let Some(path) = all.keys().next().cloned() {
                let mut fewer = all.clone();
                fewer.remove(&path);
                prop_assert_ne!(build(&fewer).0, root);
            }
        }
    }
}
