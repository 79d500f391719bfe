//! Four-legged bodies: foxes and whatever else a `builds/<name>.yaml` with `kind: quadruped` names.

pub mod build;
mod chain;
mod frame;
mod head;
mod sight;
pub mod stance;

use bible::story::{Expression, Facing};
use engine::EngineError;
use engine::brief::{FigureBrief, MouthShape};
use kurbo::{Affine, BezPath, Point, Rect, Shape};

use crate::body::shade::{clipped, without};
use crate::cel::{Mark, Paint, Tone};
use crate::figure::{self, FigureArt, Group, Owner, yaw};
use crate::palette::Palette;
use crate::part::{Catalogue, Part};
use crate::stage::timing::Eyes;
use build::Quadruped;
use chain::{Disc, discs, edge, outline};
use frame::{Frame, Leg};
use head::{Head, Held};
use sight::Sight;
use stance::{Habits, Stance};

/// What a face does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Face {
    /// The expression.
    pub expression: Expression,
    /// How far the eyes are open.
    pub eyes: Eyes,
    /// The mouth.
    pub mouth: MouthShape,
}

/// What a creature does at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Acting<'a> {
    /// Who.
    pub figure: &'a FigureBrief,
    /// A pose of the catalogue.
    pub pose: &'a str,
    /// The pose that it comes from, and the share of the way.
    pub from: Option<(&'a str, f64)>,
    /// Where in the cycle of a walk or run, 0 to 1.
    pub stride: Option<f64>,
    /// The direction.
    pub facing: Facing,
    /// The face.
    pub face: Face,
    /// Degrees that the camera looks down; negative is up.
    pub pitch: f64,
    /// How far the ribs are filled with breath, 0 to 1.
    pub breath: f64,
}

impl<'a> Acting<'a> {
    /// The same as someone on two legs, standing.
    pub(crate) fn standing(acting: &figure::Acting<'a>) -> Self {
        Self {
            figure: acting.figure,
            pose: stance::AT_REST,
            from: None,
            stride: None,
            facing: acting.facing,
            face: Face { expression: acting.expression, eyes: acting.eyes, mouth: acting.mouth },
            pitch: acting.pitch,
            breath: acting.breath,
        }
    }
}

/// Draws a creature.
///
/// # Errors
/// When the brief names what the catalogue does not have, or a part is broken.
pub fn draw(catalogue: &Catalogue, build: &Quadruped, acting: &Acting<'_>) -> Result<FigureArt, EngineError> {
    let part = catalogue.part("creature", &build.creature)?;
    let habits: &Habits = part.details()?;
    let no_stance = || part.broken("part.yaml", "`stances` has no `stand`");
    let stance = habits.stance(acting.pose).ok_or_else(no_stance)?;
    let stance = match (acting.stride, acting.from) {
        (Some(cycle), _) => stance.going(cycle, acting.pose.starts_with("run")),
        (None, Some((from, share))) => habits.stance(from).ok_or_else(no_stance)?.mixed(stance, share),
        (None, None) => stance.clone(),
    };
    let yaw = yaw(acting.facing);
    let sight = Sight::new(if yaw.abs() == 40.0 { yaw * 1.25 } else { yaw }, acting.pitch);
    let frame = Frame::new(&stance, acting.breath);
    let held = held(&stance, &frame, &sight, yaw);
    let head = head::draw(part, held, acting.face)?;
    let body = Body { frame: &frame, sight: &sight, head: &head };
    let groups: Vec<Group> = body.groups().into_iter().map(|marks| Group { owner: 0, marks }).collect();
    let bounds = groups.iter().flat_map(|group| &group.marks).map(|mark| mark.path.bounding_box()).reduce(|a, b| a.union(b));
    Ok(FigureArt {
        joints: body.joints(),
        bounds: bounds.unwrap_or(Rect::ZERO),
        ground: body.ground(),
        cm_per_unit: acting.figure.height_cm / habits.height,
        grips: [None; 2],
        groups,
        owners: vec![Owner { slug: acting.figure.character.clone(), palette: palette(part, acting.figure) }],
    })
}

/// The colour model over the part's own colours. A tail that it leaves open is of the fur.
fn palette(part: &Part, figure: &FigureBrief) -> Palette {
    let mut palette = Palette::of_slots(&part.manifest.slots, &std::collections::BTreeMap::new());
    palette.set(crate::cel::FIXED, bible::Tones::from_base(bible::Colour::new(255, 255, 255)));
    if let Some(fur) = figure.colours.get("fur") {
        palette.set("tail", *fur);
    }
    for (slot, tones) in &figure.colours {
        palette.set(slot, *tones);
    }
    palette
}

