//! The order in which objects stand in an archive: what is named before what names it, and the same every time.

use std::collections::HashSet;

use crate::Digest;
use crate::version::commit::{Commit, CommitId};
use crate::version::pool::{Pool, ReadError};
use crate::version::tree::Node;

/// Remembers what has its place already.
#[derive(Debug, Default)]
pub struct Order {
    placed: HashSet<Digest>,
}

impl Order {
    /// The objects that a commit needs and that have no place yet, in their order, the commit last. Commits are to
    /// be asked for by generation and then by id.
    ///
    /// # Errors
    /// [`ReadError`] when a node of the tree is not in the pool; nothing has got a place then.
    pub fn place(&mut self, id: CommitId, commit: &Commit, pool: &Pool) -> Result<Vec<Digest>, ReadError> {
        let mut nodes = Vec::new();
        self.nodes(commit.tree, pool, &mut nodes)?;
        let mut found = Vec::new();
        for (node, entries) in nodes {
            found.extend(entries.into_iter().filter(|id| self.placed.insert(*id)));
            found.extend(self.placed.insert(node).then_some(node));
        }
        found.extend(self.placed.insert(id.digest()).then_some(id.digest()));
        Ok(found)
    }

    /// Nodes that have no place yet, children first, each with the objects of its documents.
    fn nodes(&self, root: Digest, pool: &Pool, found: &mut Vec<(Digest, Vec<Digest>)>) -> Result<(), ReadError> {
        if self.placed.contains(&root) {
            return Ok(());
        }
        match &*pool.node(root)? {
            Node::Leaf { entries } => found.push((root, entries.values().flat_map(|entry| entry.objects()).collect())),
            Node::Fan { fan, .. } => {
                // All that is lacking is said at once.
                ReadError::all(fan.values().filter(|child| !self.placed.contains(child)).map(|child| pool.node(*child)))?;
                for child in fan.values() {
                    self.nodes(*child, pool, found)?;
                }
                found.push((root, Vec::new()));
            }
        }
        Ok(())
    }
}
