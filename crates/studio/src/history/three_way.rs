//! Two trees and the one that both came from, made one: only documents that both sides changed are read.

use std::collections::{BTreeMap, BTreeSet};

use bible::Digest;
use bible::source::nearest;
use bible::version::{
    CommitId, Conflict, Document, DocumentPath, Entry, Merged, ReadError, Resolutions, Written, ancestry, merge_with, tree,
};

use super::HistoryError;
use super::session::Session;

/// What came of two trees.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Joined {
    /// The tree. Where there is a conflict without a choice, our side stands.
    pub(super) tree: Digest,
    /// What is not resolved.
    pub(super) conflicts: Vec<Conflict>,
}

impl Session<'_> {
    /// Merges what `theirs` changed since `base` into `ours`.
    pub(super) async fn three_way(
        &mut self,
        base: Digest,
        ours: Digest,
        theirs: Digest,
        resolutions: &Resolutions,
    ) -> Result<Joined, HistoryError> {
        let (left, right) = self.read(|pool| Ok((tree::differences(base, ours, pool)?, tree::differences(base, theirs, pool)?))).await?;
        let mut edits: BTreeMap<DocumentPath, Option<Entry>> = BTreeMap::new();
        let mut both: BTreeMap<DocumentPath, [Option<Entry>; 3]> = BTreeMap::new();
        for (path, (was, theirs)) in right {
            match left.get(&path) {
                None => drop(edits.insert(path, theirs)),
                Some((_, ours)) if *ours == theirs => {}
                Some((_, ours)) => drop(both.insert(path, [was, *ours, theirs])),
            }
        }
        let [base_files, our_files, their_files] = self.files_of(&both).await?;
        let merged = merge_with(&base_files, &our_files, &their_files, resolutions);
        if !resolutions.is_empty() {
            all_are_asked_for(resolutions, &merge_with(&base_files, &our_files, &their_files, &Resolutions::new()))?;
        }
        for path in both.into_keys() {
            let file = path.file();
            let entry = match merged.snapshot.get(&file) {
                None => None,
                Some(bytes) => {
                    let (_, document) = Document::of_file(&file, bytes)
                        .map_err(|error| HistoryError::Resolution { path: file.clone(), reason: error.to_string() })?;
                    Some(Entry::write(&document, &mut self.pool).map_err(HistoryError::Json)?)
                }
            };
            edits.insert(path, entry);
        }
        Ok(Joined { tree: self.edited(ours, &edits).await?, conflicts: merged.conflicts })
    }

    /// The files of documents on each of three sides.
    async fn files_of(&mut self, documents: &BTreeMap<DocumentPath, [Option<Entry>; 3]>) -> Result<[Written; 3], HistoryError> {
        let wanted: BTreeSet<Digest> = documents.values().flatten().flatten().flat_map(Entry::objects).collect();
        let unknown = wanted.into_iter().filter(|id| self.pool.get(*id).is_none()).collect();
        self.load(unknown).await?;
        self.read(|pool| {
            let mut sides = [Written::default(), Written::default(), Written::default()];
            for (path, entries) in documents {
                for (side, entry) in sides.iter_mut().zip(entries) {
                    if let Some(entry) = entry {
                        side.insert(&path.file(), entry.read(pool)?.to_bytes().to_vec());
                    }
                }
            }
            Ok::<_, ReadError>(sides)
        })
        .await
    }

    /// Where two commits parted.
    pub(super) async fn bases_of(&mut self, ours: CommitId, theirs: CommitId) -> Result<Vec<CommitId>, HistoryError> {
        self.read(|pool| ancestry::merge_bases(ours, theirs, pool)).await
    }

    /// The tree that two commits came from.
    pub(super) async fn base_of(&mut self, ours: CommitId, theirs: CommitId) -> Result<Digest, HistoryError> {
        let bases = self.bases_of(ours, theirs).await?;
        self.tree_of(&bases).await
    }

    /// The tree that two commits came from, by where they parted: that of their common ancestor; where they have several, because branches
    /// were merged into each other crosswise, these merged; the empty tree where they share nothing.
    pub(super) async fn tree_of(&mut self, bases: &[CommitId]) -> Result<Digest, HistoryError> {
        let Some((&first, rest)) = bases.split_first() else {
            return self.empty_tree();
        };
        let mut tree = self.read(|pool| pool.commit(first)).await?.tree;
        for &other in rest {
            let older = Box::pin(self.base_of(first, other)).await?;
            let other = self.read(|pool| pool.commit(other)).await?.tree;
            tree = self.three_way(older, tree, other, &Resolutions::new()).await?.tree;
        }
        Ok(tree)
    }
}

/// A choice for a conflict that is not there is a slip of the pen, and is not passed over.
fn all_are_asked_for(resolutions: &Resolutions, unresolved: &Merged) -> Result<(), HistoryError> {
    let known = || unresolved.conflicts.iter().map(|conflict| conflict.path.as_str());
    match resolutions.keys().find(|path| !known().any(|known| known == path.as_str())) {
        None => Ok(()),
        Some(path) => Err(HistoryError::NoSuchConflict { path: path.clone(), nearest: nearest(path, known()).map(str::to_owned) }),
    }
}
