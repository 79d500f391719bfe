//! The cast: actors and props as painted cels, with the light on them and the shade under them.

use bible::Slug;
use bible::story::Facing;
use engine::EngineError;
use engine::brief::{Actor, StandingProp, StyleBrief};
use engine::picture::PartEntry;
use kurbo::{Affine, Point, Rect, Vec2};
use tiny_skia::Pixmap;

use super::camera::Camera;
use super::framing::Subject;
use super::light::{Rim, lit};
use super::pixels::{quads, quads_mut};
use super::timing::{BREATHS, Drawing, WALK_PHASES};
use crate::cel::{FIXED, Mark, Paint};
use crate::creature::{self, build::AnyBuild};
use crate::figure::{self, Acting, FigureArt};
use crate::ink::{self, Canvas, PartLayer, Pen};
use crate::palette::Palette;
use crate::part::{Catalogue, View};
use crate::pose::{Pair, Pose};

/// The part map's entry for pixels that light changed: bright edges, drops in front of people.
pub(crate) const LIGHT_INDEX: u8 = 1;

/// Eyes above the base of the neck in head units, where a view does not show them.
const EYES_ABOVE_NECK: f64 = 54.0;

/// The top of the hair above the eyes, in head units.
const CROWN_ABOVE_EYES: f64 = 66.0;

/// Pixels beyond a figure's outline that its line and its edges may take, on a 720-line canvas.
const MARGIN: f64 = 7.0;

/// An actor or prop as pixels.
#[derive(Debug)]
pub(crate) struct Cel {
    /// Premultiplied pixels.
    pub(crate) pixmap: Pixmap,
    /// Where its upper left corner is, in pixels from the point on the ground where it stands.
    pub(crate) corner: [i32; 2],
    /// Which part each pixel shows, when that was asked for.
    pub(crate) parts: Option<Vec<u8>>,
}

/// Something drawn that stands at a point, ready to be painted.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Groups of marks with the palette of each, in figure units.
    groups: Vec<(usize, Vec<Mark>)>,
    palettes: Vec<(Slug, Palette)>,
    /// Metres to a unit.
    unit: f64,
    bounds: Rect,
    ground: Option<[f64; 2]>,
    joints: Option<[Option<Point>; 18]>,
}

/// How something is painted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    /// Gain per channel in linear light.
    pub(crate) gain: [f32; 3],
    /// A bright edge.
    pub(crate) rim: Option<Rim>,
    /// How dark the shade on the ground is.
    pub(crate) contact: f64,
    /// How flat the shade on the ground lies: its height per width.
    pub(crate) tilt: f64,
    /// The line.
    pub(crate) pen: Pen,
    /// How far shadows go.
    pub(crate) shadow_amount: f64,
}

/// The line of a show on a canvas.
pub(crate) fn pen(style: &StyleBrief, camera: &Camera) -> Pen {
    Pen { colour: style.line_colour, weight: style.line_weight, resolution: f64::from(camera.canvas.height) / 720.0 }
}

/// Draws an actor.
pub(crate) fn actor(catalogue: &Catalogue, actor: &Actor, drawing: &Drawing, facing: Facing, pitch: f64) -> Result<FigureArt, EngineError> {
    let breath = f64::from(drawing.breath) / f64::from(BREATHS);
    if let AnyBuild::Quadruped(build) = &*catalogue.data::<AnyBuild>("build", &actor.figure.build)? {
        let acting = creature::Acting {
            figure: &actor.figure,
            pose: drawing.pose.as_str(),
            from: drawing.from.as_ref().map(|(from, share)| (from.as_str(), f64::from(*share) / 100.0)),
            stride: drawing.stride.map(|phase| f64::from(phase % WALK_PHASES) / f64::from(WALK_PHASES)),
            facing,
            face: creature::Face { expression: drawing.expression, eyes: drawing.eyes, mouth: drawing.mouth },
            pitch,
            breath,
        };
        return creature::draw(catalogue, build, &acting);
    }
    let pose = pose(catalogue, drawing)?;
    let acting = Acting {
        figure: &actor.figure,
        pose: &pose,
        facing,
        holds: &actor.holds,
        pitch,
        breath,
        expression: drawing.expression,
        eyes: drawing.eyes,
        mouth: drawing.mouth,
    };
    figure::draw(catalogue, &acting)
}

