//! Clips: a shot in motion, frame by frame.

use std::sync::Arc;

use bible::story::Move;
use engine::brief::ClipBrief;
use engine::picture::Raster;
use engine::{EngineError, Frame};
use tiny_skia::Pixmap;

use super::backdrop::Backdrop;
use super::camera::Camera;
use super::cast::{Cel, Look, Standing};
use super::glow::glow;
use super::pixels::{Plate, fade_to_black, lay_at, lay_coarse, lay_over, straight};
use super::pixmap;
use super::random::{scramble, unit};
use super::scenery::{Part, Plates, Scenery};
use super::set::Lamp;
use super::shot::{Shot, moved};
use super::still::{corner, whole};
use super::timing::{Drawing, Track, camera_progress, walks};
use super::weather::{self, Depth};

/// Frames for which a lamp keeps its brightness.
const FLICKER: u32 = 3;

/// Frames for which what falls stays where it is: on twos.
const FALL: u32 = 2;

/// Bytes of painted cels that are kept for when the same drawing comes again.
const KEPT_CELS: usize = 9 << 20;

/// Pictures that are kept for when the same moment comes again (a mouth opens and closes).
const KEPT_FRAMES: usize = 2;

/// The length of a step as a share of standing height.
const STEP: f64 = 0.4;

/// Frames of a step of someone who walks without going anywhere.
const USUAL_STEP: f64 = 12.0;

/// Everything that makes one frame look as it does. Equal moments are the same picture.
#[derive(Debug, Clone, PartialEq)]
struct Moment {
    /// The frame, while the camera moves.
    camera: Option<u32>,
    drawings: Vec<Drawing>,
    /// Millimetres right of the set's middle.
    places: Vec<i64>,
    flicker: u32,
    weather: u32,
    /// Of 256.
    brightness: u32,
}

/// The place that the camera moves through, or stands in.
enum Ground {
    /// The camera stands still.
    Still {
        backdrop: Arc<Backdrop>,
        /// Far and near without the glow, when the glow flickers.
        unlit: Option<Pixmap>,
    },
    /// The camera moves over layers that were drawn once.
    Moving { scenery: Arc<Scenery>, plates: Plates },
    /// The camera moves, and there is only a colour.
    Colour(bible::Colour),
}

/// A painted cel and what it was painted for.
struct KeptCel {
    item: usize,
    drawing: Option<Drawing>,
    look: Look,
    painted: Option<Arc<Painted>>,
    bytes: usize,
}

enum Painted {
    Whole(Cel),
    Sampled(Plate),
}

impl Painted {
    /// Bytes that it takes.
    fn bytes(&self) -> usize {
        match self {
            Self::Whole(cel) => cel.pixmap.data().len(),
            Self::Sampled(plate) => plate.bytes(),
        }
    }
}

/// The frames of a clip.
pub(crate) struct Clip<'a> {
    shot: Shot<'a>,
    brief: &'a ClipBrief,
    ground: Ground,
    tracks: Vec<Track>,
    /// Length of each actor's steps in what they wear, as a share of the usual.
    strides: Vec<f64>,
    /// Props and actors from the farthest to the nearest.
    order: Vec<Item>,
    flickers: bool,
    next: u32,
    failed: bool,
    cels: Vec<KeptCel>,
    recent: Vec<(Moment, Arc<Raster>)>,
}

#[derive(Debug, Clone, Copy)]
enum Item {
    Actor(usize),
    Prop(usize),
}

