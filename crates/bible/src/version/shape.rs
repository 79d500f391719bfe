//! Whether nodes from outside form a tree as [`tree::write`](super::tree::write) makes it.
//!
//! Ids say that bytes are what they were, not that they make sense: a node can claim any count, or hold a document
//! where nobody looks for it. Each node is checked against what is known of its children, children first.

use std::collections::HashMap;
use std::sync::Arc;

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

/// The trees of a history, whose nodes come in any order.
#[derive(Debug, Default)]
pub struct TreeCheck {
    sound: HashMap<Digest, Shape>,
    fans: HashMap<Digest, Arc<Node>>,
}

impl TreeCheck {
    /// Takes a node. What is wrong with a fan is known at the [end](Self::finish), when its children have come.
    ///
    /// # Errors
    /// What is wrong with a leaf, as a sentence.
    pub fn take(&mut self, id: Digest, node: &Arc<Node>) -> Result<(), String> {
        if let Node::Leaf { .. } = **node {
            self.sound.insert(id, Shape::of(node, |_| None)?);
        } else {
            self.fans.insert(id, Arc::clone(node));
        }
        Ok(())
    }

    /// What is wrong with which fans, as sentences. A fan of which a child is wrong or did not come says nothing more.
    pub fn finish(&mut self) -> Vec<(Digest, String)> {
        let mut wrong = Vec::new();
        let mut open: Vec<Digest> = self.fans.keys().copied().collect();
        open.sort_unstable();
        while let Some(&id) = open.last() {
            let Some(node) = self.fans.get(&id).cloned() else {
                open.pop();
                continue;
            };
            let Node::Fan { fan, .. } = &*node else { unreachable!("only fans are kept for later") };
            // Children first: none of them holds the node that holds them, for their ids are made from what they hold.
            let before = open.len();
            open.extend(fan.values().filter(|child| self.fans.contains_key(child)));
            if open.len() > before {
                continue;
            }
            open.pop();
            self.fans.remove(&id);
            if !fan.values().all(|child| self.sound.contains_key(child)) {
                continue;
            }
            match Shape::of(&node, |child| self.sound.get(&child).copied()) {
                Err(reason) => wrong.push((id, reason)),
                Ok(shape) => {
                    self.sound.insert(id, shape);
                }
            }
        }
        wrong
    }

    /// Whether a commit can name this tree, or nothing is known of it.
    #[must_use]
    pub fn is_root(&self, id: Digest) -> bool {
        self.sound.get(&id).is_none_or(Shape::is_root)
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

    #[test]
    fn whatever_the_order_of_its_nodes_a_history_says_which_of_its_trees_lie() {
        let mut pool = Pool::default();
        let root = tree::write_listing(listing(0..400), &mut pool).unwrap();
        let Node::Fan { count, fan } = (*pool.node(root).unwrap()).clone() else { panic!("400 documents are a fan") };
        let inner = *fan.values().next().unwrap();
        let lying = pool.add(Object::Tree(Arc::new(Node::Fan { count: count + 1, fan }))).unwrap();
        let mut nodes = Vec::new();
        for (id, kind, bytes) in pool.take_new() {
            if let Ok(Object::Tree(node)) = Object::decode(kind, &bytes) {
                nodes.push((id, node));
            }
        }
        for turned in [false, true] {
            if turned {
                nodes.reverse();
            }
            let mut check = TreeCheck::default();
            nodes.iter().for_each(|(id, node)| check.take(*id, node).unwrap());
            let wrong = check.finish();
            assert_eq!(wrong.len(), 1, "{wrong:?}");
            assert!(wrong[0].0 == lying && wrong[0].1.contains("holds 400"), "{wrong:?}");
            assert!(check.is_root(root) && !check.is_root(inner));
        }
        // What is above a node that did not come is not blamed for it.
        let mut check = TreeCheck::default();
        nodes.iter().filter(|(id, _)| *id != inner).for_each(|(id, node)| check.take(*id, node).unwrap());
        assert_eq!(check.finish(), Vec::new());
    }
}