/// The body of a drawing: a pose of the catalogue, one between two, or a phase of a walk.
fn pose(catalogue: &Catalogue, drawing: &Drawing) -> Result<Pose, EngineError> {
    let to = catalogue.data::<Pose>("pose", &drawing.pose)?;
    if let Some(phase) = drawing.stride {
        return Ok(stride(&to, phase));
    }
    match &drawing.from {
        Some((from, share)) => Ok(catalogue.data::<Pose>("pose", from)?.mixed(&to, f64::from(*share) / 100.0)),
        None => Ok((*to).clone()),
    }
}

/// A phase of a walk whose contact (one foot forward, both on the ground) is `contact`: from there over the other
/// side's contact and back. Half way between, the body is highest and the swinging leg is bent.
fn stride(contact: &Pose, phase: u8) -> Pose {
    let other = swapped(contact);
    let cycle = f64::from(phase % WALK_PHASES) / f64::from(WALK_PHASES);
    let there = cycle < 0.5;
    let share = if there { cycle * 2.0 } else { cycle * 2.0 - 1.0 };
    let (from, to) = if there { (contact, &other) } else { (&other, contact) };
    let mut pose = from.mixed(to, (1.0 - (share * std::f64::consts::PI).cos()) / 2.0);
    let passing = (share * std::f64::consts::PI).sin();
    // The leg that was behind swings through.
    let swinging = if from.legs.right.swing < from.legs.left.swing { &mut pose.legs.right } else { &mut pose.legs.left };
    swinging.knee += 38.0 * passing;
    swinging.swing += 12.0 * passing;
    swinging.foot += 8.0 * passing;
    pose
}

/// The same pose with left and right exchanged.
fn swapped(pose: &Pose) -> Pose {
    let turned =
        |rotation: crate::pose::Rotation| crate::pose::Rotation { bend: rotation.bend, turn: -rotation.turn, tilt: -rotation.tilt };
    Pose {
        pelvis: turned(pose.pelvis),
        spine: turned(pose.spine),
        chest: turned(pose.chest),
        neck: turned(pose.neck),
        head: turned(pose.head),
        arms: Pair { right: pose.arms.left.clone(), left: pose.arms.right.clone() },
        legs: Pair { right: pose.legs.left.clone(), left: pose.legs.right.clone() },
        ..pose.clone()
    }
}

/// What framing needs to know of a drawn actor.
pub(crate) fn subject(art: &FigureArt, actor: &Actor, facing: Facing) -> Subject {
    let unit = art.cm_per_unit / 100.0;
    let eyes: Vec<Point> = [14, 15].into_iter().filter_map(|joint| art.joints[joint]).collect();
    let eyes = if eyes.is_empty() {
        let neck = art.joints[1].unwrap_or(Point::new(0.0, art.bounds.y0 + CROWN_ABOVE_EYES + EYES_ABOVE_NECK));
        neck - Vec2::new(0.0, EYES_ABOVE_NECK)
    } else {
        let sum = eyes.iter().fold(Vec2::ZERO, |sum, eye| sum + eye.to_vec2());
        (sum / eyes.len() as f64).to_point()
    };
    let shoulders = match (art.joints[2], art.joints[5]) {
        (Some(right), Some(left)) => (right.x - left.x).abs() / 2.0 + 14.0,
        _ => 0.0,
    };
    Subject {
        height: actor.figure.height_cm / 100.0,
        head: 100.0 * unit,
        crown: (CROWN_ABOVE_EYES - eyes.y) * unit,
        eyes: -eyes.y * unit,
        half_width: shoulders.max(26.0) * unit,
        eyes_across: eyes.x * unit,
        facing,
        x: actor.x,
        depth: actor.depth,
    }
}