/// How the head is held: turned to whichever side shows more of the face.
fn held(stance: &Stance, frame: &Frame, sight: &Sight, yaw: f64) -> Held {
    let turned = [yaw + stance.turn, yaw - stance.turn].map(|yaw| (yaw + 180.0).rem_euclid(360.0) - 180.0);
    // Nobody looks back by turning away from us.
    let nearest = if turned[1].abs() < turned[0].abs() { turned[1] } else { turned[0] };
    let yaw = if yaw == 0.0 { stance.turn.clamp(-50.0, 50.0) } else { nearest };
    let (view, mirrored) = sight::view(yaw);
    Held { at: sight.point(frame.head), view, mirrored, nod: stance.nod }
}

/// A body that is being painted.
struct Body<'a> {
    frame: &'a Frame,
    sight: &'a Sight,
    head: &'a Head,
}

impl Body<'_> {
    /// Everything from back to front.
    fn groups(&self) -> Vec<Vec<Mark>> {
        let frame = self.frame;
        let mut behind: Vec<(f64, Vec<Mark>)> = Vec::new();
        let mut before: Vec<(f64, Vec<Mark>)> = Vec::new();
        let tail_depth = frame.tail.iter().skip(2).map(|ball| self.sight.depth(ball.at)).sum::<f64>() / 5.0;
        let trunk_depth = self.sight.depth(frame.rump.lerp(frame.chest, 0.5));
        let tail = self.tail();
        if tail_depth > trunk_depth + 20.0 {
            before.push((tail_depth, tail));
        } else {
            behind.push((tail_depth - 60.0, tail));
        }
        let mut near = Vec::new();
        for leg in frame.hind.iter().chain(&frame.fore) {
            if self.is_behind(leg) {
                behind.push((self.sight.depth(leg.root), self.leg(leg, true)));
            } else {
                near.push(leg);
            }
        }
        near.sort_by(|a, b| self.sight.depth(a.root).total_cmp(&self.sight.depth(b.root)));
        let head_depth = self.sight.depth(frame.head);
        let body = self.trunk(&near);
        let low = frame.head.y > frame.chest.y - 60.0;
        if low && head_depth < trunk_depth - 20.0 && self.head.nose.is_none() {
            behind.push((trunk_depth, self.head.marks.clone()));
        } else {
            before.push((trunk_depth.max(head_depth), self.head.marks.clone()));
        }
        behind.sort_by(|a, b| a.0.total_cmp(&b.0));
        before.sort_by(|a, b| a.0.total_cmp(&b.0));
        behind.into_iter().chain([(0.0, body)]).chain(before).map(|(_, marks)| marks).filter(|marks| !marks.is_empty()).collect()
    }

    /// Whether a leg is on the side of the body that is turned away.
    fn is_behind(&self, leg: &Leg) -> bool {
        let middle = self.frame.rump.lerp(self.frame.chest, 0.5);
        if self.sight.across() {
            let beside = glam::DVec3::new(leg.root.x, middle.y, middle.z);
            self.sight.depth(beside) < self.sight.depth(middle)
        } else {
            self.sight.depth(leg.root) < self.sight.depth(middle)
        }
    }

    /// Trunk, neck, ruff and the near legs, which grow out of it without a line.
    fn trunk(&self, near: &[&Leg]) -> Vec<Mark> {
        let fur = "fur".into();
        let belly = "belly".into();
        let [trunk, neck] = self.frame.trunk().map(|balls| outline(&discs(&balls, self.sight)));
        let mut whole = trunk;
        whole.extend(neck);
        let whole = crate::body::shade::merged(&whole);
        let mut marks = vec![Mark::fill(whole.clone(), &fur, Tone::Base)];
        let facing_us = self.sight.depth(glam::DVec3::Z);
        if self.sight.across() {
            let under = outline(&discs(&self.frame.belly(), self.sight));
            marks.push(bare(clipped(&under, &whole), "belly"));
        }
        marks.push(Mark::fill(turned_away(&whole, 13.0), &fur, Tone::Shadow));
        let ruff: BezPath = self.frame.ruff().iter().flat_map(|balls| outline(&discs(balls, self.sight))).collect();
        let ruff = crate::body::shade::merged(&ruff);
        let ruff_marks = |marks: &mut Vec<Mark>| {
            let shade = turned_away(&ruff, 6.0);
            marks.push(Mark::fill(ruff.clone(), &belly, Tone::Base));
            marks.push(Mark::fill(shade, &belly, Tone::Shadow));
        };
        if facing_us.abs() < 0.5 {
            ruff_marks(&mut marks);
        }
        for leg in near {
            marks.extend(self.leg(leg, false));
        }
        if facing_us >= 0.5 {
            ruff_marks(&mut marks);
            marks.push(Mark::ink(lower_edge(&ruff), &belly, 1.2));
        }
        let lit: BezPath = marks.iter().filter(|mark| mark.is_base()).flat_map(|mark| mark.path.iter()).collect();
        if self.head.nose.is_some() {
            marks.push(head::shade(self.head, &crate::body::shade::merged(&lit)));
        }
        marks
    }

    fn leg(&self, leg: &Leg, shaded: bool) -> Vec<Mark> {
        let fur = "fur".into();
        let discs = discs(&leg.balls(), self.sight);
        let skin = outline(&discs);
        let mut marks = vec![Mark::fill(skin.clone(), &fur, Tone::Base)];
        if shaded {
            marks.push(Mark::fill(skin, &fur, Tone::Shadow));
        } else {
            marks.push(Mark::fill(lower(&turned_away(&skin, 5.0), &discs), &fur, Tone::Shadow));
            let hind = discs[0].radius > 26.0;
            for side in [-1.0, 1.0] {
                let forward = (side > 0.0) == (self.sight.yaw >= 0.0);
                let from = if !self.sight.across() || forward { 0.3 } else { 0.42 };
                marks.push(Mark::ink(edge(&discs, side, if hind && forward { 0.12 } else { from }, 0.86), &fur, 1.3));
            }
        }
        marks.extend(toes(&discs, self.sight));
        marks
    }

    fn tail(&self) -> Vec<Mark> {
        let tail = "tail".into();
        let discs = discs(&self.frame.tail, self.sight);
        let whole = outline(&discs);
        let at = (discs.len() as f64 * 0.76) as usize;
        let mut tip = outline(&discs[at..]);
        tip.extend(teeth(&discs, at));
        let tip = clipped(&crate::body::shade::merged(&tip), &whole);
        let shade = turned_away(&whole, 14.0);
        let middle: BezPath =
            edge(&discs.iter().map(|disc| Disc { radius: disc.radius * 0.42, ..*disc }).collect::<Vec<_>>(), 1.0, 0.4, 0.64);
        vec![
            Mark::fill(whole, &tail, Tone::Base),
            Mark::fill(shade.clone(), &tail, Tone::Shadow),
            Mark::ink(middle, &tail, 1.1),
            bare(tip.clone(), "tip"),
            Mark::fill(clipped(&shade, &tip), &"tip".into(), Tone::Shadow),
        ]
    }

    fn joints(&self) -> [Option<Point>; 18] {
        let point = |at| Some(self.sight.point(at));
        let mut joints = [None; 18];
        joints[0] = self.head.nose;
        joints[1] = point(self.frame.chest.lerp(self.frame.head, 0.35));
        for index in 0..2 {
            let (fore, hind) = (&self.frame.fore[index], &self.frame.hind[index]);
            for (offset, at) in [fore.root, fore.middle, fore.paw].into_iter().enumerate() {
                joints[2 + 3 * index + offset] = point(at);
            }
            for (offset, at) in [hind.root, hind.middle, hind.paw].into_iter().enumerate() {
                joints[8 + 3 * index + offset] = point(at);
            }
            joints[14 + index] = self.head.eyes[index];
            joints[16 + index] = self.head.ears[index];
        }
        joints
    }

    fn ground(&self) -> Vec<Point> {
        let paws: Vec<Point> = self.frame.fore.iter().chain(&self.frame.hind).map(|leg| self.sight.point(leg.paw)).collect();
        let lowest = self.frame.fore.iter().chain(&self.frame.hind).map(|leg| leg.paw.y).fold(f64::MIN, f64::max);
        if lowest > -12.0 { paws } else { Vec::new() }
    }
}

