//! The built-in engine: draws characters, places and things from part files, on a CPU.
//!
//! Everything it draws is data (`parts/`, `poses/`, `builds/`, `sets/`); see `parts/README.md`.
//! This crate may not know the bible of a project, where pictures are stored or what they are judged by.
//!
//! ```
//! use layout::part::{Catalogue, View};
//!
//! let catalogue = Catalogue::built_in();
//! let error = catalogue.part("hair", &"no-such-hair".parse()?).unwrap_err();
//! assert!(error.to_string().starts_with("there is no hair named `no-such-hair`"));
//! assert_eq!(View::named("three-quarter"), Some(View::ThreeQuarter));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod body;
mod catalogue;
pub mod cel;
pub mod creature;
pub mod figure;
mod head;
pub mod held;
pub mod ink;
pub mod layout_engine;
pub mod palette;
pub mod part;
pub mod pose;
pub mod pose_map;
pub mod skeleton;
pub mod stage;
mod svg;
pub mod worn;
mod yaml;

pub use layout_engine::LayoutEngine;
pub use pose_map::pose_map;
