//! Figures: everything of one actor, from brief, pose and direction to marks in painting order.

use std::borrow::Cow;
use std::sync::Arc;

use bible::Slug;
use bible::story::{Expression, Facing};
use engine::EngineError;
use engine::brief::{FigureBrief, MouthShape, PropBrief};
use kurbo::{Affine, Point, Rect, Shape, Vec2};

use crate::body::ends::{self, Placed};
use crate::body::garment::{self, Cut, Piece, Region, Slots};
use crate::body::shade::clipped;
use crate::body::tube::{Lens, Tube};
use crate::body::{limb, trunk};
use crate::catalogue::Catalogue;
use crate::cel::{self, Mark, Paint, Tone};
use crate::creature::{self, build::AnyBuild};
use crate::head::{self, HeadArt, HeadPlace};
use crate::held;
use crate::palette::Palette;
use crate::part::{Part, View};
use crate::pose::Pose;
use crate::skeleton::{Build, Limb, Skeleton, outwards};
use crate::stage::timing::Eyes;

/// One actor, drawn. Figure space: head units, y down, the ground at y = 0 under the hips' rest.
#[derive(Debug, Clone)]
pub struct FigureArt {
    /// What is painted, from back to front. Each group has one outer line around it.
    pub groups: Vec<Group>,
    /// Whose colours: the figure itself first, then what it holds.
    pub owners: Vec<Owner>,
    /// OpenPose joints in the order of [`engine::picture::JOINTS`]; `None` where this view hides them.
    pub joints: [Option<Point>; 18],
    /// Everything that is painted, without lines' widths.
    pub bounds: Rect,
    /// Where the figure touches the ground: heels and toes, or whatever is lowest.
    pub ground: Vec<Point>,
    /// Centimetres to a head unit.
    pub cm_per_unit: f64,
    /// Hands: right, left. None for who has none.
    pub grips: [Option<Grip>; 2],
}

/// Marks that share one outer line.
#[derive(Debug, Clone)]
pub struct Group {
    /// Index into [`FigureArt::owners`].
    pub owner: usize,
    /// What is painted.
    pub marks: Vec<Mark>,
}

/// Whose colours a group has.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The character's or prop's slug.
    pub slug: Slug,
    /// Its colours.
    pub palette: Palette,
}

/// Where a hand holds things.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grip {
    /// The middle of the fist.
    pub at: Point,
    /// How the hand is turned: radians from fingers down, clockwise in the picture.
    pub turn: f64,
    /// The group before which a held thing is painted, so that the fingers close over it.
    pub group: usize,
}

/// What an actor does at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Acting<'a> {
    /// Who.
    pub figure: &'a FigureBrief,
    /// The body.
    pub pose: &'a Pose,
    /// The direction.
    pub facing: Facing,
    /// What is held: right hand first, then left.
    pub holds: &'a [PropBrief],
    /// Degrees that the camera looks down; negative is up.
    pub pitch: f64,
    /// How far the ribs are filled with breath, 0 to 1.
    pub breath: f64,
    /// The face.
    pub expression: Expression,
    /// How far the eyes are open.
    pub eyes: Eyes,
    /// What the mouth says.
    pub mouth: MouthShape,
}

/// Degrees that a figure is turned to the picture's right.
#[must_use]
pub const fn yaw(facing: Facing) -> f64 {
    match facing {
        Facing::Front => 0.0,
        Facing::ThreeQuarterRight => 40.0,
        Facing::ThreeQuarterLeft => -40.0,
        Facing::Right => 90.0,
        Facing::Left => -90.0,
        Facing::Back => 180.0,
    }
}

