//! A shot: the set, the light, the camera and where everyone stands, before anything is painted.

use std::sync::Arc;

use bible::story::{Composition, Facing, Move, Weather};
use engine::EngineError;
use engine::brief::{Backdrop as BackdropBrief, PictureBrief};
use kurbo::Rect;

use super::camera::Camera;
use super::cast::{self, Look, Standing, pen, subject};
use super::framing::{Staging, pitch, stage};
use super::glow::lamplight;
use super::light::Light;
use super::scenery::Scenery;
use super::set::Drawn;
use super::timing::{Drawing, walks};
use crate::figure::FigureArt;
use crate::part::Catalogue;

/// How dark someone seen from behind at the edge of an over-the-shoulder shot is.
const NEAR_SHOULDER_GAIN: f32 = 0.5;

/// A place that is only a colour: as large as it takes, seen from the height of a chest.
const NOWHERE: Drawn =
    Drawn { size: [4000.0, 2000.0], centre: 2000.0, horizon: 1000.0, per_metre: 60.0, distance: 9.0, height: 1.2, widest: 2400.0 };

/// What is in the picture and where.
#[derive(Debug)]
pub(crate) struct Shot<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) brief: &'a PictureBrief,
    pub(crate) scenery: Option<Arc<Scenery>>,
    pub(crate) light: Light,
    pub(crate) weather: Weather,
    pub(crate) staging: Staging,
    /// Each actor's first drawing, which staging needs and which is painted most.
    stills: Vec<FigureArt>,
}

impl<'a> Shot<'a> {
    /// Places the camera and the actors. `scenery` is none before a plain colour.
    pub(crate) fn new(catalogue: &'a Catalogue, brief: &'a PictureBrief, scenery: Option<Arc<Scenery>>) -> Result<Self, EngineError> {
        let light = scenery.as_ref().map_or_else(Light::studio, |scenery| scenery.light().clone());
        let weather = match &brief.backdrop {
            BackdropBrief::Set { weather, .. } if scenery.as_ref().is_some_and(|scenery| !scenery.design().indoors) => *weather,
            BackdropBrief::Set { .. } | BackdropBrief::Plain { .. } => Weather::Clear,
        };
        let drawn = scenery.as_ref().map_or(NOWHERE, |scenery| scenery.design().drawn);
        let mut subjects = Vec::with_capacity(brief.actors.len());
        let mut stills = Vec::with_capacity(brief.actors.len());
        for (index, actor) in brief.actors.iter().enumerate() {
            let facing = facing(brief, index, actor.facing);
            let art = cast::actor(catalogue, actor, &still(actor), facing, pitch(brief.angle))?;
            subjects.push(subject(&art, actor, facing));
            stills.push(art);
        }
        let staging = stage(&subjects, brief.framing, brief.angle, brief.composition, &drawn, brief.canvas);
        Ok(Self { catalogue, brief, scenery, light, weather, staging, stills })
    }

    /// An actor as drawn.
    pub(crate) fn figure(&self, index: usize, drawing: &Drawing) -> Result<Standing, EngineError> {
        let actor = &self.brief.actors[index];
        if *drawing == still(actor) {
            return Ok(Standing::figure(self.stills[index].clone()));
        }
        let facing = facing(self.brief, index, drawing.facing);
        Ok(Standing::figure(cast::actor(self.catalogue, actor, drawing, facing, pitch(self.brief.angle))?))
    }

    /// Where a prop stands or hangs: metres right of the middle, above the ground, behind the plane of action.
    pub(crate) fn prop_place(&self, index: usize) -> [f64; 3] {
        let prop = &self.brief.props[index];
        [self.world_x(prop.x, prop.depth), prop.height, prop.depth]
    }

    /// Metres right of the middle for a place across the frame.
    pub(crate) fn world_x(&self, x: f64, depth: f64) -> f64 {
        self.staging.camera.x_at(f64::from(self.brief.canvas.width) / 2.0 * (1.0 + x), depth)
    }

