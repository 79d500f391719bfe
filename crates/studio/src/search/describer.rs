//! What turns a picture into numbers that can be compared.

use std::fmt::Debug;

use bible::Slug;
use consistency::likeness_vector;
use engine::picture::{PartMap, Raster};

/// A character in a picture whose part map says where they are.
#[derive(Debug, Clone, Copy)]
pub struct Figure<'a> {
    /// The map.
    pub map: &'a PartMap,
    /// Who.
    pub owner: &'a Slug,
}

/// Why there is no vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDescribed {
    /// There is nothing in the picture that could be compared, now or later.
    Nothing,
    /// What describes pictures does not work.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What turns pictures into vectors. The same picture always becomes the same vector.
pub trait Describer: Debug + Send + Sync {
    /// Its name and version: vectors of another one cannot be compared with its own.
    fn model(&self) -> &str;

    /// Numbers in a vector.
    fn length(&self) -> usize;

    /// What is near each other by it, and what it cannot tell, as a sentence.
    fn finds(&self) -> &str;

    /// The vector of a picture, or of one figure in it.
    ///
    /// # Errors
    /// [`NotDescribed`], which says whether trying again could help.
    fn describe(&self, image: &Raster, figure: Option<Figure<'_>>) -> Result<Vec<f32>, NotDescribed>;
}

/// Colours and layout, as [`likeness_vector`] has them: needs no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColoursAndLayout;

impl Describer for ColoursAndLayout {
    fn model(&self) -> &str {
        likeness_vector::MODEL
    }

    fn length(&self) -> usize {
        likeness_vector::LENGTH
    }

    fn finds(&self) -> &str {
        "pictures in the same colours and of the same layout; it cannot tell who somebody is"
    }

    fn describe(&self, image: &Raster, figure: Option<Figure<'_>>) -> Result<Vec<f32>, NotDescribed> {
        let vector = match figure {
            Some(Figure { map, owner }) => likeness_vector::of_figure(image, map, owner),
            None => likeness_vector::of_picture(image),
        };
        vector.ok_or(NotDescribed::Nothing)
    }
}