/// Draws a figure. Animals, whose stances have names, stand here; [`creature::draw`] draws them in every pose.
///
/// # Errors
/// When the brief names what the catalogue does not have, or a part is broken.
pub fn draw(catalogue: &Catalogue, acting: &Acting<'_>) -> Result<FigureArt, EngineError> {
    let build = catalogue.data::<AnyBuild>("build", &acting.figure.build)?;
    let build = match &*build {
        AnyBuild::TwoLegged(build) => build,
        AnyBuild::Quadruped(build) => return creature::draw(catalogue, build, &creature::Acting::standing(acting)),
    };
    let pose = walk_in(acting.pose, step(catalogue, acting.figure)?);
    let skeleton = Skeleton::posed(build, &pose).seen(yaw(acting.facing), acting.pitch);
    let palette = Palette::of_figure(catalogue, acting.figure)?;
    let mut drawing = Drawing::new(catalogue, acting, build, &skeleton)?;
    let cm_per_unit = acting.figure.height_cm / build.height();
    let head = head::draw(catalogue, acting, &HeadPlace::of(&skeleton.head, lens_of(build)))?;
    let mut joints = joints(&skeleton, drawing.lens);
    head::note_joints(&mut joints, &head);
    drawing.draw(head)?;
    let lens = drawing.lens;
    let soles = skeleton.soles(build).map(|point| lens.project(point));
    let lowest = soles.iter().map(|point| point.y).fold(f64::MIN, f64::max);
    let bounds = drawing.groups.iter().flat_map(|group| &group.marks).map(|mark| mark.path.bounding_box()).reduce(|a, b| a.union(b));
    let mut art = FigureArt {
        joints,
        bounds: bounds.unwrap_or_default(),
        ground: soles.into_iter().filter(|point| point.y > lowest - 12.0).collect(),
        cm_per_unit,
        grips: drawing.grips,
        groups: drawing.groups,
        owners: vec![Owner { slug: acting.figure.character.clone(), palette }],
    };
    held::paint(catalogue, &mut art, acting.holds)?;
    Ok(art)
}

/// How long the steps of a figure are in its clothes, as a share of the usual: a narrow robe shortens them.
///
/// # Errors
/// When the figure wears what the catalogue does not have.
pub fn step(catalogue: &Catalogue, figure: &FigureBrief) -> Result<f64, EngineError> {
    for garment in &figure.garments {
        let part = catalogue.part("garment", &garment.part)?;
        let narrow =
            |piece: &Piece| piece.on == Region::Robe && piece.to > NARROW_FROM && crate::body::limb::at(&piece.ease, piece.to) < NARROW;
        if part.details::<Cut>()?.pieces.iter().any(narrow) {
            return Ok(NARROW_STEP);
        }
    }
    Ok(1.0)
}

/// A robe that ends below this place holds the knees.
const NARROW_FROM: f64 = 4.4;

/// Ease at the hem, in head units, from which a robe leaves room for a whole step.
const NARROW: f64 = 12.0;

/// Steps in a narrow robe as a share of those in trousers.
const NARROW_STEP: f64 = 0.5;

/// A pose with its legs less far apart. Who sits or kneels stays as they are.
fn walk_in(pose: &Pose, step: f64) -> Cow<'_, Pose> {
    let [right, left] = [&pose.legs.right, &pose.legs.left];
    if step >= 1.0 || right.swing.max(left.swing) > 60.0 || (right.swing - left.swing).abs() < 6.0 {
        return Cow::Borrowed(pose);
    }
    let mut pose = pose.clone();
    for leg in [&mut pose.legs.right, &mut pose.legs.left] {
        leg.swing *= step;
        leg.knee *= step;
        leg.foot *= step;
        leg.raise *= step;
    }
    for arm in [&mut pose.arms.right, &mut pose.arms.left] {
        arm.swing *= f64::midpoint(step, 1.0);
    }
    pose.pelvis.turn *= step;
    Cow::Owned(pose)
}

fn joints(skeleton: &Skeleton, lens: Lens) -> [Option<Point>; 18] {
    let mut joints = [None; 18];
    let seen = |joint| Some(ends::seen(joint, lens));
    joints[1] = seen(&skeleton.neck);
    for (index, (arm, leg)) in skeleton.arms.iter().zip(&skeleton.legs).enumerate() {
        for (offset, joint) in [&arm.root, &arm.middle, &arm.end].into_iter().enumerate() {
            joints[2 + 3 * index + offset] = seen(joint);
        }
        for (offset, joint) in [&leg.root, &leg.middle, &leg.end].into_iter().enumerate() {
            joints[8 + 3 * index + offset] = seen(joint);
        }
    }
    joints
}

fn lens_of(build: &Build) -> Lens {
    Lens { eye: 100.0 - build.height() }
}

/// A garment with what its part says, or the body itself.
struct Layer<'a> {
    part: &'a Part,
    cut: &'a Cut,
    slots: Slots<'a>,
}

/// A figure while it is drawn.
struct Drawing<'a> {
    catalogue: &'a Catalogue,
    acting: &'a Acting<'a>,
    build: &'a Build,
    skeleton: &'a Skeleton,
    lens: Lens,
    layers: Vec<Layer<'a>>,
    trunk: Tube,
    robe: Tube,
    arms: [Tube; 2],
    legs: [Tube; 2],
    groups: Vec<Group>,
    grips: [Option<Grip>; 2],
}

