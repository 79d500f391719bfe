//! What is true of a character at a point of the story.
//!
//! A character's arc cuts the story into segments: between two arc entries nothing about them changes.
//! A [`Timeline`] holds the segments, each resolved once; asking for a story time is then a binary search.
//! Everything that depends on a character alone can be memoised by (character, look, segment).
//!
//! ```
//! use bible::resolve::Timeline;
//!
//! let mei: bible::Character = serde_json::from_value(serde_json::json!({
//!     "name": "Mei",
//!     "visual_traits": { "build": "teen", "height_cm": 158.0 },
//!     "colour_model": { "hair": "#2b2f4a" },
//!     "wardrobe": { "school": {}, "festival": {} },
//!     "look": "school",
//!     "arc": [{ "at": "S01E01.03", "changes": { "look": "festival", "colour_model": { "hair": "#7a2b3a" } } }],
//! })).unwrap();
//! let timeline = Timeline::of(&"mei".parse().unwrap(), &mei).unwrap();
//! let before = timeline.at("S01E01.02".parse().unwrap(), None).unwrap();
//! let after = timeline.at("S01E01.03.001".parse().unwrap(), None).unwrap();
//! assert_eq!(before.look.as_ref().unwrap().as_str(), "school");
//! assert_eq!(after.look.as_ref().unwrap().as_str(), "festival");
//! assert_eq!(after.character.colour_model["hair"].base.to_string(), "#7a2b3a");
//! ```

mod changes;
mod figure;
pub mod merge_patch;
mod reads;
mod timeline;

pub use changes::{Tie, TieStretch, Turn, between, turns};
pub use figure::{FigureInputs, figure_inputs};
pub use reads::{Read, Reads};
pub use timeline::{LookError, Origin, ResolvedCharacter, Segment, Timeline, TimelineError, Timelines};
