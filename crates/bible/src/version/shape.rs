//! Whether nodes from outside form a tree as [`tree::write`](super::tree::write) makes it.
//!
//! Ids say that bytes are what they were, not that they make sense: a node can claim any count, or hold a document
//! where nobody looks for it. Each node is checked against what is known of its children, children first.

use super::object::ObjectKind;
use super::tree::{LEAF, Node};
use crate::Digest;

/// Half-bytes of a path's digest.
const NIBBLES: usize = 64;

/// What is known of a sound node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Documents in it.
    count: usize,
    /// The digest of the path of one of them; none when there is none.
    path: Option<Digest>,
    place: Place,
}

/// At which depths a node can stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A leaf: anywhere down to the half-bytes that all its paths share.
    Down(usize),
    /// A fan: only where its children part.
    Only(usize),
}

impl Shape {
    /// Checks a node; `child` tells the shape of a child that was checked before.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(node: &Node, child: impl Fn(Digest) -> Option<Self>) -> Result<Self, String> {
        match node {
            Node::Leaf { entries } => {
                if entries.len() > LEAF {
                    return Err(format!("a leaf lists {} documents and may list {LEAF}", entries.len()));
                }
                let mut paths = entries.keys().map(|path| Digest::of(path.as_str().as_bytes()));
                let first = paths.next();
                let shared = first.map_or(NIBBLES, |first| paths.map(|path| common(&first, &path)).min().unwrap_or(NIBBLES));
                Ok(Self { count: entries.len(), path: first, place: Place::Down(shared) })
            }
            Node::Fan { count, fan } => {
                let mut children = Vec::with_capacity(fan.len());
                for (nibble, id) in fan {
                    let shape =
                        child(*id).ok_or_else(|| format!("the child {} is no {} that came before", id.short(), ObjectKind::Tree))?;
                    let path = shape.path.ok_or_else(|| "a child is empty".to_owned())?;
                    children.push((nibble.value(), path, shape));
                }
                let Some(&(_, first, only)) = children.first() else { return Err("a fan has no children".to_owned()) };
                let depth = match (children.get(1), only.place) {
                    (Some((_, second, _)), _) => common(&first, second),
                    (None, Place::Only(depth)) if depth > 0 => depth - 1,
                    (None, _) => return Err("a fan has one child where a leaf would do".to_owned()),
                };
                for (nibble, path, shape) in &children {
                    let parts = depth < NIBBLES && nibble_at(path, depth) == *nibble && common(&first, path) >= depth;
                    let fits = match shape.place {
                        Place::Down(shared) => shared > depth,
                        Place::Only(at) => at == depth + 1,
                    };
                    if !parts || !fits {
                        return Err("a child stands where its documents are not looked for".to_owned());
                    }
                }
                let total: usize = children.iter().map(|(_, _, shape)| shape.count).sum();
                if total != *count || total <= LEAF {
                    return Err(format!("a fan says that it holds {count} documents, and holds {total}"));
                }
                Ok(Self { count: total, path: Some(first), place: Place::Only(depth) })
            }
        }
    }

    /// Whether a commit can name it: whether it is a whole tree.
    pub(super) fn is_root(&self) -> bool {
        !matches!(self.place, Place::Only(depth) if depth > 0)
    }
}

fn nibble_at(digest: &Digest, at: usize) -> u8 {
    let byte = digest.as_bytes()[at / 2];
    if at.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
}

/// Half-bytes that two digests share at their beginning.
fn common(one: &Digest, other: &Digest) -> usize {
    (0..NIBBLES).find(|at| nibble_at(one, *at) != nibble_at(other, *at)).unwrap_or(NIBBLES)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::version::tree::{self, Listing, Nibble};
    use crate::version::{Entry, Object, Pool};

    fn listing(numbers: impl IntoIterator<Item = u32>) -> Listing {
        let path = |number| format!("characters/c{number}").parse().unwrap();
        numbers.into_iter().map(|number| (path(number), Entry::Script { text: Digest::of(&number.to_le_bytes()) })).collect()
    }

    fn shape(root: Digest, pool: &Pool) -> Result<Shape, String> {
        let node = pool.node(root).unwrap();
        let children: BTreeMap<Digest, Shape> = match &*node {
            Node::Fan { fan, .. } => {
                fan.values().map(|child| shape(*child, pool).map(|found| (*child, found))).collect::<Result<_, _>>()?
            }
            Node::Leaf { .. } => BTreeMap::new(),
        };
        Shape::of(&node, |id| children.get(&id).copied())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_tree_that_is_written_is_sound(numbers in prop::collection::btree_set(0_u32..5000, 0..400)) {
            let mut pool = Pool::default();
            let root = tree::write_listing(listing(numbers.iter().copied()), &mut pool).unwrap();
            let found = shape(root, &pool).unwrap();
            prop_assert!(found.is_root());
            prop_assert_eq!(found.count, numbers.len());
        }
    }

    #[test]
    fn a_tree_that_lies_about_itself_is_found_out() {
        let mut pool = Pool::default();
        let root = tree::write_listing(listing(0..400), &mut pool).unwrap();
        let Node::Fan { count, fan } = (*pool.node(root).unwrap()).clone() else { panic!("400 documents are a fan") };
        let mut said = |count: usize, fan: BTreeMap<Nibble, Digest>| {
            let root = pool.add(Object::Tree(std::sync::Arc::new(Node::Fan { count, fan }))).unwrap();
            shape(root, &pool).map(|found| found.is_root())
        };
        assert_eq!(said(count, fan.clone()), Ok(true));
        assert!(said(0, fan.clone()).unwrap_err().contains("holds 400"));
        assert!(said(0, BTreeMap::new()).is_err());
        let turned = fan.keys().copied().zip(fan.values().copied().rev()).collect();
        assert!(said(count, turned).unwrap_err().contains("not looked for"));
        let inner = *fan.values().next().unwrap();
        assert!(!shape(inner, &pool).unwrap().is_root(), "a part of a tree is no whole tree");
    }
}
