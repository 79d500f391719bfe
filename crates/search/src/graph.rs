//! The graph of neighbours and its file.
//!
//! Beside the file lies `graph.json`, which says of which vectors the graph is and what the file's bytes hash to. It is written
//! last and points at the file by name, so a process that ends in the middle leaves the graph before. A graph counts only
//! when it is of the very vectors that are there.

use std::cell::Cell;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use usearch::{IndexOptions, MetricKind, ScalarKind};

use crate::nearest::Near;
use crate::row_set::RowSet;
use crate::{Limits, SearchError};

/// Neighbours of a node; twice as many on the lowest level (Malkov & Yashunin 2018, section 4.1: 5 to 48).
const CONNECTIVITY: usize = 16;
/// Candidates that are held while a node is added.
const EXPANSION_ADD: usize = 96;
/// Rows that are added one after the other. Rows that are added at the same moment do not see each other; in a small graph
/// that leaves groups which no walk from elsewhere comes to.
const ALONE: usize = 1_024;
/// Searches that may walk one graph at the same time.
const WALKERS: usize = 64;
const SIDECAR: &str = "graph.json";

/// What `graph.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sidecar {
    /// Version of this form.
    format: u32,
    pub(crate) dimensions: usize,
    /// The first so many rows are in the graph.
    pub(crate) rows: usize,
    /// BLAKE3 of their ids and vectors.
    pub(crate) vectors: String,
    /// The file beside this one.
    file: String,
    /// BLAKE3 of the file.
    bytes: String,
}

impl Sidecar {
    const FORMAT: u32 = 1;

    /// What lies in a folder; none when there is nothing that can be used.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let sidecar: Self = serde_json::from_slice(&fs::read(folder.join(SIDECAR)).ok()?).ok()?;
        let plain = !sidecar.file.contains(['/', '\\']);
        (sidecar.format == Self::FORMAT && plain).then_some(sidecar)
    }
}

fn native(dimensions: usize, limits: Limits) -> Result<usearch::Index, SearchError> {
    let options = IndexOptions {
        dimensions,
        // Of vectors of length 1, so this orders as the cosine does.
        metric: MetricKind::IP,
        quantization: ScalarKind::BF16,
        connectivity: CONNECTIVITY,
        expansion_add: EXPANSION_ADD,
        expansion_search: limits.expansion,
        multi: false,
    };
    usearch::Index::new(&options).map_err(|error| SearchError::graph("making")(error.to_string()))
}

/// A graph of the first rows of an index, read from its file as it is needed.
pub struct Graph {
    native: usearch::Index,
    path: PathBuf,
    rows: usize,
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("path", &self.path).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Graph {
    /// Opens the graph that a sidecar points at, after reading the whole file once to see that it is the one that was written.
    pub(crate) fn open(folder: &Path, sidecar: &Sidecar, limits: Limits) -> Result<Self, SearchError> {
        let path = folder.join(&sidecar.file);
        if hash(&path)? != sidecar.bytes {
            return Err(SearchError::OtherFile { path });
        }
        let native = native(sidecar.dimensions, limits)?;
        let refused = |error: String| SearchError::graph("opening")(error);
        native.view(&path.to_string_lossy()).map_err(|error| refused(error.to_string()))?;
        native.reserve_capacity_and_threads(sidecar.rows, WALKERS).map_err(|error| refused(error.to_string()))?;
        native.change_expansion_search(limits.expansion);
        if native.size() != sidecar.rows || native.dimensions() != sidecar.dimensions {
            return Err(SearchError::OtherFile { path });
        }
        Ok(Self { native, path, rows: sidecar.rows })
    }

    /// Rows that are in it: the first so many of its index.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The nearest rows that are allowed; none when the walk met so many that are not that looking at every row is quicker.
    pub(crate) fn nearest(
        &self,
        vector: &[f32],
        allowed: Option<&RowSet>,
        count: usize,
        limits: Limits,
    ) -> Result<Option<Vec<Near>>, SearchError> {
        let refused = |error: String| SearchError::graph("searching")(error);
        let found = match allowed {
            None => self.native.search(vector, count).map_err(|error| refused(error.to_string()))?,
            Some(allowed) => {
                let left = Cell::new(limits.walk);
                // The library asks of every row on its way and goes on until it has enough. When the walk has become too
                // long, everything is allowed, so that it ends; what it found then counts for nothing.
                let allows = |row: u64| match left.get() {
                    0 => true,
                    some => {
                        left.set(some - 1);
                        u32::try_from(row).is_ok_and(|row| allowed.contains(row))
                    }
                };
                let found = self.native.filtered_search(vector, count, allows).map_err(|error| refused(error.to_string()))?;
                if left.get() == 0 {
                    return Ok(None);
                }
                found
            }
        };
        let near = |(row, distance): (u64, f32)| Some(Near { row: u32::try_from(row).ok()?, similarity: 1.0 - distance });
        Ok(Some(found.keys.into_iter().zip(found.distances).filter_map(near).collect()))
    }
}

/// A graph that is being built or extended.
pub struct Building {
    native: usearch::Index,
    folder: PathBuf,
    limits: Limits,
    sidecar: Sidecar,
    added: usize,
}

impl std::fmt::Debug for Building {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Building").field("sidecar", &self.sidecar).field("added", &self.added).finish_non_exhaustive()
    }
}