impl Standing {
    /// An actor.
    pub(crate) fn figure(art: FigureArt) -> Self {
        let ground = art.ground.iter().fold(None, |span: Option<[f64; 2]>, point| {
            Some(span.map_or([point.x, point.x], |[left, right]| [left.min(point.x), right.max(point.x)]))
        });
        Self {
            groups: art.groups.into_iter().map(|group| (group.owner, group.marks)).collect(),
            palettes: art.owners.into_iter().map(|owner| (owner.slug, owner.palette)).collect(),
            unit: art.cm_per_unit / 100.0,
            bounds: art.bounds,
            ground,
            joints: Some(art.joints),
        }
    }

    /// A prop that stands or hangs. Its drawing is in centimetres.
    pub(crate) fn prop(catalogue: &Catalogue, prop: &StandingProp) -> Result<Self, EngineError> {
        let part = catalogue.part("prop", &prop.prop.part)?;
        let art = [View::Front, View::ThreeQuarter, View::Side, View::Back].into_iter().find_map(|view| part.views.get(&view));
        let art = art.ok_or_else(|| part.broken("front.svg", "the file is missing: this view must be drawn"))?;
        let bounds = art.marks.iter().map(|mark| kurbo::Shape::bounding_box(&mark.path)).reduce(|a, b| a.union(b)).unwrap_or_default();
        // The hand holds a thing at its origin, but it stands on its lowest edge.
        let down = Affine::translate((0.0, -bounds.y1));
        let on_the_ground = prop.height < 0.05;
        Ok(Self {
            groups: vec![(0, crate::cel::transformed(&art.marks, down))],
            palettes: vec![(prop.prop.prop.clone(), Palette::of_slots(&part.manifest.slots, &prop.prop.colours))],
            unit: 0.01,
            bounds: bounds - Vec2::new(0.0, bounds.y1),
            ground: on_the_ground.then_some([bounds.x0, bounds.x1]),
            joints: None,
        })
    }

    /// Numbers the parts from `first` on and lists them with the light on them; returns the next free number.
    pub(crate) fn number(&mut self, first: u16, gain: [f32; 3], entries: &mut Vec<PartEntry>) -> u16 {
        let mut next = first;
        for (owner, palette) in &mut self.palettes {
            palette.set(FIXED, bible::Tones::from_base(bible::Colour::new(0, 0, 0)));
            next = palette.number(next);
            entries.extend(palette.iter().map(|(slot, swatch)| PartEntry {
                owner: Some(owner.clone()),
                part: slot.to_string(),
                tones: (&**slot != FIXED).then_some(swatch.tones),
                light: gain,
            }));
        }
        next
    }

    /// The joints in pixels for someone who stands at `anchor`.
    pub(crate) fn joints(&self, anchor: [f64; 2], scale: f64) -> Option<[Option<[f32; 2]>; 18]> {
        let unit = self.unit * scale;
        Some(self.joints?.map(|joint| joint.map(|point| [(anchor[0] + point.x * unit) as f32, (anchor[1] + point.y * unit) as f32])))
    }

