//! A set under one light: its layers ready to be drawn for any camera.

use std::collections::BTreeMap;

use bible::story::{TimeOfDay, Weather};
use bible::{Slug, Tones};
use engine::EngineError;
use tiny_skia::{Pixmap, Transform};
use usvg::Tree;

use super::camera::Camera;
use super::drawing::{Repaint, repaint};
use super::light::Light;
use super::pixels::{Plate, quads_mut};
use super::set::{LayerKind, SetDesign, sky};
use crate::part::Catalogue;

/// Metres behind the plane of action at which the sky hangs: far enough never to move against the horizon.
const SKY_DEPTH: f64 = 20_000.0;

/// Layers behind this depth (in metres) are the far part of the backdrop.
const FAR: f64 = 24.0;

/// Opening of the lens in metres: how soft things out of focus are. A picture taken at the distance that a set
/// was drawn for is sharp throughout; in a close-up the background melts.
const APERTURE: f64 = 0.009;

/// Blur in pixels of a 720-line frame below which a layer is drawn sharp.
const SHARP: f64 = 2.2;

/// Most pixels that one layer may take for a camera move; beyond, it is drawn coarser.
const MOST_PIXELS: f64 = 1_900_000.0;

/// A set under one light.
#[derive(Debug)]
pub struct Scenery {
    design: SetDesign,
    light: Light,
    time: TimeOfDay,
    boards: Vec<Board>,
}

/// A layer of the set, repainted for the light and parsed.
#[derive(Debug)]
struct Board {
    name: Slug,
    kind: LayerKind,
    depth: f64,
    tree: Tree,
    /// Pixels of the parsed drawing per unit of the set.
    unit: f64,
}

/// What cameras see of a layer, in units of the set.
struct View {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
    /// Pixels per unit.
    scale: f64,
    /// One camera sees it sharp, and no edge of the layer lies within the frame.
    as_seen: bool,
    /// It is out of focus.
    soft: bool,
}

/// Which part of a backdrop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The sky and what is far.
    Far,
    /// The ground and what is near, behind the plane of action.
    Near,
    /// What is in front of the plane of action.
    Foreground,
}

/// The layers of a set as pixels, for the cameras of one shot.
#[derive(Debug)]
pub(crate) struct Plates {
    plates: Vec<(usize, Plate)>,
}

impl Scenery {
    /// Reads a set and puts it under the light of a time and a weather.
    ///
    /// # Errors
    /// [`EngineError::UnknownPart`] when there is no such set, [`EngineError::BrokenPart`] when one of its files is broken.
    pub fn build(
        catalogue: &Catalogue,
        set: &Slug,
        colours: &BTreeMap<String, Tones>,
        time: TimeOfDay,
        weather: Weather,
    ) -> Result<Self, EngineError> {
        let design = design(catalogue, set)?;
        let light = design.light_at(time, weather);
        let daylight = Light::outdoors(time, weather);
        let mut boards = Vec::new();
        for layer in design.layers_at(time) {
            let path = layer_path(set, &layer.name, layer.kind, time, weather);
            let broken = |reason: String| EngineError::BrokenPart { path: path.clone(), reason };
            let bytes = catalogue.file(&path).ok_or_else(|| broken("the file is missing: it is the drawing of a layer".to_owned()))?;
            let text = std::str::from_utf8(&bytes).map_err(|error| broken(format!("it is no UTF-8 text: {error}")))?;
            let haze = if layer.kind == LayerKind::Floor { 0.0 } else { light.haze_at(layer.depth) };
            let clear = matches!(weather, Weather::Clear | Weather::Petals);
            let grade = |colour| match layer.kind {
                // Skies are painted for their hour; the overcast one for the day only.
                LayerKind::Sky if clear || time == TimeOfDay::Day => colour,
                LayerKind::Sky => light.grade(colour, 0.25),
                _ if layer.outside => daylight.grade(colour, haze),
                _ => light.grade(colour, haze),
            };
            let painted = repaint(text, &Repaint { time, drawn: &design.slots, wanted: colours, grade: &grade }).map_err(&broken)?;
            let tree = Tree::from_str(&painted, &usvg::Options::default()).map_err(|error| broken(format!("it is no SVG: {error}")))?;
            let unit = f64::from(tree.size().width()) / design.drawn.size[0];
            let depth = if layer.kind == LayerKind::Sky { SKY_DEPTH } else { layer.depth };
            boards.push(Board { name: layer.name.clone(), kind: layer.kind, depth, tree, unit });
        }
        Ok(Self { design, light, time, boards })
    }

    /// What the set says of itself.
    #[must_use]
    pub const fn design(&self) -> &SetDesign {
        &self.design
    }

    /// The light on it.
    #[must_use]
    pub const fn light(&self) -> &Light {
        &self.light
    }

    /// The time of day.
    #[must_use]
    pub const fn time(&self) -> TimeOfDay {
        self.time
    }