impl<'a> Drawing<'a> {
    fn new(catalogue: &'a Catalogue, acting: &'a Acting<'a>, build: &'a Build, skeleton: &'a Skeleton) -> Result<Self, EngineError> {
        let lens = lens_of(build);
        let body = catalogue.part("body", &base_body())?;
        let mut layers = vec![Layer { part: body, cut: body.details()?, slots: Slots { garment: None } }];
        for garment in &acting.figure.garments {
            let part = catalogue.part("garment", &garment.part)?;
            layers.push(Layer { part, cut: part.details()?, slots: Slots { garment: Some(part.name.as_str()) } });
        }
        let tube = |limb_: &Limb, profile: &[[f64; 2]], index| limb::limb(limb_, profile, outwards(index), lens);
        Ok(Self {
            catalogue,
            acting,
            build,
            skeleton,
            lens,
            layers,
            trunk: trunk::trunk(skeleton, build, acting.breath, lens),
            robe: trunk::robe(skeleton, build, acting.breath, lens),
            arms: std::array::from_fn(|index| tube(&skeleton.arms[index], &build.arm, index)),
            legs: std::array::from_fn(|index| tube(&skeleton.legs[index], &build.leg, index)),
            groups: Vec::new(),
            grips: [None; 2],
        })
    }

    fn draw(&mut self, head: HeadArt) -> Result<(), EngineError> {
        self.push(head.behind);
        self.push(self.linings());
        let mut arms = [0, 1];
        arms.sort_by(|a, b| self.skeleton.arms[*a].end.at.z.total_cmp(&self.skeleton.arms[*b].end.at.z));
        for index in arms {
            if self.arm_is_behind(index) {
                self.arm(index)?;
            }
        }
        if self.legs_are_before_the_trunk() {
            self.trunk(false);
            self.legs()?;
        } else {
            self.legs()?;
            self.trunk(false);
        }
        let (raised, hanging): (Vec<usize>, Vec<usize>) =
            arms.into_iter().filter(|index| !self.arm_is_behind(*index)).partition(|index| self.arm_is_raised(*index));
        for index in hanging {
            self.arm(index)?;
        }
        self.trunk(true);
        for marks in [head.head, head.hair, head.brows] {
            self.push(marks);
        }
        for index in raised {
            self.arm(index)?;
        }
        Ok(())
    }

    fn push(&mut self, marks: Vec<Mark>) {
        if !marks.is_empty() {
            self.groups.push(Group { owner: 0, marks });
        }
    }

    /// Every piece of a region, from the skin outwards, with its layer.
    fn pieces(&self, region: Region) -> impl Iterator<Item = (&Layer<'a>, &'a Piece)> {
        self.layers
            .iter()
            .flat_map(move |layer| layer.cut.pieces.iter().filter(move |piece| piece.on == region).map(move |piece| (layer, piece)))
    }

    /// The same without what outer pieces hide.
    fn seen_pieces(&self, region: Region) -> Vec<(&Layer<'a>, Piece)> {
        let all: Vec<_> = self.pieces(region).collect();
        all.iter()
            .enumerate()
            .filter_map(|(index, (layer, piece))| Some((*layer, garment::beneath(piece, all[index + 1..].iter().map(|(_, over)| *over))?)))
            .collect()
    }

    fn linings(&self) -> Vec<Mark> {
        let of = |region, tube: &Tube| -> Vec<Mark> {
            self.pieces(region).filter_map(|(layer, piece)| garment::lining(piece, tube, layer.slots)).collect()
        };
        [of(Region::Robe, &self.robe), of(Region::Trunk, &self.trunk)].concat()
    }

    /// Whether an arm is painted before the trunk.
    fn arm_is_behind(&self, index: usize) -> bool {
        let arm = &self.skeleton.arms[index];
        let shoulder = arm.root.at.z - self.skeleton.neck.at.z;
        // Against the part of the trunk that the wrist is beside.
        let skeleton = self.skeleton;
        let beside = [&skeleton.neck, &skeleton.chest, &skeleton.waist, &skeleton.pelvis]
            .into_iter()
            .min_by(|a, b| (a.at.y - arm.end.at.y).abs().total_cmp(&(b.at.y - arm.end.at.y).abs()));
        let wrist = arm.end.at.z - beside.map_or(0.0, |joint| joint.at.z);
        if shoulder > 12.0 {
            false
        } else if shoulder < -12.0 {
            wrist < 30.0
        } else {
            wrist < -28.0
        }
    }

