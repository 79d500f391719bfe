//! Backdrops: everything of a picture that is neither people nor weather, for a camera that stands still.

use engine::EngineError;
use tiny_skia::{Color, Pixmap};

use super::camera::Camera;
use super::glow::glow;
use super::pixels::{lay_coarse, lay_over};
use super::pixmap;
use super::scenery::Scenery;

/// A backdrop as pixels.
#[derive(Debug)]
pub(crate) struct Backdrop {
    /// The sky and what is far; opaque.
    pub(crate) far: Pixmap,
    /// The ground and what is near.
    pub(crate) near: Option<Pixmap>,
    /// Glow of lamps and the darkening of corners, coarse.
    pub(crate) light: Option<Pixmap>,
    /// The three on each other.
    pub(crate) whole: Pixmap,
    /// What is in front of the plane of action.
    pub(crate) foreground: Option<Pixmap>,
}

impl Backdrop {
    /// One colour.
    pub(crate) fn plain(camera: &Camera, colour: bible::Colour) -> Result<Self, EngineError> {
        let mut far = pixmap(camera.canvas)?;
        far.fill(Color::from_rgba8(colour.red, colour.green, colour.blue, 255));
        Ok(Self { whole: far.clone(), far, near: None, light: None, foreground: None })
    }

    /// A set as the camera sees it.
    pub(crate) fn of_set(scenery: &Scenery, camera: &Camera) -> Result<Self, EngineError> {
        let mut far = pixmap(camera.canvas)?;
        far.fill(Color::BLACK);
        let mut near = pixmap(camera.canvas)?;
        let mut foreground = pixmap(camera.canvas)?;
        scenery.paint(camera, [&mut far, &mut near, &mut foreground])?;
        let light = glow(scenery, camera, &|_, _| 1.0)?;
        let mut whole = far.clone();
        lay_over(&mut whole, &near);
        lay_coarse(&mut whole, &light);
        let seen = foreground.data().iter().any(|byte| *byte != 0);
        Ok(Self { far, near: Some(near), light: Some(light), whole, foreground: seen.then_some(foreground) })
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let optional = [&self.near, &self.light, &self.foreground];
        self.far.data().len() + self.whole.data().len() + optional.into_iter().flatten().map(|pixmap| pixmap.data().len()).sum::<usize>()
    }
}
