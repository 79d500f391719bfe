//! What is done otherwise when a picture is drawn again.

use bible::Slug;

use crate::picture::Raster;

/// How to draw a picture again after one that was not good enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// Which attempt this is, 1 for the picture as it is first drawn. Whatever is left to chance follows from it and the
    /// brief.
    pub attempt: u32,
    /// What has to be said more clearly.
    pub stress: Vec<NamedPart>,
    /// What alone is drawn anew; the whole picture where there is nothing.
    pub repaint: Option<Repaint>,
}

/// A part of somebody: `hair` of `mei`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamedPart {
    /// Whose: a character or prop.
    pub owner: Slug,
    /// Which part, as [`crate::picture::PartEntry::part`] names it.
    pub part: String,
}

/// A place in a picture that is drawn anew while the rest stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Repaint {
    /// The picture, with what is to be drawn over in that place. Of the canvas' size.
    pub picture: Raster,
    /// White where it is drawn anew, black where it stays. Of the canvas' size.
    pub mask: Raster,
}
