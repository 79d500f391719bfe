//! Cels: flat coloured shapes and ink lines that know which colour slot they belong to.

use std::sync::Arc;

use bible::Colour;
use kurbo::{Affine, BezPath};

/// The slot of lines that have the show's outer line colour rather than that of a part.
pub const OUTLINE: &str = "line";

/// The slot of shapes that the colour model does not know (white of an eye, a blush).
pub const FIXED: &str = "fixed";

/// One shape of a drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Its outline (fills) or course (ink).
    pub path: BezPath,
    /// The slot of the colour model: `hair`, `iris.left`, `yukata.main`; [`OUTLINE`] and [`FIXED`] besides.
    pub slot: Arc<str>,
    /// How it is painted.
    pub paint: Paint,
    /// The layer inside its part, such as `back` or `front`.
    pub layer: Option<Arc<str>>,
}

/// How a mark is painted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Paint {
    /// Filled flat in a tone of the slot. A base fill also gets the outer line, behind its group.
    Fill(Tone),
    /// A base fill without an outer line of its own: a piece that runs on into another.
    Bare,
    /// The outer line along an open path, behind its group; goes with [`Paint::Bare`].
    Contour,
    /// A line along the path that thins towards open ends.
    Ink {
        /// Width where it is thickest, in the units of the path.
        weight: f64,
    },
    /// Filled in a colour of the part's own.
    Fixed {
        /// The colour.
        colour: Colour,
        /// 0 clear to 1 opaque.
        alpha: f64,
    },
}

/// A tone of a cel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// In the light.
    Base,
    /// In shadow.
    Shadow,
    /// Where the material shines.
    Highlight,
}

impl Mark {
    /// A flat fill.
    #[must_use]
    pub fn fill(path: BezPath, slot: &Arc<str>, tone: Tone) -> Self {
        Self { path, slot: Arc::clone(slot), paint: Paint::Fill(tone), layer: None }
    }

    /// An ink line.
    #[must_use]
    pub fn ink(path: BezPath, slot: &Arc<str>, weight: f64) -> Self {
        Self { path, slot: Arc::clone(slot), paint: Paint::Ink { weight }, layer: None }
    }

    /// The mark elsewhere. Line weights follow the transform's mean scale.
    #[must_use]
    pub fn transformed(&self, transform: Affine) -> Self {
        let mut mark = self.clone();
        mark.transform(transform);
        mark
    }

    /// Moves the mark. Line weights follow the transform's mean scale.
    pub fn transform(&mut self, transform: Affine) {
        self.path.apply_affine(transform);
        if let Paint::Ink { weight } = &mut self.paint {
            *weight *= mean_scale(transform);
        }
    }

    /// Whether the mark is a fill that gets the outer line all around.
    #[must_use]
    pub fn is_base(&self) -> bool {
        self.paint == Paint::Fill(Tone::Base)
    }
}

/// How much a transform enlarges lengths, averaged over directions.
#[must_use]
pub fn mean_scale(transform: Affine) -> f64 {
    transform.determinant().abs().sqrt()
}

/// The mirror image at x = 0.
pub const MIRROR: Affine = Affine::new([-1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

/// Marks elsewhere.
#[must_use]
pub fn transformed(marks: &[Mark], transform: Affine) -> Vec<Mark> {
    marks.iter().map(|mark| mark.transformed(transform)).collect()
}

/// Gives marks other slots, such as `main` → `yukata.main`. Lines of the outer colour and fixed marks keep theirs.
pub fn rename_slots(marks: &mut [Mark], name: impl Fn(&str) -> Option<Arc<str>>) {
    for mark in marks {
        if &*mark.slot != OUTLINE
            && &*mark.slot != FIXED
            && let Some(renamed) = name(&mark.slot)
        {
            mark.slot = renamed;
        }
    }
}

/// The marks of one layer.
pub fn of_layer<'a>(marks: &'a [Mark], layer: &'a str) -> impl Iterator<Item = &'a Mark> {
    marks.iter().filter(move |mark| mark.layer.as_deref() == Some(layer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurbo::Shape;

    fn line() -> Mark {
        Mark::ink(kurbo::Line::new((0.0, 0.0), (10.0, 4.0)).to_path(0.1), &"skin".into(), 2.0)
    }

    #[test]
    fn a_line_grows_with_its_drawing() {
        let grown = line().transformed(Affine::scale(3.0));
        assert_eq!(grown.paint, Paint::Ink { weight: 6.0 });
        assert_eq!(grown.path.bounding_box(), kurbo::Rect::new(0.0, 0.0, 30.0, 12.0));
    }

    #[test]
    fn a_mirror_keeps_weights_and_swaps_sides() {
        let mirrored = line().transformed(MIRROR);
        assert_eq!(mirrored.paint, Paint::Ink { weight: 2.0 });
        assert_eq!(mirrored.path.bounding_box(), kurbo::Rect::new(-10.0, 0.0, 0.0, 4.0));
    }

    #[test]
    fn outer_lines_keep_their_slot_when_parts_are_renamed() {
        let mut marks = vec![line(), Mark { slot: OUTLINE.into(), ..line() }];
        rename_slots(&mut marks, |slot| Some(format!("coat.{slot}").into()));
        assert_eq!([&*marks[0].slot, &*marks[1].slot], ["coat.skin", OUTLINE]);
    }
}