impl Building {
    /// Begins where a graph ends, or from nothing.
    pub(crate) fn begin(
        folder: &Path,
        (dimensions, rows): (usize, usize),
        vectors: String,
        from: Option<&Graph>,
        limits: Limits,
    ) -> Result<Self, SearchError> {
        let refused = |error: String| SearchError::graph("building")(error);
        let native = native(dimensions, limits)?;
        if let Some(graph) = from {
            native.load(&graph.path.to_string_lossy()).map_err(|error| refused(error.to_string()))?;
        }
        let threads = rayon::current_num_threads() + 1;
        native.reserve_capacity_and_threads(rows, threads).map_err(|error| refused(error.to_string()))?;
        // What the file was written with does not stay when it is loaded.
        native.change_expansion_add(EXPANSION_ADD);
        let added = from.map_or(0, Graph::rows);
        let sidecar = Sidecar { format: Sidecar::FORMAT, dimensions, rows, vectors, file: String::new(), bytes: String::new() };
        Ok(Self { native, folder: folder.to_owned(), limits, sidecar, added })
    }

    /// The first row that is not in it yet.
    #[must_use]
    pub const fn next_row(&self) -> usize {
        self.added
    }

    /// The rows that it will have.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.sidecar.rows
    }

    /// Adds the next rows, on every core once there are some.
    ///
    /// # Errors
    /// [`SearchError::Length`], and [`SearchError::Graph`] when there is no memory.
    pub fn add(&mut self, vectors: &[Vec<f32>]) -> Result<(), SearchError> {
        let expected = self.sidecar.dimensions;
        if let Some(wrong) = vectors.iter().find(|vector| vector.len() != expected) {
            return Err(SearchError::Length { got: wrong.len(), expected });
        }
        let (first, native) = (self.added, &self.native);
        let add = |(index, vector): (usize, &Vec<f32>)| {
            native.add((first + index) as u64, vector.as_slice()).map_err(|error| SearchError::graph("building")(error.to_string()))
        };
        let alone = ALONE.saturating_sub(first).min(vectors.len());
        vectors[..alone].iter().enumerate().try_for_each(add)?;
        vectors.par_iter().enumerate().skip(alone).try_for_each(add)?;
        self.added += vectors.len();
        Ok(())
    }

    /// Writes the graph and makes it the folder's; graphs before go.
    ///
    /// # Errors
    /// [`SearchError::File`], and [`SearchError::Graph`] when rows are missing or it cannot be written.
    pub fn finish(mut self) -> Result<Graph, SearchError> {
        if self.added != self.sidecar.rows {
            return Err(SearchError::graph("building")(format!("{} of {} rows were added", self.added, self.sidecar.rows)));
        }
        fs::create_dir_all(&self.folder).map_err(SearchError::file("making", &self.folder))?;
        let partial = self.folder.join(format!("{}.partial", std::process::id()));
        self.native.save(&partial.to_string_lossy()).map_err(|error| SearchError::graph("writing")(error.to_string()))?;
        self.sidecar.bytes = hash(&partial)?;
        self.sidecar.file = format!("{:.32}.usearch", self.sidecar.bytes);
        let path = self.folder.join(&self.sidecar.file);
        fs::rename(&partial, &path).map_err(SearchError::file("writing", &path))?;
        let json = serde_json::to_vec_pretty(&self.sidecar).unwrap_or_default();
        let (described, new) = (self.folder.join(SIDECAR), self.folder.join(format!("{}.json.partial", std::process::id())));
        fs::write(&new, json).map_err(SearchError::file("writing", &new))?;
        fs::rename(&new, &described).map_err(SearchError::file("writing", &described))?;
        // Whoever has an old file open keeps it; a file that cannot be deleted only takes room.
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(".usearch") && *name != *self.sidecar.file {
                drop(fs::remove_file(entry.path()));
            }
        }
        Graph::open(&self.folder, &self.sidecar, self.limits)
    }
}

fn hash(path: &Path) -> Result<String, SearchError> {
    let mut file = fs::File::open(path).map_err(SearchError::file("reading", path))?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(SearchError::file("reading", path))? {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            some => hasher.update(&buffer[..some]),
        };
    }
}