impl<'a> Clip<'a> {
    /// Prepares a clip. `still` gives the backdrop of a camera that stands still.
    pub(crate) fn new(
        shot: Shot<'a>,
        brief: &'a ClipBrief,
        still: impl FnOnce(&Shot<'a>) -> Result<Arc<Backdrop>, EngineError>,
    ) -> Result<Self, EngineError> {
        let actors = &brief.picture.actors;
        if brief.performances.len() != actors.len() {
            return Err(EngineError::Impossible {
                reason: format!("{} performances for {} actors; there must be one for each", brief.performances.len(), actors.len()),
            });
        }
        for pose in brief.performances.iter().flat_map(|performance| &performance.beats).filter_map(|beat| beat.pose.as_ref()) {
            shot.catalogue.data::<crate::pose::Pose>("pose", pose)?;
        }
        let base = shot.staging.camera;
        let middle = f64::from(base.canvas.width) / 2.0;
        let tracks: Vec<Track> = actors
            .iter()
            .zip(&brief.performances)
            .enumerate()
            .map(|(index, (actor, performance))| {
                let [x, depth] = shot.staging.places[index];
                let start = base.project(x, 0.0, depth)[0] / middle - 1.0;
                Track::new(actor, performance, start, brief.frames, brief.rate, scramble(brief.seed, index as u64))
            })
            .collect();
        let strides = actors.iter().map(|actor| crate::figure::step(shot.catalogue, &actor.figure)).collect::<Result<_, _>>()?;
        let moves = brief.camera.kind != Move::Static && brief.camera.amount != 0.0 && brief.frames > 1;
        let flickers = shot.scenery.as_ref().is_some_and(|scenery| {
            scenery.light().lamps > 0.0
                && scenery.design().lamps.iter().any(|lamp| lamp.flicker > 0.0 && lamp.when.contains(scenery.time()))
        });
        let ground = match (&shot.scenery, moves) {
            (Some(scenery), true) => {
                let ends = [0.0, 0.5, 1.0].map(|share| moved(&shot.staging, brief.camera.kind, brief.camera.amount, share));
                Ground::Moving { plates: scenery.plates(&ends)?, scenery: Arc::clone(scenery) }
            }
            (None, true) => match brief.picture.backdrop {
                engine::brief::Backdrop::Plain { colour } => Ground::Colour(colour),
                engine::brief::Backdrop::Set { .. } => {
                    return Err(EngineError::Impossible { reason: "a set without scenery".to_owned() });
                }
            },
            (_, false) => {
                let backdrop = still(&shot)?;
                let unlit = flickers.then(|| {
                    let mut unlit = backdrop.far.clone();
                    if let Some(near) = &backdrop.near {
                        lay_over(&mut unlit, near);
                    }
                    unlit
                });
                Ground::Still { backdrop, unlit }
            }
        };
        let mut order: Vec<(f64, Item)> = (0..actors.len()).map(|index| (shot.staging.places[index][1], Item::Actor(index))).collect();
        order.extend((0..brief.picture.props.len()).map(|index| (shot.prop_place(index)[2], Item::Prop(index))));
        order.reverse();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        order.retain(|(depth, _)| base.sees(*depth));
        let order = order.into_iter().map(|(_, item)| item).collect();
        Ok(Self { shot, brief, ground, tracks, strides, order, flickers, next: 0, failed: false, cels: Vec::new(), recent: Vec::new() })
    }

    fn moves(&self) -> bool {
        !matches!(self.ground, Ground::Still { .. })
    }

    fn moment(&self, frame: u32) -> Moment {
        let drawings = self.tracks.iter().enumerate().map(|(index, track)| track.drawing(frame, self.steps(index, frame)));
        let places = self.tracks.iter().enumerate().map(|(index, track)| {
            let depth = self.shot.staging.places[index][1];
            (self.shot.world_x(track.x(frame), depth) * 1_000.0).round() as i64
        });
        Moment {
            camera: self.moves().then_some(frame),
            drawings: drawings.collect(),
            places: places.collect(),
            flicker: if self.flickers { frame / FLICKER } else { 0 },
            weather: if weather::moves(self.shot.weather) { frame / FALL } else { 0 },
            brightness: self.brightness(frame),
        }
    }

    /// Steps a frame of an actor, so that the feet keep up with the way.
    fn steps(&self, index: usize, frame: u32) -> f64 {
        let actor = &self.brief.picture.actors[index];
        let scale = self.shot.staging.camera.scale(self.shot.staging.places[index][1]);
        let metres = self.tracks[index].pace(frame) * f64::from(self.brief.picture.canvas.width) / 2.0 / scale;
        if metres == 0.0 {
            1.0 / USUAL_STEP
        } else {
            (metres / (STEP * self.strides[index] * actor.figure.height_cm / 100.0)).clamp(1.0 / 18.0, 1.0 / 6.0)
        }
    }

    /// Brightness of a frame in 1/256: fades from and to black.
    fn brightness(&self, frame: u32) -> u32 {
        let share = |done: u32, of: u32| if of == 0 { 256 } else { (u64::from(done) * 256 / u64::from(of)).min(256) as u32 };
        share(frame, self.brief.fade_in).min(share(self.brief.frames - 1 - frame, self.brief.fade_out))
    }

    fn camera(&self, frame: u32) -> Camera {
        let camera = self.brief.camera;
        moved(&self.shot.staging, camera.kind, camera.amount, camera_progress(camera, frame, self.brief.frames))
    }

    fn paint(&mut self, moment: &Moment, frame: u32) -> Result<Raster, EngineError> {
        let camera = if self.moves() { self.camera(frame) } else { self.shot.staging.camera };
        let canvas = self.brief.picture.canvas;
        let seconds = self.brief.rate.seconds(u64::from(moment.weather * FALL));
        let seed = self.brief.seed;
        let mut image = self.ground(&camera, moment)?;
        if weather::moves(self.shot.weather) {
            weather::draw(&mut image, canvas, self.shot.weather, &self.shot.light, Depth::Behind, seconds, seed);
        }
        for position in 0..self.order.len() {
            self.lay_item(position, moment, &camera, &mut image)?;
        }
        match &self.ground {
            Ground::Still { backdrop, .. } => {
                if let Some(foreground) = &backdrop.foreground {
                    lay_over(&mut image, foreground);
                }
            }
            Ground::Moving { scenery, plates } => scenery.draw(Part::Foreground, plates, &camera, &mut image),
            Ground::Colour(_) => {}
        }
        if weather::moves(self.shot.weather) {
            weather::draw(&mut image, canvas, self.shot.weather, &self.shot.light, Depth::Before, seconds, seed);
        }
        if moment.brightness < 256 {
            fade_to_black(&mut image, moment.brightness);
        }
        Ok(straight(image))
    }

    fn ground(&self, camera: &Camera, moment: &Moment) -> Result<Pixmap, EngineError> {
        let seed = scramble(self.brief.seed, 77);
        let flicker = |index: usize, lamp: &Lamp| {
            if moment.flicker == 0 {
                return 1.0;
            }
            let at = |step: u32| unit(seed, (index as u64) << 32 | u64::from(step)) * 2.0 - 1.0;
            1.0 + lamp.flicker * (0.6 * at(moment.flicker) + 0.4 * at(moment.flicker - 1))
        };
        match &self.ground {
            Ground::Still { backdrop, unlit } => match (unlit, &self.shot.scenery) {
                (Some(unlit), Some(scenery)) if moment.flicker > 0 => {
                    let mut image = unlit.clone();
                    lay_coarse(&mut image, &glow(scenery, camera, &flicker)?);
                    Ok(image)
                }
                _ => Ok(backdrop.whole.clone()),
            },
            Ground::Moving { scenery, plates } => {
                let mut image = pixmap(camera.canvas)?;
                image.fill(tiny_skia::Color::BLACK);
                scenery.draw(Part::Far, plates, camera, &mut image);
                scenery.draw(Part::Near, plates, camera, &mut image);
                lay_coarse(&mut image, &glow(scenery, camera, &flicker)?);
                Ok(image)
            }
            Ground::Colour(colour) => Ok(Backdrop::plain(camera, *colour)?.whole),
        }
    }

    fn lay_item(&mut self, position: usize, moment: &Moment, camera: &Camera, image: &mut Pixmap) -> Result<(), EngineError> {
        let item = self.order[position];
        let (place, actor, drawing) = match item {
            Item::Actor(index) => {
                let x = moment.places[index] as f64 / 1_000.0;
                ([x, 0.0, self.shot.staging.places[index][1]], Some(index), Some(&moment.drawings[index]))
            }
            Item::Prop(index) => (self.shot.prop_place(index), None, None),
        };
        let look = self.shot.look(actor, place);
        let Some(painted) = self.painted(position, drawing, &look, place)? else { return Ok(()) };
        let [x, y, depth] = place;
        match &*painted {
            Painted::Whole(cel) => {
                let [left, top] = corner(cel, whole(camera.project(x, y, depth)));
                lay_at(image, &cel.pixmap, left, top);
            }
            Painted::Sampled(plate) => {
                let [across, down] = camera.project(x, y, depth);
                plate.draw(image, camera.scale(depth) / self.sharpest().scale(depth), across, down);
            }
        }
        Ok(())
    }

    /// The camera of the clip that sees things largest.
    fn sharpest(&self) -> Camera {
        let camera = self.brief.camera;
        match camera.kind {
            Move::ZoomIn => moved(&self.shot.staging, camera.kind, camera.amount, 1.0),
            Move::ZoomOut => moved(&self.shot.staging, camera.kind, camera.amount, 0.0),
            _ => self.shot.staging.camera,
        }
    }

    fn painted(
        &mut self,
        position: usize,
        drawing: Option<&Drawing>,
        look: &Look,
        place: [f64; 3],
    ) -> Result<Option<Arc<Painted>>, EngineError> {
        if let Some(at) = self.cels.iter().position(|kept| kept.item == position && kept.drawing.as_ref() == drawing && kept.look == *look)
        {
            // Most recently used last.
            let kept = self.cels.remove(at);
            let painted = kept.painted.clone();
            self.cels.push(kept);
            return Ok(painted);
        }
        let standing = match (self.order[position], drawing) {
            (Item::Actor(index), Some(drawing)) => self.shot.figure(index, drawing)?,
            (Item::Actor(_), None) => return Ok(None),
            (Item::Prop(index), _) => Standing::prop(self.shot.catalogue, &self.brief.picture.props[index])?,
        };
        let camera = self.sharpest();
        let anchor = whole(camera.project(place[0], place[1], place[2]));
        let scale = camera.scale(place[2]);
        // As much around the frame as camera and actor will move.
        let (width, height) = (f64::from(camera.canvas.width), f64::from(camera.canvas.height));
        let goes = match self.order[position] {
            Item::Actor(index) => self.tracks[index].stations().map(f64::abs).fold(0.0, f64::max) + 0.6,
            Item::Prop(_) => 0.0,
        };
        let walks_on = drawing.is_some_and(|drawing| walks(&drawing.pose))
            || self.brief.performances.iter().any(|performance| performance.beats.iter().any(|beat| beat.x.is_some()));
        let amount = if self.moves() { self.brief.camera.amount.abs() } else { 0.0 };
        let nearness = (self.shot.staging.camera.scale(place[2]) / self.shot.staging.camera.scale(0.0)).max(1.0);
        let margin = [width * (amount * nearness + if walks_on { goes } else { 0.0 }) + 4.0, height * amount * nearness + 4.0];
        let cel = standing.paint(look, scale, self.shot.window(anchor, margin), false);
        let painted = cel.map(|cel| {
            Arc::new(if self.moves() {
                let origin = cel.corner.map(f64::from);
                Painted::Sampled(Plate::new(cel.pixmap, origin, 1.0))
            } else {
                Painted::Whole(cel)
            })
        });
        let bytes = painted.as_ref().map_or(0, |painted| painted.bytes());
        self.cels.push(KeptCel { item: position, drawing: drawing.cloned(), look: *look, painted: painted.clone(), bytes });
        while self.cels.len() > 1 && self.cels.iter().map(|kept| kept.bytes).sum::<usize>() > KEPT_CELS {
            self.cels.remove(0);
        }
        Ok(painted)
    }
}

impl Iterator for Clip<'_> {
    type Item = Result<Frame, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.next >= self.brief.frames {
            return None;
        }
        let first = self.next;
        let moment = self.moment(first);
        self.next += 1;
        while self.next < self.brief.frames && self.moment(self.next) == moment {
            self.next += 1;
        }
        let hold = self.next - first;
        if let Some((_, image)) = self.recent.iter().find(|(seen, _)| *seen == moment) {
            return Some(Ok(Frame { image: Arc::clone(image), hold }));
        }
        match self.paint(&moment, first) {
            Ok(raster) => {
                let image = Arc::new(raster);
                if !self.moves() {
                    if self.recent.len() == KEPT_FRAMES {
                        self.recent.remove(0);
                    }
                    self.recent.push((moment, Arc::clone(&image)));
                }
                Some(Ok(Frame { image, hold }))
            }
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}
