//! The show as data: bible, story and the laws between them.
//!
//! This crate is the heart of Echo Studio. It parses what people write by hand (YAML and Fountain),
//! gives it meaning (typed traits, story time, resolution of a character at a moment) and says what
//! was read to answer a question. It is pure: no files, no database, no HTTP, no images, no async, no
//! clock and no randomness. It may not know about any other crate of the workspace.
//!
//! ```
//! use bible::{Colour, StoryTime};
//!
//! let red: Colour = "#c8102e".parse().unwrap();
//! assert_eq!(red.to_string(), "#c8102e");
//! let dusk: StoryTime = "S01E02.05".parse().unwrap();
//! assert!(dusk < "S01E02.05.003".parse().unwrap());
//! ```

pub mod casting;
pub mod character;
pub mod colour;
pub mod diff;
pub mod digest;
pub mod fdx;
pub mod fountain;
pub mod gate;
pub mod id;
pub mod lint;
pub mod place;
pub mod project;
pub mod rate;
pub mod render;
pub mod resolve;
pub mod schema;
pub mod shot_list;
pub mod source;
pub mod story;
pub mod story_time;
pub mod version;
mod word_or;

pub use character::Character;
pub use colour::{Colour, Tones};
pub use digest::Digest;
pub use gate::Gate;
pub use id::Slug;
pub use place::{Location, Prop};
pub use project::Project;
pub use rate::FrameRate;
pub use story_time::StoryTime;
