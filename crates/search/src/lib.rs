//! The nearest of many vectors, among those that a filter allows.
//!
//! An [`Index`] holds every vector rounded to a byte a number, and looks at all that are allowed while those are few: that
//! finds everything. Where more than [`Limits::scan`] are allowed, it walks a graph of neighbours (HNSW, by `usearch`)
//! that was built before and lies in a folder as a file. The file is worth time only: without it, everything is found by
//! looking at every vector, and it is built again from the vectors. This crate may not know what the vectors are of, or
//! where they are kept.
//!
//! ```
//! use search::{Index, Limits, RowSet};
//!
//! let mut index = Index::new(3, Limits::default());
//! for (id, vector) in [(10, [1.0, 0.0, 0.0]), (11, [0.8, 0.6, 0.0]), (12, [0.0, 0.0, 1.0])] {
//!     index.push(id, &vector).unwrap();
//! }
//! let nearest = index.nearest(&[1.0, 0.0, 0.0], None, 2).unwrap();
//! assert_eq!(nearest.iter().map(|near| index.id(near.row)).collect::<Vec<_>>(), [10, 11]);
//! let allowed = RowSet::of(index.len(), [1, 2]);
//! assert_eq!(index.nearest(&[1.0, 0.0, 0.0], Some(&allowed), 1).unwrap()[0].row, 1);
//! ```

mod error;
mod graph;
mod index;
mod matrix;
mod nearest;
mod row_set;

pub use error::SearchError;
pub use graph::{Building, Graph};
pub use index::{Index, Limits};
pub use nearest::{Near, normalised};
pub use row_set::RowSet;
