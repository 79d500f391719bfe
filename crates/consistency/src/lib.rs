//! Is this picture what the bible says? Measured, never guessed.
//!
//! A [`Measure`] looks at a [`Subject`] (a decoded picture, its part map, the colours that are asked for)
//! and says what it found, or that it could not tell. [`judge`] weighs the measurements against the
//! project's gate and gives a [`Verdict`] with its reasons and evidence. The same bytes always get the
//! same verdict. This crate is pure: it may not know of files, databases, engines that draw, or time.
//!
//! ```
//! use consistency::{ColourModel, Measure, Score, Subject, Technical, judge};
//! use engine::picture::Raster;
//!
//! let picture = Raster { width: 64, height: 36, rgba: [120, 130, 140, 255].repeat(64 * 36) };
//! let subject = Subject::new(&picture);
//! let verdict = judge(vec![Technical::default().report(&subject), ColourModel::default().report(&subject)], Score::AT_TOLERANCE);
//! assert_eq!(verdict.reasons[0].code, "blank");
//! assert_eq!(verdict.score, None, "nobody measured its colours, so nobody claims a score");
//! ```

pub mod agreement;
mod assignment;
pub mod attributes;
mod boxes;
pub mod calibration;
mod census;
pub mod clip;
pub mod colour;
mod decode;
mod edges;
pub mod expression;
pub mod film;
pub mod fingerprint;
mod gate;
pub mod glance;
mod heat;
mod light;
pub mod likeness_vector;
pub mod linework;
pub mod measure;
pub mod palette_overlap;
pub mod sameness;
mod score;
pub mod segmented;
mod softened;
pub mod structure;
pub mod style;
pub mod technical;
#[cfg(test)]
mod testing;
mod tolerance;
pub mod verdict;
mod whole_part;

pub use agreement::{Agreement, agreement};
pub use assignment::assignment;
pub use attributes::Attributes;
pub use boxes::{BoxKind, FoundBox};
pub use calibration::Calibration;
pub use clip::{ClipLimits, ClipMeter, ClipOrder};
pub use colour::ColourModel;
pub use decode::{LONGEST_SIDE, Unreadable, decode};
pub use expression::Expressions;
pub use film::{FilmMeter, FilmOrder, undecodable_film};
pub use fingerprint::Fingerprint;
pub use gate::Gate;
pub use glance::{Glance, Join};
pub use heat::HeatError;
pub use linework::Linework;
pub use measure::{ExpectedPart, Finding, Layout, Measure, Measurement, Other, Outcome, Region, Severity, Subject};
pub use palette_overlap::{Palette, PaletteOverlap};
pub use sameness::{Likeness, Sameness};
pub use score::{NotAScore, Score};
pub use segmented::SegmentedColours;
pub use structure::Structure;
pub use style::{Style, StyleProfile};
pub use technical::{Technical, undecodable};
pub use tolerance::Tolerances;
pub use verdict::{Reason, Status, Verdict, judge, judge_calibrated};