    /// Paints it at `scale` pixels per metre. Only what is inside of `window` (pixels from the point where it
    /// stands) is painted; `None` when that is nothing.
    pub(crate) fn paint(&self, look: &Look, scale: f64, window: Rect, with_parts: bool) -> Option<Cel> {
        let unit = self.unit * scale;
        let margin = MARGIN * look.pen.resolution * look.pen.weight.max(1.0);
        let mut area = Affine::scale(unit).transform_rect_bbox(self.bounds).inflate(margin, margin);
        let shade = self.shade(look, unit);
        if let Some(shade) = &shade {
            area = area.union(shade.bounds());
        }
        let area = area.intersect(window).expand();
        let (width, height) = (area.width() as u32, area.height() as u32);
        if area.width() < 1.0 || area.height() < 1.0 {
            return None;
        }
        let mut pixmap = Pixmap::new(width, height)?;
        let mut parts = if with_parts { PartLayer::new(width, height) } else { None };
        let transform = Affine::translate((-area.x0, -area.y0)) * Affine::scale(unit);
        let pen = Pen { colour: lit(look.pen.colour, look.gain), ..look.pen };
        let palettes: Vec<Palette> = self
            .palettes
            .iter()
            .map(|(_, palette)| {
                let toned = if look.shadow_amount == 1.0 { palette.clone() } else { palette.with_shadow_amount(look.shadow_amount) };
                toned.lit(|colour| lit(colour, look.gain))
            })
            .collect();
        for (owner, marks) in &self.groups {
            let marks = lit_marks(marks, look.gain);
            ink::paint(&mut Canvas { pixels: &mut pixmap, parts: parts.as_mut() }, &marks, transform, &palettes[*owner], &pen);
        }
        let mut indices = parts.map(PartLayer::into_indices);
        if let Some(indices) = &mut indices {
            // A pixel that is half air belongs to nobody.
            for (index, pixel) in indices.iter_mut().zip(quads(&pixmap)) {
                if pixel[3] < 128 {
                    *index = 0;
                }
            }
        }
        if let Some(rim) = &look.rim {
            draw_rim(
                &mut pixmap,
                indices.as_deref_mut(),
                rim,
                (rim.width * 100.0 * unit).clamp(1.2 * look.pen.resolution, 5.0 * look.pen.resolution),
            );
        }
        if let Some(shade) = shade {
            shade.draw_under(&mut pixmap, area.origin());
        }
        Some(Cel { pixmap, corner: [area.x0 as i32, area.y0 as i32], parts: indices })
    }

    fn shade(&self, look: &Look, unit: f64) -> Option<Shade> {
        let [left, right] = self.ground?;
        if look.contact <= 0.0 {
            return None;
        }
        let half = (right - left) / 2.0 * unit + 10.0 * unit;
        Some(Shade { middle: Point::new((left + right) / 2.0 * unit, 0.0), half: [half, (half * look.tilt).max(2.0)], alpha: look.contact })
    }
}

/// Fixed colours under the light too.
fn lit_marks(marks: &[Mark], gain: [f32; 3]) -> std::borrow::Cow<'_, [Mark]> {
    if gain == [1.0; 3] || !marks.iter().any(|mark| matches!(mark.paint, Paint::Fixed { .. })) {
        return marks.into();
    }
    let relight = |mark: &Mark| {
        let mut mark = mark.clone();
        if let Paint::Fixed { colour, .. } = &mut mark.paint {
            *colour = lit(*colour, gain);
        }
        mark
    };
    marks.iter().map(relight).collect::<Vec<_>>().into()
}

/// Brightens the edge of a silhouette that looks towards the light: the silhouette without itself moved away from the light.
fn draw_rim(pixmap: &mut Pixmap, mut parts: Option<&mut [u8]>, rim: &Rim, width: f64) {
    let (columns, rows) = (pixmap.width() as i32, pixmap.height() as i32);
    let alphas: Vec<u8> = quads(pixmap).iter().map(|pixel| pixel[3]).collect();
    let across = (width * rim.from.signum() * (0.6 + 0.4 * rim.from.abs())).round() as i32;
    let up = (-width * 0.55).round() as i32;
    let colour = rim.colour.channels();
    let pixels = quads_mut(pixmap);
    for y in 0..rows {
        let towards = y + up;
        for x in 0..columns {
            let index = (y * columns + x) as usize;
            let own = alphas[index];
            if own == 0 {
                continue;
            }
            let beside = x + across;
            // Beyond the edge of the cel the figure goes on.
            if towards < 0 || beside < 0 || beside >= columns {
                continue;
            }
            let open = 255 - alphas[(towards * columns + beside) as usize];
            if open < 16 {
                continue;
            }
            let share = u32::from(open) * 210 / 255;
            for (channel, target) in colour.iter().zip(&mut pixels[index][..3]) {
                let bright = u32::from(*channel) * u32::from(own) / 255;
                *target = ((u32::from(*target) * (255 - share) + bright * share) / 255) as u8;
            }
            if let Some(parts) = &mut parts
                && own >= 128
            {
                parts[index] = LIGHT_INDEX;
            }
        }
    }
}