    /// Draws the layers that these cameras see, once, large and sharp enough for all of them.
    pub(crate) fn plates(&self, cameras: &[Camera]) -> Result<Plates, EngineError> {
        let mut plates = Vec::new();
        for (index, board) in self.boards.iter().enumerate() {
            if let Some(view) = self.view(board, cameras) {
                plates.push((index, board.plate(&view)?));
            }
        }
        Ok(Plates { plates })
    }

    /// Paints the backdrop for a camera that stands still: far, near and foreground.
    pub(crate) fn paint(&self, camera: &Camera, [far, near, foreground]: [&mut Pixmap; 3]) -> Result<(), EngineError> {
        let draught = self.design.drawn.draught();
        for (index, board) in self.boards.iter().enumerate() {
            let Some(view) = self.view(board, std::slice::from_ref(camera)) else { continue };
            let onto: &mut Pixmap = match self.part(index) {
                Part::Far => far,
                Part::Near => near,
                Part::Foreground => foreground,
            };
            if view.as_seen {
                // What is sharp and fills the frame needs no plate: it is drawn where it is seen.
                let placing = camera.place(&draught, board.depth);
                board.render([placing.x, placing.y], placing.scale, onto);
            } else {
                self.draw_plate(board, &board.plate(&view)?, camera, onto);
            }
        }
        Ok(())
    }

    /// What these cameras see of a layer; `None` when that is nothing.
    fn view(&self, board: &Board, cameras: &[Camera]) -> Option<View> {
        let draught = self.design.drawn.draught();
        let [full_width, full_height] = self.design.drawn.size;
        let (mut left, mut top, mut right, mut bottom) = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
        let (mut scale, mut blur): (f64, f64) = (0.0, f64::MAX);
        for camera in cameras.iter().filter(|camera| board.kind == LayerKind::Floor || camera.sees(board.depth)) {
            let (width, height) = (f64::from(camera.canvas.width), f64::from(camera.canvas.height));
            let mut include = |placing: super::camera::Placing, rows: [f64; 2]| {
                left = left.min(-placing.x / placing.scale);
                right = right.max((width - placing.x) / placing.scale);
                top = top.min(rows[0]);
                bottom = bottom.max(rows[1]);
            };
            if board.kind == LayerKind::Floor {
                let first = (camera.horizon + 0.5).max(0.5);
                for row in [first, height - 0.5] {
                    if let Some((unit, placing)) = camera.place_floor_row(&draught, row) {
                        include(placing, [unit - 2.0, unit + 2.0]);
                    }
                }
                if camera.horizon < height {
                    scale = scale.max(camera.place(&draught, 0.0).scale);
                    blur = 0.0;
                }
            } else {
                let placing = camera.place(&draught, board.depth);
                include(placing, [-placing.y / placing.scale, (height - placing.y) / placing.scale]);
                scale = scale.max(placing.scale);
                blur = blur.min(camera.blur(board.depth, APERTURE) * 720.0 / height);
            }
        }
        if scale == 0.0 {
            return None;
        }
        let still = cameras.len() == 1 && board.kind != LayerKind::Floor && blur <= SHARP;
        let inside = left >= 0.0 && right <= full_width && bottom <= full_height;
        let soft = (blur / SHARP).max(1.0);
        if !(still && inside) {
            // One unit more on each side for the neighbours that sampling mixes in.
            (left, right) = ((left - 1.0).max(0.0), (right + 1.0).min(full_width));
            (top, bottom) = ((top - 1.0).max(0.0), (bottom + 1.0).min(full_height));
            scale /= soft;
            scale *= (MOST_PIXELS / ((right - left) * (bottom - top) * scale * scale)).sqrt().min(1.0);
        }
        (right > left && bottom > top).then_some(View { left, top, right, bottom, scale, as_seen: still && inside, soft: soft > 1.0 })
    }

    /// Draws a part of the backdrop from plates that were made for this camera among others.
    pub(crate) fn draw(&self, part: Part, plates: &Plates, camera: &Camera, onto: &mut Pixmap) {
        for (index, plate) in plates.plates.iter().filter(|(index, _)| self.part(*index) == part) {
            self.draw_plate(&self.boards[*index], plate, camera, onto);
        }
    }

    /// Which part of the backdrop a layer belongs to.
    fn part(&self, index: usize) -> Part {
        let board = &self.boards[index];
        let floor = self.boards.iter().position(|board| board.kind == LayerKind::Floor).unwrap_or(usize::MAX);
        if board.kind != LayerKind::Floor && board.depth < 0.0 {
            Part::Foreground
        } else if index < floor && board.depth > FAR {
            Part::Far
        } else {
            Part::Near
        }
    }

    fn draw_plate(&self, board: &Board, plate: &Plate, camera: &Camera, onto: &mut Pixmap) {
        if board.kind == LayerKind::Floor {
            self.draw_floor(plate, camera, onto);
        } else if camera.sees(board.depth) {
            let placing = camera.place(&self.design.drawn.draught(), board.depth);
            plate.draw(onto, placing.scale, placing.x, placing.y);
        }
    }