    /// Whether an arm is lifted out from under a cloak.
    fn arm_is_raised(&self, index: usize) -> bool {
        let arm = &self.skeleton.arms[index];
        arm.end.at.y < self.skeleton.waist.at.y - 8.0
    }

    /// Whether the legs come towards us, before the trunk.
    fn legs_are_before_the_trunk(&self) -> bool {
        let knees = (self.skeleton.legs[0].middle.at.z + self.skeleton.legs[1].middle.at.z) / 2.0;
        // Under a skirt they are painted first, however near.
        knees > self.skeleton.pelvis.at.z + 60.0 && !self.pieces(Region::Robe).any(|(_, piece)| piece.to > 3.4)
    }

    /// The pieces around the trunk in the order they are worn, whatever tube they are cut to.
    fn trunk(&mut self, over_arms: bool) {
        let mut groups: Vec<Vec<Mark>> = Vec::new();
        for layer in &self.layers {
            for piece in layer.cut.pieces.iter().filter(|piece| piece.over_arms == over_arms) {
                let tube = match piece.on {
                    Region::Trunk => &self.trunk,
                    Region::Robe => &self.robe,
                    Region::Arms | Region::Legs => continue,
                };
                groups.push(garment::fit(layer.part, piece, tube, layer.slots, None).marks);
            }
        }
        for marks in groups {
            self.push(marks);
        }
    }

    fn legs(&mut self) -> Result<(), EngineError> {
        let hem: kurbo::BezPath = self
            .pieces(Region::Robe)
            .filter(|(_, piece)| piece.to > 3.2)
            .flat_map(|(_, piece)| piece.tube(&self.robe).silhouette())
            .collect();
        let shade = Affine::translate((5.0, 15.0)) * hem;
        let hidden = self.pieces(Region::Robe).filter(|(_, piece)| !piece.open).map(|(_, piece)| piece.to - 3.4).fold(f64::MIN, f64::max);
        let mut order = [0, 1];
        let depth = |index: usize| self.skeleton.legs[index].middle.at.z + self.skeleton.legs[index].end.at.z;
        order.sort_by(|a, b| depth(*a).total_cmp(&depth(*b)));
        for index in order {
            let tube = &self.legs[index];
            let mut marks: Vec<Mark> = Vec::new();
            let foot = ends::foot(&self.skeleton.legs[index].end, self.build.foot / 74.0, self.lens);
            marks.extend(placed(self.catalogue.part("foot", &bare_foot())?, &foot, Slots { garment: None })?);
            for layer in self.layers.iter().filter(|layer| layer.cut.feet) {
                marks.extend(placed(layer.part, &foot, layer.slots)?);
            }
            for (layer, piece) in self.seen_pieces(Region::Legs) {
                // What is under a closed robe is not painted: it would show at its edges in a wide step.
                let piece = Piece {
                    from: piece.from.max(hidden),
                    pattern: if hidden > piece.from { None } else { piece.pattern.clone() },
                    ..piece
                };
                if piece.from > piece.to - 0.02 {
                    continue;
                }
                let fitted = garment::fit(layer.part, &piece, tube, layer.slots, Some([piece.from.max(0.12); 2]));
                let covered: Vec<Mark> = fitted
                    .marks
                    .iter()
                    .filter(|mark| mark.paint == Paint::Bare || mark.is_base())
                    .map(|mark| Mark::fill(clipped(&shade, &mark.path), &mark.slot, Tone::Shadow))
                    .filter(|mark| !mark.path.is_empty())
                    .collect();
                marks.extend(fitted.marks);
                marks.extend(covered);
            }
            self.push(marks);
        }
        Ok(())
    }