/// The shade of a body on the ground around its feet.
struct Shade {
    middle: Point,
    half: [f64; 2],
    alpha: f64,
}

/// Colour of shade on the ground: the blue-violet of cel shadows, nearly black.
const SHADE: [f64; 3] = [20.0, 16.0, 40.0];

impl Shade {
    fn bounds(&self) -> Rect {
        Rect::from_center_size(self.middle, (self.half[0] * 2.0, self.half[1] * 2.0)).inflate(1.0, 1.0)
    }

    fn draw_under(&self, pixmap: &mut Pixmap, corner: Point) {
        let middle = self.middle - corner.to_vec2();
        let (columns, rows) = (f64::from(pixmap.width()), f64::from(pixmap.height()));
        let across = (middle.x - self.half[0]).max(0.0) as usize..(middle.x + self.half[0]).clamp(0.0, columns) as usize;
        let down = (middle.y - self.half[1]).max(0.0) as usize..(middle.y + self.half[1]).clamp(0.0, rows) as usize;
        let stride = pixmap.width() as usize;
        let pixels = quads_mut(pixmap);
        for y in down {
            for x in across.clone() {
                let dx = (x as f64 + 0.5 - middle.x) / self.half[0];
                let dy = (y as f64 + 0.5 - middle.y) / self.half[1];
                let away = dx * dx + dy * dy;
                if away >= 1.0 {
                    continue;
                }
                let pixel = &mut pixels[y * stride + x];
                // A dark core with a soft edge; what is painted already lies over it.
                let alpha = self.alpha * (1.0 - away).min(0.55) / 0.55 * (1.0 - f64::from(pixel[3]) / 255.0);
                for (channel, shade) in pixel[..3].iter_mut().zip(SHADE) {
                    *channel = (f64::from(*channel) + shade * alpha + 0.5) as u8;
                }
                pixel[3] = (f64::from(pixel[3]) + 255.0 * alpha + 0.5).min(255.0) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bible::Colour;

    #[test]
    fn the_edge_towards_the_light_is_bright_and_the_other_is_not() {
        let mut pixmap = Pixmap::new(40, 40).unwrap();
        for y in 10..30 {
            for x in 10..30 {
                quads_mut(&mut pixmap)[y * 40 + x] = [40, 40, 60, 255];
            }
        }
        let mut parts = vec![7_u8; 1_600];
        draw_rim(&mut pixmap, Some(&mut parts), &Rim { colour: Colour::new(255, 220, 160), width: 0.02, from: 1.0 }, 3.0);
        let red = |x: usize, y: usize| quads(&pixmap)[y * 40 + x][0];
        assert!(red(28, 20) > 180 && red(20, 20) == 40 && red(11, 20) == 40);
        assert_eq!((parts[20 * 40 + 28], parts[20 * 40 + 20]), (LIGHT_INDEX, 7));
    }

    #[test]
    fn both_halves_of_a_walk_are_each_others_mirror() {
        let contact: Pose =
            crate::yaml::read(b"pelvis: { turn: 6 }\nlegs: { right: { swing: 28 }, left: { swing: -24, knee: 12 } }").unwrap();
        assert_eq!(stride(&contact, 0), contact);
        let half = stride(&contact, WALK_PHASES / 2);
        assert!((half.legs.left.swing - 28.0).abs() < 1e-9 && (half.pelvis.turn + 6.0).abs() < 1e-9);
        let passing = stride(&contact, WALK_PHASES / 4);
        assert!(passing.legs.left.knee > passing.legs.right.knee + 20.0, "the swinging leg is bent");
    }
}