    /// The light on someone (or, without an index, something) at a place.
    pub(crate) fn look(&self, actor: Option<usize>, [x, y, depth]: [f64; 3]) -> Look {
        let camera = &self.staging.camera;
        let mut gain = self.light.gain;
        let mut rim = self.light.rim;
        if let Some(scenery) = &self.scenery {
            let (lamps, side) = lamplight(scenery, [x, y + 1.1, depth]);
            for (gain, lamp) in gain.iter_mut().zip(lamps) {
                *gain = (*gain + lamp).min(1.0);
            }
            if let Some(rim) = &mut rim
                && side.abs() > 0.15
                && self.light.lamps > 0.9
            {
                rim.from = side;
            }
        }
        if actor == Some(1) && self.brief.composition == Composition::OverTheShoulder {
            gain = gain.map(|gain| gain * NEAR_SHOULDER_GAIN);
        }
        // Rounded, so that a step to the side is the same light.
        let gain = gain.map(|gain| (gain * 64.0).round() / 64.0);
        let tilt = (camera.height / (camera.distance + depth)).clamp(0.1, 0.5);
        Look {
            gain,
            rim,
            contact: self.light.contact,
            tilt,
            pen: pen(&self.brief.style, camera),
            shadow_amount: self.brief.style.shadow_amount,
        }
    }

    /// The frame, in pixels from a point; larger by `margin` on each side.
    pub(crate) fn window(&self, anchor: [f64; 2], margin: [f64; 2]) -> Rect {
        let canvas = self.brief.canvas;
        Rect::new(0.0, 0.0, f64::from(canvas.width), f64::from(canvas.height)).inflate(margin[0], margin[1])
            - kurbo::Vec2::new(anchor[0], anchor[1])
    }
}

/// The first drawing of an actor.
pub(crate) fn still(actor: &engine::brief::Actor) -> Drawing {
    Drawing {
        pose: actor.pose.clone(),
        from: None,
        stride: walks(&actor.pose).then_some(0),
        expression: actor.expression,
        facing: actor.facing,
        eyes: super::timing::Eyes::Open,
        mouth: engine::brief::MouthShape::Closed,
        breath: 0,
    }
}

/// Which way an actor is seen: the near one of an over-the-shoulder shot from behind.
fn facing(brief: &PictureBrief, index: usize, facing: Facing) -> Facing {
    if index == 1 && brief.composition == Composition::OverTheShoulder { Facing::Back } else { facing }
}

/// The camera of a shot at a share (0 to 1) of its move. Pans, tilts and tracks have the brief's picture in
/// their middle; a zoom in begins with it and a zoom out ends with it.
pub(crate) fn moved(staging: &Staging, kind: Move, amount: f64, share: f64) -> Camera {
    let base = staging.camera;
    let (width, height) = (f64::from(base.canvas.width), f64::from(base.canvas.height));
    let away = amount * (share - 0.5);
    match kind {
        Move::Static => base,
        Move::PanLeft => Camera { axis: base.axis + width * away, ..base },
        Move::PanRight => Camera { axis: base.axis - width * away, ..base },
        Move::TiltUp => Camera { horizon: base.horizon + height * away, ..base },
        Move::TiltDown => Camera { horizon: base.horizon - height * away, ..base },
        Move::TrackLeft => Camera { x: base.x - width * away / base.scale(0.0), ..base },
        Move::TrackRight => Camera { x: base.x + width * away / base.scale(0.0), ..base },
        Move::ZoomIn | Move::ZoomOut => {
            let grown = if kind == Move::ZoomIn { share } else { 1.0 - share };
            let factor = 1.0 + amount * grown;
            // Towards what the picture is about, without carrying it to the very middle.
            let middle = [width / 2.0, height / 2.0];
            let still: [f64; 2] =
                std::array::from_fn(|axis| middle[axis] + (staging.focus[axis].clamp(0.0, middle[axis] * 2.0) - middle[axis]) * 0.8);
            Camera {
                focal: base.focal * factor,
                axis: still[0] + (base.axis - still[0]) * factor,
                horizon: still[1] + (base.horizon - still[1]) * factor,
                ..base
            }
        }
    }
}