fn bare(path: BezPath, slot: &str) -> Mark {
    Mark { path, slot: slot.into(), paint: Paint::Bare, layer: None }
}

/// The side of a shape away from the light, `depth` head units wide.
fn turned_away(shape: &BezPath, depth: f64) -> BezPath {
    without(shape, &(Affine::translate((-depth * 0.6, -depth)) * shape))
}

/// A leg's shade from where it has left the trunk.
fn lower(shade: &BezPath, discs: &[Disc]) -> BezPath {
    clipped(shade, &outline(&discs[discs.len() * 2 / 5..]))
}

/// The lower part of a shape's outline.
fn lower_edge(shape: &BezPath) -> BezPath {
    let bounds = shape.bounding_box();
    let mut path = BezPath::new();
    let mut drawing = false;
    kurbo::flatten(shape.iter(), 0.2, |element| {
        let (kurbo::PathEl::MoveTo(point) | kurbo::PathEl::LineTo(point)) = element else { return };
        let low = point.y > bounds.y0 + bounds.height() * 0.55;
        match (low, drawing) {
            (true, true) => path.line_to(point),
            (true, false) => path.move_to(point),
            (false, _) => {}
        }
        drawing = low;
    });
    path
}

/// Two short lines between the toes, where a paw comes towards us.
fn toes(discs: &[Disc], sight: &Sight) -> Vec<Mark> {
    let Some(toe) = discs.last() else { return Vec::new() };
    if sight.depth(glam::DVec3::Z) < -0.2 {
        return Vec::new();
    }
    let forward = sight.turned(glam::DVec3::Z).x * 3.5;
    [-3.2, 3.2]
        .into_iter()
        .map(|x| {
            let top = Point::new(toe.at.x + x + forward, toe.at.y + toe.radius * 0.1);
            let mut path = BezPath::new();
            path.move_to(top);
            path.line_to(top + kurbo::Vec2::new(x * 0.1, toe.radius * 0.75));
            Mark::ink(path, &"fur".into(), 1.0)
        })
        .collect()
}