    fn draw_floor(&self, plate: &Plate, camera: &Camera, onto: &mut Pixmap) {
        let draught = self.design.drawn.draught();
        let width = onto.width() as usize;
        for (row, target) in quads_mut(onto).chunks_exact_mut(width).enumerate() {
            let Some((unit, placing)) = camera.place_floor_row(&draught, row as f64 + 0.5) else { continue };
            // The depth of the row: unit = horizon + scale(depth) * height.
            let depth = draught.units_per_metre * draught.distance * draught.height / (unit - draught.horizon).max(1e-6) - draught.distance;
            let haze = (self.light.haze_at(depth) * 256.0).round() as u32;
            plate.draw_row(target, unit, placing.scale, placing.x, (self.light.haze.channels(), haze));
        }
    }
}

impl Board {
    /// The layer as pixels, large and sharp enough for a view of it.
    fn plate(&self, view: &View) -> Result<Plate, EngineError> {
        let size = |from: f64, to: f64| (((to - from) * view.scale - 1e-6).ceil().max(2.0)) as u32;
        let (width, height) = (size(view.left, view.right), size(view.top, view.bottom));
        let mut pixmap = Pixmap::new(width, height)
            .ok_or_else(|| EngineError::Impossible { reason: format!("the layer `{}` would take {width} x {height} pixels", self.name) })?;
        self.render([-view.left * view.scale, -view.top * view.scale], view.scale, &mut pixmap);
        if view.soft {
            soften(&mut pixmap);
        }
        Ok(Plate::new(pixmap, [view.left, view.top], view.scale))
    }

    /// Draws it at `scale` pixels per unit with unit 0 at a pixel.
    fn render(&self, at: [f64; 2], scale: f64, onto: &mut Pixmap) {
        let to_pixels = (scale / self.unit) as f32;
        let transform = Transform::from_row(to_pixels, 0.0, 0.0, to_pixels, at[0] as f32, at[1] as f32);
        resvg::render(&self.tree, transform, &mut onto.as_mut());
    }
}

/// Mixes each pixel with its neighbours: together with enlarging, the look of a lens out of focus.
fn soften(pixmap: &mut Pixmap) {
    let width = pixmap.width() as usize;
    let mixed = |before: [u8; 4], here: [u8; 4], after: [u8; 4]| {
        std::array::from_fn(|channel| mean(before[channel], here[channel], after[channel]))
    };
    let pixels = quads_mut(pixmap);
    for row in pixels.chunks_exact_mut(width) {
        let mut before = row[0];
        for x in 0..width {
            let here = row[x];
            row[x] = mixed(before, here, row[(x + 1).min(width - 1)]);
            before = here;
        }
    }
    let height = pixels.len() / width;
    let mut above = pixels[..width].to_vec();
    for y in 0..height {
        for x in 0..width {
            let here = pixels[y * width + x];
            let below = pixels[(y + 1).min(height - 1) * width + x];
            pixels[y * width + x] = mixed(above[x], here, below);
            above[x] = here;
        }
    }
}

fn mean(before: u8, here: u8, after: u8) -> u8 {
    ((u16::from(before) + 2 * u16::from(here) + u16::from(after) + 2) / 4) as u8
}

/// The `set.yaml` of a set.
///
/// # Errors
/// [`EngineError::UnknownPart`] with the nearest name, or [`EngineError::BrokenPart`].
pub fn design(catalogue: &Catalogue, set: &Slug) -> Result<SetDesign, EngineError> {
    let path = design_path(set);
    let Some(bytes) = catalogue.file(&path) else {
        let nearest = names(catalogue)
            .map(|known| (strsim::damerau_levenshtein(set.as_str(), known), known))
            .filter(|(distance, known)| *distance <= (known.len() / 2).max(2))
            .min()
            .map(|(_, known)| known.to_owned());
        return Err(EngineError::UnknownPart { category: "set".to_owned(), name: set.clone(), nearest });
    };
    SetDesign::read(&path, &bytes)
}

/// The names of all sets, in alphabetical order.
pub fn names(catalogue: &Catalogue) -> impl Iterator<Item = &str> {
    catalogue.files("sets/").filter_map(|path| path.strip_prefix("sets/")?.strip_suffix("/set.yaml"))
}

fn design_path(set: &Slug) -> String {
    format!("sets/{set}/set.yaml")
}

fn layer_path(set: &Slug, layer: &Slug, kind: LayerKind, time: TimeOfDay, weather: Weather) -> String {
    match kind {
        LayerKind::Sky => format!("sets/skies/{}.svg", sky(time, weather)),
        LayerKind::Board | LayerKind::Floor => format!("sets/{set}/{layer}.svg"),
    }
}

/// The files that a set consists of at a time in a weather.
///
/// # Errors
/// As [`design`].
pub fn files(catalogue: &Catalogue, set: &Slug, time: TimeOfDay, weather: Weather) -> Result<Vec<String>, EngineError> {
    let design = design(catalogue, set)?;
    let layers = design.layers_at(time).map(|layer| layer_path(set, &layer.name, layer.kind, time, weather));
    Ok(std::iter::once(design_path(set)).chain(layers).collect())
}
