//! Echo, the director: from a script to shots, and from shots to briefs.
//!
//! Everything here follows from rules and tables (`rules/`): no model, no network, no chance. The same
//! script and bible always give the same shots. [`load`] reads a whole project, [`breakdown`] turns one
//! script into scenes and shots, and [`Director`] says for each shot what is to be drawn.
//! This crate may not know who draws, where pictures are kept or what a picture costs.
//!
//! ```
//! use bible::source::SourceTree;
//!
//! let tree = SourceTree::from([
//!     ("project.yaml", "slug: tiny\ntitle: Tiny\n"),
//!     ("bible/characters/mei.yaml", "name: Mei\nvisual_traits: { build: teen, height_cm: 158 }\ncolour_model: { hair: \"#2b2f4a\" }\n"),
//!     ("bible/locations/road.yaml", "name: Road\nset: street\n"),
//!     ("episodes/s01e01/script.fountain", "EXT. ROAD - NIGHT\n\nMEI\n(smiling)\nThey're early this year.\n"),
//! ]);
//! let loaded = director::load(&tree).unwrap();
//! let shots: Vec<String> = loaded.project.episodes[0].shots().map(|(_, shot)| shot.framing.to_string()).collect();
//! assert_eq!(shots, ["extreme-long", "medium"]);
//! ```

mod acting;
mod breakdown;
mod brief;
#[cfg(test)]
mod fixture;
mod load;
pub mod mouth;
mod names;
mod place;
pub mod prompt;
pub mod timing;

pub use breakdown::breakdown;
pub use brief::sheet::{SHEET_BACKDROP, SHEET_CANVAS, SheetPicture, SheetSlot, sheet};
pub use brief::{BriefError, Director};
pub use load::{Loaded, load};