/// Points of the tip's fur that reach into the tail.
fn teeth(discs: &[Disc], at: usize) -> BezPath {
    let (here, before) = (discs[at], discs[at - 1]);
    let along = (here.at - before.at).normalize();
    let across = kurbo::Vec2::new(-along.y, along.x);
    let mut path = BezPath::new();
    for tooth in -2..=2 {
        let middle = here.at + across * (f64::from(tooth) * here.radius * 0.46);
        let reach = here.radius * if tooth % 2 == 0 { 1.5 } else { 1.05 };
        path.move_to(middle + across * here.radius * 0.3 + along * here.radius * 0.9);
        path.line_to(middle - along * reach);
        path.line_to(middle - across * here.radius * 0.3 + along * here.radius * 0.9);
        path.close_path();
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const FACINGS: [Facing; 6] =
        [Facing::Front, Facing::ThreeQuarterRight, Facing::ThreeQuarterLeft, Facing::Right, Facing::Left, Facing::Back];

    fn fox() -> FigureBrief {
        let slug = |name: &str| name.parse().unwrap();
        FigureBrief {
            character: slug("kon"),
            build: slug("fox"),
            height_cm: 62.0,
            head: None,
            hair: None,
            eyes: None,
            brows: None,
            nose: None,
            ears: None,
            tail: Some(slug("fox")),
            marks: Vec::new(),
            garments: Vec::new(),
            accessories: Vec::new(),
            colours: BTreeMap::from([("fur".to_owned(), bible::Tones::from_base("#fbf1e0".parse().unwrap()))]),
        }
    }

    fn drawn(catalogue: &Catalogue, pose: &str, facing: Facing, face: Face) -> FigureArt {
        let figure = fox();
        let build = Quadruped { description: String::new(), creature: "fox".parse().unwrap() };
        let acting = Acting { figure: &figure, pose, from: None, stride: None, facing, face, pitch: 0.0, breath: 0.5 };
        draw(catalogue, &build, &acting).unwrap()
    }

    #[test]
    fn a_fox_takes_every_pose_that_people_have() {
        let catalogue = Catalogue::built_in();
        let poses: Vec<String> =
            catalogue.files("poses/").filter_map(|path| Some(path.strip_prefix("poses/")?.strip_suffix(".yaml")?.to_owned())).collect();
        assert!(poses.len() > 20);
        for pose in poses {
            for facing in FACINGS {
                let art = drawn(&catalogue, &pose, facing, Face::default());
                assert!(art.bounds.height() > 100.0 && art.groups.len() > 2, "{pose} {facing:?}: {:?}", art.bounds);
            }
        }
    }

    #[test]
    fn every_face_can_be_drawn_from_every_side() {
        let catalogue = Catalogue::built_in();
        for facing in FACINGS {
            for expression in Expression::ALL {
                for eyes in [Eyes::Open, Eyes::Half, Eyes::Closed] {
                    drawn(&catalogue, "sit", facing, Face { expression: *expression, eyes, mouth: MouthShape::A });
                }
                drawn(&catalogue, "sit", facing, Face { expression: *expression, ..Face::default() });
            }
        }
    }

    #[test]
    fn each_eye_keeps_its_side() {
        let catalogue = Catalogue::built_in();
        let front = drawn(&catalogue, "sit", Facing::Front, Face::default());
        let [right, left] = [14, 15].map(|joint| front.joints[joint].unwrap());
        assert!(left.x > right.x, "seen from the front, left is right");
        let profile = drawn(&catalogue, "sit", Facing::Left, Face::default());
        assert!(profile.joints[15].is_some() && profile.joints[14].is_none());
        assert!(drawn(&catalogue, "sit", Facing::Back, Face::default()).joints[0].is_none());
    }

    #[test]
    fn a_tail_that_the_colour_model_leaves_open_is_of_the_fur() {
        let art = drawn(&Catalogue::built_in(), "stand", Facing::Right, Face::default());
        assert_eq!(art.owners[0].palette.get("tail").unwrap().base.to_string(), "#fbf1e0");
        assert_eq!(art.owners[0].palette.get("marking").unwrap().base.to_string(), "#d8452f");
    }
}
