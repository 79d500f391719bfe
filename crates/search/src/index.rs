//! The index: every vector, and the graph where there is one.

use std::path::Path;

use crate::SearchError;
use crate::graph::{Building, Graph, Sidecar};
use crate::matrix::{BATCH, Matrix, Rounded};
use crate::nearest::{Best, Near, normalised};
use crate::row_set::RowSet;

/// Where looking at every vector ends and walking the graph begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Up to so many rows are looked at one by one, which finds everything.
    pub scan: usize,
    /// So many rows may be outside of the graph before it is due to be extended.
    pub tail: usize,
    /// Rows that a walk may ask the filter about before every row is looked at instead.
    pub walk: usize,
    /// Candidates that a walk holds: more find more and take longer.
    pub expansion: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { scan: 100_000, tail: 50_000, walk: 8_000, expansion: 128 }
    }
}

/// Vectors by rising id, and what finds the nearest among them.
pub struct Index {
    limits: Limits,
    matrix: Matrix,
    dimensions: usize,
    ids: Vec<u64>,
    hasher: blake3::Hasher,
    graph: Option<Graph>,
    /// What the folder's graph is of, until that many rows are there to be compared.
    awaited: Option<(Sidecar, std::path::PathBuf)>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("rows", &self.len())
            .field("dimensions", &self.dimensions)
            .field("graph", &self.graph)
            .finish_non_exhaustive()
    }
}

impl Index {
    /// An index without a graph.
    #[must_use]
    pub fn new(dimensions: usize, limits: Limits) -> Self {
        Self {
            limits,
            matrix: Matrix::new(dimensions),
            dimensions,
            ids: Vec::new(),
            hasher: blake3::Hasher::new(),
            graph: None,
            awaited: None,
        }
    }

    /// An index that takes up the graph of a folder once the vectors are there that it is of.
    #[must_use]
    pub fn beside(folder: &Path, dimensions: usize, limits: Limits) -> Self {
        let awaited = Sidecar::read(folder).filter(|sidecar| sidecar.dimensions == dimensions).map(|sidecar| (sidecar, folder.to_owned()));
        Self { awaited, ..Self::new(dimensions, limits) }
    }

    /// Adds a vector of any length but zero; only its direction counts. Ids rise.
    ///
    /// # Errors
    /// [`SearchError::Length`] and [`SearchError::Order`].
    pub fn push(&mut self, id: u64, vector: &[f32]) -> Result<(), SearchError> {
        let vector = self.fitting(vector)?;
        if let Some(last) = self.ids.last().copied().filter(|last| *last >= id) {
            return Err(SearchError::Order { id, last });
        }
        self.hasher.update(&id.to_le_bytes());
        for value in &vector {
            self.hasher.update(&value.to_le_bytes());
        }
        self.matrix.push(&vector);
        self.ids.push(id);
        if self.awaited.as_ref().is_some_and(|(sidecar, _)| sidecar.rows == self.ids.len())
            && let Some((sidecar, folder)) = self.awaited.take()
            && sidecar.vectors == self.digest()
        {
            // A graph that cannot be opened is one that is not there: it is built again.
            self.graph = Graph::open(&folder, &sidecar, self.limits).ok();
        }
        Ok(())
    }

    /// A vector's direction as the index holds it; a vector of zeros is far from everything.
    fn fitting(&self, vector: &[f32]) -> Result<Vec<f32>, SearchError> {
        if vector.len() != self.dimensions {
            return Err(SearchError::Length { got: vector.len(), expected: self.dimensions });
        }
        Ok(Self::fitted(vector))
    }

    /// A vector as [`Building::add`] takes it: of length 1, or all zeros.
    #[must_use]
    pub fn fitted(vector: &[f32]) -> Vec<f32> {
        normalised(vector).unwrap_or_else(|| vec![0.0; vector.len()])
    }

    fn digest(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }

    /// Vectors in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.matrix.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id of a row.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn id(&self, row: u32) -> u64 {
        self.ids[row as usize]
    }

    /// The ids of all rows.
    #[must_use]
    pub fn ids(&self) -> &[u64] {
        &self.ids
    }

    /// The graph, where there is one.
    #[must_use]
    pub const fn graph(&self) -> Option<&Graph> {
        self.graph.as_ref()
    }

    /// Whether a graph should be built or extended: without, searches that allow many rows take longer and longer.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let outside = self.len() - self.graph.as_ref().map_or(0, Graph::rows);
        self.len() > self.limits.scan && outside > self.limits.tail
    }

    /// Begins to build the graph of all rows, or to extend the one that is there. The rows from
    /// [`Building::next_row`] on are to be added to what comes back.
    ///
    /// # Errors
    /// [`SearchError::Graph`] when there is no memory for it.
    pub fn begin(&self, folder: &Path) -> Result<Building, SearchError> {
        Building::begin(folder, (self.dimensions, self.len()), self.digest(), self.graph.as_ref(), self.limits)
    }

    /// Takes up a graph that was begun here.
    pub fn take_up(&mut self, graph: Graph) {
        if graph.rows() <= self.len() {
            self.graph = Some(graph);
        }
    }

    /// The `count` nearest rows that are allowed, the nearest first.
    ///
    /// All of them where at most [`Limits::scan`] are allowed or there is no graph, as near as rounded vectors tell; nearly all
    /// otherwise. Ask for a few more than are needed and compare those by the vectors themselves.
    ///
    /// # Errors
    /// [`SearchError::Length`], and [`SearchError::Graph`] when the graph cannot be walked.
    pub fn nearest(&self, vector: &[f32], allowed: Option<&RowSet>, count: usize) -> Result<Vec<Near>, SearchError> {
        let vector = self.fitting(vector)?;
        let rounded = Rounded::of(&vector);
        let among = allowed.map_or_else(|| self.len(), RowSet::count);
        let walked = match &self.graph {
            Some(graph) if among > self.limits.scan && count > 0 => {
                graph.nearest(&vector, allowed, count, self.limits)?.map(|near| (near, graph.rows()))
            }
            _ => None,
        };
        let (known, from) = walked.unwrap_or_default();
        let mut best = Best::new(count);
        // Compared by the same rounded vectors as the rest, so that both parts are in one order.
        known.into_iter().for_each(|near| best.show(self.near(near.row, &rounded)));
        match allowed {
            None => self.look_at((from..self.len()).map(|row| row as u32), &rounded, &mut best),
            Some(allowed) => {
                let rows = allowed.rows().filter(|row| (*row as usize) >= from && (*row as usize) < self.len());
                self.look_at(rows, &rounded, &mut best);
            }
        }
        Ok(best.into_sorted())
    }

    /// Compares rows one by one.
    fn look_at(&self, rows: impl Iterator<Item = u32>, rounded: &Rounded, best: &mut Best) {
        let mut rows = rows.fuse();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            batch.clear();
            batch.extend(rows.by_ref().take(BATCH));
            if batch.is_empty() {
                return;
            }
            self.matrix.fetch(&batch);
            batch.iter().for_each(|row| best.show(self.near(*row, rounded)));
        }
    }

    fn near(&self, row: u32, rounded: &Rounded) -> Near {
        Near { row, similarity: self.matrix.similarity(row, rounded) }
    }
}
