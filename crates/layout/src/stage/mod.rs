//! The stage: places, light, weather, camera, and people put together into pictures and clips.
//!
//! A set ([`set`]) is drawn once per shot as [`scenery`]; a [`camera`] decides what of it is seen; people are painted
//! between its layers in its [`light`].

pub(crate) mod backdrop;
pub mod camera;
mod cast;
pub(crate) mod clip;
mod drawing;
pub mod framing;
mod glow;
pub mod light;
mod pixels;
mod random;
pub mod scenery;
pub mod set;
pub(crate) mod shot;
pub(crate) mod still;
pub mod timing;
mod weather;

use bible::Slug;
use bible::project::Canvas;
use bible::story::{TimeOfDay, Weather};
use engine::EngineError;
use engine::picture::Raster;
use tiny_skia::Pixmap;

use crate::part::Catalogue;
use camera::Camera;
use scenery::{Part, Scenery};

/// A set without people, in its widest framing.
///
/// # Errors
/// When there is no such set, one of its files is broken, or the canvas has no area.
pub fn empty_set(catalogue: &Catalogue, set: &Slug, time: TimeOfDay, weather: Weather, canvas: Canvas) -> Result<Raster, EngineError> {
    let scenery = Scenery::build(catalogue, set, &std::collections::BTreeMap::new(), time, weather)?;
    let camera = widest(&scenery, canvas);
    let mut frame = pixmap(canvas)?;
    let plates = scenery.plates(&[camera])?;
    scenery.draw(Part::Far, &plates, &camera, &mut frame);
    scenery.draw(Part::Near, &plates, &camera, &mut frame);
    pixels::lay_coarse(&mut frame, &glow::glow(&scenery, &camera, &|_, _| 1.0)?);
    scenery.draw(Part::Foreground, &plates, &camera, &mut frame);
    Ok(pixels::straight(frame))
}

/// The camera that a set was drawn for.
pub(crate) fn widest(scenery: &Scenery, canvas: Canvas) -> Camera {
    let drawn = scenery.design().drawn;
    let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
    let scale = width / drawn.widest;
    Camera {
        canvas,
        x: 0.0,
        height: drawn.height,
        distance: drawn.distance,
        focal: scale * drawn.per_metre * drawn.distance,
        axis: width / 2.0,
        horizon: framing::drawn_horizon(&drawn, scale, height),
    }
}

pub(crate) fn pixmap(canvas: Canvas) -> Result<Pixmap, EngineError> {
    Pixmap::new(canvas.width, canvas.height).ok_or_else(|| EngineError::Impossible {
        reason: format!("a canvas of {} x {} pixels; both sides must be above 0", canvas.width, canvas.height),
    })
}