    fn arm(&mut self, index: usize) -> Result<(), EngineError> {
        let arm = &self.skeleton.arms[index];
        let tube = &self.arms[index];
        let begins = self.arm_lines_begin(index);
        let hand_pose = if index == 0 { &self.acting.pose.arms.right.hand } else { &self.acting.pose.arms.left.hand };
        let hand_part = self.catalogue.part("hand", &hand_name(hand_pose)?)?;
        let hand = ends::hand(&arm.end, index, self.build.hand, self.lens);
        let hand_marks = placed(hand_part, &hand, Slots { garment: None })?;
        let (mut sleeves, mut bags): (Vec<Vec<Mark>>, Vec<Vec<Mark>>) = (Vec::new(), Vec::new());
        let mut inner: Arc<str> = "skin".into();
        for (layer, piece) in self.seen_pieces(Region::Arms) {
            if piece.bag > 0.0 {
                bags.push(garment::bag(&piece, tube, self.build.reach(), layer.slots));
            }
            if layer.slots.garment.is_some()
                && let (Some(shadow), Some(below)) = (garment::cuff_shadow(tube, piece.to, &inner), sleeves.last_mut())
            {
                below.push(shadow);
            }
            let fitted = garment::fit(layer.part, &piece, tube, layer.slots, Some(begins.map(|begin| begin.max(piece.from))));
            inner = layer.slots.name(&piece.slot);
            sleeves.push(fitted.marks);
        }
        let fist = self.lens.project(arm.end.at);
        let held_at = hand.transform * Point::new(0.0, 18.0);
        let along = hand.transform * Point::new(0.0, 24.0) - fist;
        // A hand that comes towards us is before its cuff; otherwise the cuff lies over the wrist.
        let forward = arm.end.turn * glam::DVec3::Y;
        let hand_first = forward.z < 0.35;
        let turn = Vec2::new(along.x, along.y).atan2() - std::f64::consts::FRAC_PI_2;
        for marks in bags.into_iter().rev() {
            self.push(marks);
        }
        if sleeves.is_empty() {
            sleeves.push(Vec::new());
        }
        if let Some(skin) = sleeves.first_mut() {
            // The bare arm and the hand are one.
            if hand_first || sleeves_end_before_the_wrist(self.pieces(Region::Arms).map(|(_, piece)| piece)) {
                self.grips[index] = Some(Grip { at: held_at, turn, group: self.groups.len() });
                skin.splice(0..0, hand_marks);
                for marks in sleeves {
                    self.push(marks);
                }
            } else {
                for marks in sleeves {
                    self.push(marks);
                }
                self.grips[index] = Some(Grip { at: held_at, turn, group: self.groups.len() });
                self.push(hand_marks);
            }
        }
        Ok(())
    }

    /// Where the outer lines of an arm begin, left and right: the armpit's side farther down than the shoulder's.
    fn arm_lines_begin(&self, index: usize) -> [f64; 2] {
        let tube = &self.arms[index];
        let [left, right] = tube.edges();
        let middle = self.lens.project(self.skeleton.neck.at.lerp(self.skeleton.chest.at, 0.6));
        let at = tube.sections.iter().position(|section| section.place >= 0.25).unwrap_or(0);
        let (from_left, from_right) = ((left[at] - middle).hypot(), (right[at] - middle).hypot());
        let shoulder = self.skeleton.arms[index].root.at - self.skeleton.neck.at;
        if shoulder.x.abs() < 22.0 {
            return [0.2, 0.2];
        }
        if from_left > from_right { [-0.16, garment::ARMPIT] } else { [garment::ARMPIT, -0.16] }
    }
}

fn sleeves_end_before_the_wrist<'a>(pieces: impl Iterator<Item = &'a Piece>) -> bool {
    pieces.skip(1).all(|piece| piece.to < 1.8)
}

/// The drawing of an end where it is held.
fn placed(part: &Part, place: &Placed, slots: Slots<'_>) -> Result<Vec<Mark>, EngineError> {
    // A drawing for the side does for where a shape hardly differs, as a fist does.
    let fallback = [place.view, View::Side, View::Front, View::Back].into_iter().find_map(|view| part.views.get(&view));
    let art = fallback.ok_or_else(|| part.broken("side.svg", "the file is missing: this view must be drawn"))?;
    let mut marks = cel::transformed(&art.marks, place.transform);
    for mark in &mut marks {
        mark.slot = slots.name(&mark.slot);
    }
    Ok(marks)
}

fn base_body() -> Slug {
    literal("base")
}

fn bare_foot() -> Slug {
    literal("bare")
}

fn literal(name: &str) -> Slug {
    // The literals are valid slugs; `nearest` of them is themselves.
    Slug::nearest(name).unwrap_or_else(|| unreachable!("a literal slug"))
}

fn hand_name(name: &str) -> Result<Slug, EngineError> {
    name.parse().map_err(|error: bible::id::ParseSlugError| EngineError::Impossible { reason: format!("a pose names a hand: {error}") })
}
