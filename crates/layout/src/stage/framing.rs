//! Framing: where the camera goes, and where people stand in front of it.
//!
//! The numbers are the working conventions of anime layout: eyes near the upper third, less headroom the closer
//! the shot, room in front of the eyes, two people with a clear gap or a clear overlap, the near shoulder of an
//! over-the-shoulder shot a fifth to a third of the frame.

use bible::project::Canvas;
use bible::story::{Angle, Composition, Facing, Framing};

use super::camera::{Camera, NEAREST};
use super::set::Drawn;

/// What framing needs to know of someone, in metres, as they are posed and turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Subject {
    /// Standing height.
    pub height: f64,
    /// Chin to crown.
    pub head: f64,
    /// From the ground to the top of the head, hair and ears included.
    pub crown: f64,
    /// From the ground to the eyes.
    pub eyes: f64,
    /// Half of the width at the shoulders.
    pub half_width: f64,
    /// From where they stand to the eyes, to the right.
    pub eyes_across: f64,
    /// Which way they look.
    pub facing: Facing,
    /// Across the frame, when the brief says so.
    pub x: Option<f64>,
    /// Metres behind the plane of action.
    pub depth: f64,
}

/// Where the camera and the people are.
#[derive(Debug, Clone, PartialEq)]
pub struct Staging {
    /// The camera.
    pub camera: Camera,
    /// For each subject: metres right of the set's middle, and metres behind the plane of action.
    pub places: Vec<[f64; 2]>,
    /// The pixel that the picture is about: the main subject's eyes, or the middle.
    pub focus: [f64; 2],
}

/// Degrees that the camera looks down (or, negative, up) on people.
#[must_use]
pub const fn pitch(angle: Angle) -> f64 {
    match angle {
        Angle::EyeLevel => 0.0,
        Angle::High => 20.0,
        Angle::Low => -15.0,
    }
}

/// The lens goes half of the way that the framing asks for and the camera the other half: backgrounds grow
/// with the figures, but less.
const DOLLY: f64 = 0.5;

/// Closest that the camera goes to the plane of action, in metres.
const CLOSEST: f64 = 1.9;

/// How much larger the near person of an over-the-shoulder shot is than the other.
const NEAR_SIZE: f64 = 1.65;

/// The share of the frame that the near person of an over-the-shoulder shot fills.
const NEAR_SHARE: f64 = 0.29;

/// Metres between two people who stand side by side, at least, beyond half of each one's width.
const GAP: f64 = 0.16;

/// Frames people in a set.
#[must_use]
pub fn stage(subjects: &[Subject], framing: Framing, angle: Angle, composition: Composition, drawn: &Drawn, canvas: Canvas) -> Staging {
    let Some(main) = subjects.first() else {
        let camera = place(None, framing, angle, drawn, canvas);
        return Staging { camera, places: Vec::new(), focus: [f64::from(canvas.width) / 2.0, f64::from(canvas.height) / 2.0] };
    };
    let over_shoulder = composition == Composition::OverTheShoulder && subjects.len() > 1;
    let alone = over_shoulder
        || subjects.len() == 1
        || (composition == Composition::Auto && matches!(framing, Framing::CloseUp | Framing::ExtremeCloseUp));
    let framed = if alone { &subjects[..1] } else { subjects };
    let camera = place(Some(&Group::of(framed)), framing, angle, drawn, canvas);
    let (width, middle) = (f64::from(canvas.width), f64::from(canvas.width) / 2.0);
    let standing = |subject: &Subject, x: f64, depth: f64| [camera.x_at(middle * (1.0 + x), depth) - alignment(subject, framing), depth];
    let mut places = Vec::with_capacity(subjects.len());
    if alone {
        let side = if over_shoulder { if looks(main.facing) > 0.0 { -0.24 } else { 0.24 } } else { look_room(main.facing, framing) };
        places.push(standing(main, main.x.unwrap_or(side), main.depth));
        for (order, other) in subjects.iter().enumerate().skip(1) {
            let away = if side > 0.0 || (side == 0.0 && order % 2 == 1) { -1.0 } else { 1.0 };
            if over_shoulder && order == 1 {
                // Towards the camera until they are NEAR_SIZE times as large, but never into the lens.
                let depth = ((camera.distance + main.depth) / NEAR_SIZE).max(NEAREST) - camera.distance;
                let half = other.half_width * camera.scale(depth);
                let column = if away > 0.0 { width * (1.0 - NEAR_SHARE) + half } else { width * NEAR_SHARE - half };
                places.push([camera.x_at(column, depth), depth]);
            } else if let Some(x) = other.x {
                places.push(standing(other, x, other.depth));
            } else {
                // Beside the one whom the close-up is about, outside of it.
                let beside = width / camera.scale(other.depth) * 0.5 + other.half_width * 2.0 + GAP;
                places.push([camera.x_at(middle, other.depth) + away * beside * order as f64, other.depth]);
            }
        }
    } else {
        for (subject, x) in subjects.iter().zip(spread(subjects)) {
            places.push(standing(subject, subject.x.unwrap_or(x), subject.depth));
        }
    }
    let [x, depth] = places[0];
    let focus =
        if framing == Framing::ExtremeLong { [middle, camera.horizon] } else { camera.project(x + main.eyes_across, main.eyes, depth) };
    Staging { camera, places, focus }
}

/// In close shots the eyes are placed, in wide ones the feet.
fn alignment(subject: &Subject, framing: Framing) -> f64 {
    match framing {
        Framing::ExtremeLong | Framing::Long | Framing::Full | Framing::MediumFull => 0.0,
        Framing::Medium => subject.eyes_across * 0.5,
        Framing::MediumCloseUp => subject.eyes_across * 0.8,
        Framing::CloseUp | Framing::ExtremeCloseUp => subject.eyes_across,
    }
}

/// Which way someone looks across the picture: -1 left to 1 right.
#[must_use]
pub const fn looks(facing: Facing) -> f64 {
    match facing {
        Facing::Front | Facing::Back => 0.0,
        Facing::ThreeQuarterLeft => -0.6,
        Facing::ThreeQuarterRight => 0.6,
        Facing::Left => -1.0,
        Facing::Right => 1.0,
    }
}

/// Where someone alone stands: away from where they look.
fn look_room(facing: Facing, framing: Framing) -> f64 {
    let room = match framing {
        Framing::ExtremeLong => 0.3,
        Framing::Long | Framing::Full => 0.24,
        Framing::MediumFull | Framing::Medium => 0.2,
        Framing::MediumCloseUp => 0.17,
        Framing::CloseUp => 0.14,
        Framing::ExtremeCloseUp => 0.08,
    };
    -looks(facing) * room
}

/// Where the members of a group stand, in the order of the brief: whoever looks right stands left.
fn spread(subjects: &[Subject]) -> Vec<f64> {
    let count = subjects.len();
    let reach = match count {
        2 => 0.33,
        3 => 0.5,
        _ => 0.66,
    };
    // The main subject of a larger group stands in the middle, the others to both sides in turn.
    let mut order: Vec<usize> = (0..count).collect();
    if count == 2 {
        if looks(subjects[0].facing) < looks(subjects[1].facing) {
            order.swap(0, 1);
        }
    } else {
        order.sort_by_key(|&index| if index % 2 == 1 { -(index as i64) } else { index as i64 });
    }
    let mut places = vec![0.0; count];
    for (slot, index) in order.into_iter().enumerate() {
        places[index] = -reach + 2.0 * reach * slot as f64 / (count - 1) as f64;
    }
    places
}

/// What is common to the people that a frame is made for.
struct Group {
    /// The main subject.
    main: Subject,
    /// The tallest's crown.
    crown: f64,
    /// The lowest eyes.
    lowest_eyes: f64,
    /// Metres that they need across.
    across: f64,
    /// The share of the frame's width between the outermost two.
    spread: f64,
}

impl Group {
    fn of(subjects: &[Subject]) -> Self {
        let main = subjects[0];
        let outermost = spread_of(subjects);
        let across = if subjects.len() > 1 {
            let widths: f64 = subjects.iter().map(|subject| 2.0 * subject.half_width + GAP).sum();
            widths - (subjects[0].half_width + subjects[subjects.len() - 1].half_width + GAP)
        } else {
            0.0
        };
        Self {
            main,
            crown: subjects.iter().map(|subject| subject.crown).fold(main.crown, f64::max),
            lowest_eyes: subjects.iter().map(|subject| subject.eyes).fold(main.eyes, f64::min),
            across,
            spread: outermost,
        }
    }
}

fn spread_of(subjects: &[Subject]) -> f64 {
    if subjects.len() < 2 {
        return 1.0;
    }
    let places: Vec<f64> = spread(subjects).iter().zip(subjects).map(|(place, subject)| subject.x.unwrap_or(*place)).collect();
    let (least, most) = places.iter().fold((f64::MAX, f64::MIN), |(least, most), place| (least.min(*place), most.max(*place)));
    ((most - least) / 2.0).clamp(0.2, 1.0)
}

fn place(group: Option<&Group>, framing: Framing, angle: Angle, drawn: &Drawn, canvas: Canvas) -> Camera {
    let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
    let widest = width / drawn.widest * drawn.per_metre;
    let standing = group.map_or(1.6, |group| group.main.height);
    let head = group.map_or(0.23, |group| group.main.head);
    // Metres that the frame's height holds.
    let mut holds = match framing {
        Framing::ExtremeLong => height / widest,
        Framing::Long => standing * 1.95,
        Framing::Full => standing * 1.24,
        Framing::MediumFull => standing * 0.92,
        Framing::Medium => standing * 0.6,
        Framing::MediumCloseUp => head * 2.75,
        Framing::CloseUp => head * 1.62,
        Framing::ExtremeCloseUp => head * 0.68,
    };
    let eyes_row = match framing {
        Framing::ExtremeLong | Framing::Long | Framing::Full => 0.3,
        Framing::MediumFull => 0.27,
        Framing::Medium => 0.34,
        Framing::MediumCloseUp => 0.4,
        Framing::CloseUp => 0.43,
        Framing::ExtremeCloseUp => 0.47,
    };
    if let Some(group) = group
        && framing != Framing::ExtremeLong
    {
        // Everyone's head fits, and everyone has room.
        let heads = group.crown - (group.lowest_eyes - head * 0.6);
        if group.crown - group.lowest_eyes > group.main.crown - group.main.eyes + 0.02 {
            holds = holds.max(heads / 0.78);
        }
        holds = holds.max(group.across / group.spread * height / width);
        if matches!(framing, Framing::Long | Framing::Full) {
            holds = holds.max(group.crown * 1.2);
        }
    }
    let scale = (height / holds).max(widest);
    let depth = group.map_or(0.0, |group| group.main.depth);
    let magnified = scale / widest;
    let distance = (drawn.distance / magnified.powf(DOLLY)).max(CLOSEST - depth.min(0.0));
    let focal = scale * (distance + depth);
    let eyes = group.map_or(standing * 0.93, |group| group.main.eyes);
    // From the height that the set was drawn for to the height of the eyes, the closer the more.
    let closeness = (1.0 - 1.0 / magnified).clamp(0.0, 1.0);
    let level = drawn.height + (eyes.max(0.35) - drawn.height) * closeness * 0.85;
    let slope = pitch(angle).to_radians().tan();
    let above = (level + slope * (distance + depth).min(7.0)).max(0.22);
    let camera = Camera { canvas, x: 0.0, height: above, distance, focal, axis: width / 2.0, horizon: 0.0 };
    let at_depth = camera.scale(depth);
    let horizon = match framing {
        Framing::ExtremeLong => match angle {
            Angle::EyeLevel => drawn_horizon(drawn, width / drawn.widest, height),
            Angle::High => height * 0.16,
            Angle::Low => height * 0.84,
        },
        // The feet stand on the ground near the lower edge.
        Framing::Long => height * 0.86 - at_depth * above,
        Framing::Full => height * 0.945 - at_depth * above,
        _ => {
            let mut row = height * eyes_row;
            if let Some(group) = group {
                // A taller companion's head is not cut.
                let headroom = height * if framing == Framing::Medium { 0.06 } else { 0.035 };
                if group.crown > group.main.crown + 0.02 {
                    row = row.max(headroom + (group.crown - group.main.eyes) * at_depth);
                }
                if framing != Framing::CloseUp && framing != Framing::ExtremeCloseUp {
                    row = row.max(headroom + (group.main.crown - group.main.eyes) * at_depth);
                }
            }
            row - at_depth * (above - eyes)
        }
    };
    Camera { horizon, ..camera }
}

/// The row of the horizon in the widest framing: a little more sky than ground is cut.
pub(crate) fn drawn_horizon(drawn: &Drawn, scale: f64, height: f64) -> f64 {
    (drawn.horizon * scale - (drawn.size[1] * scale - height) * 0.56).clamp(0.0, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: Drawn =
        Drawn { size: [2400.0, 1200.0], centre: 1200.0, horizon: 790.0, per_metre: 120.0, distance: 9.0, height: 1.5, widest: 1600.0 };

    fn person(facing: Facing, height: f64) -> Subject {
        Subject {
            height,
            head: height / 6.8,
            crown: height * 1.02,
            eyes: height * 0.92,
            half_width: height * 0.135,
            eyes_across: super::looks(facing) * 0.05,
            facing,
            x: None,
            depth: 0.0,
        }
    }

    fn eyes(staging: &Staging, subjects: &[Subject], index: usize) -> [f64; 2] {
        let [x, depth] = staging.places[index];
        staging.camera.project(x + subjects[index].eyes_across, subjects[index].eyes, depth)
    }

    #[test]
    fn the_main_subjects_eyes_are_in_every_frame_from_every_angle() {
        for &framing in Framing::ALL {
            for &angle in Angle::ALL {
                for &facing in Facing::ALL {
                    for height in [0.55, 1.15, 1.6, 1.9] {
                        for &composition in Composition::ALL {
                            let cast = [person(facing, height), person(Facing::Left, 1.7)];
                            for subjects in [&cast[..1], &cast[..]] {
                                let staging = stage(subjects, framing, angle, composition, &DRAWN, Canvas::default());
                                let [x, y] = eyes(&staging, subjects, 0);
                                let said = format!("{framing} {angle} {facing} {height} {composition} {}: {x:.0} {y:.0}", subjects.len());
                                assert!((100.0..1180.0).contains(&x) && (60.0..700.0).contains(&y), "{said}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn closer_framings_show_the_face_larger() {
        let cast = [person(Facing::Front, 1.6)];
        let scales: Vec<f64> = Framing::ALL
            .iter()
            .map(|framing| stage(&cast, *framing, Angle::EyeLevel, Composition::Auto, &DRAWN, Canvas::default()).camera.scale(0.0))
            .collect();
        assert!(scales.windows(2).all(|pair| pair[1] > pair[0] * 1.2), "{scales:?}");
    }

    #[test]
    fn a_full_figure_stands_inside_the_frame() {
        for framing in [Framing::Long, Framing::Full] {
            let cast = [person(Facing::Front, 1.7)];
            let staging = stage(&cast, framing, Angle::EyeLevel, Composition::Auto, &DRAWN, Canvas::default());
            let [x, depth] = staging.places[0];
            let (feet, crown) = (staging.camera.project(x, 0.0, depth)[1], staging.camera.project(x, cast[0].crown, depth)[1]);
            assert!(crown > 15.0 && feet < 700.0 && feet > 560.0, "{framing}: {crown:.0} to {feet:.0}");
        }
    }

    #[test]
    fn whoever_looks_right_has_room_to_the_right() {
        for framing in [Framing::Medium, Framing::MediumCloseUp, Framing::CloseUp] {
            let x = |facing| {
                let cast = [person(facing, 1.6)];
                eyes(&stage(&cast, framing, Angle::EyeLevel, Composition::Auto, &DRAWN, Canvas::default()), &cast, 0)[0]
            };
            assert!(x(Facing::Right) < 600.0 && x(Facing::Left) > 680.0 && (x(Facing::Front) - 640.0).abs() < 1.0);
        }
    }

    #[test]
    fn two_people_neither_touch_nor_leave_the_frame() {
        for framing in [Framing::Full, Framing::MediumFull, Framing::Medium, Framing::MediumCloseUp] {
            let cast = [person(Facing::ThreeQuarterRight, 1.55), person(Facing::ThreeQuarterLeft, 1.78)];
            let staging = stage(&cast, framing, Angle::EyeLevel, Composition::Auto, &DRAWN, Canvas::default());
            let apart = staging.places[1][0] - staging.places[0][0];
            assert!(apart > cast[0].half_width + cast[1].half_width + 0.04, "{framing}: {apart}");
            let crown = staging.camera.project(0.0, cast[1].crown, 0.0)[1];
            assert!(crown > 5.0, "{framing}: the taller head is cut at {crown:.0}");
        }
    }

    #[test]
    fn the_near_shoulder_fills_a_fifth_to_a_third_and_is_cut_by_the_frame() {
        for (facing, right) in [(Facing::ThreeQuarterRight, true), (Facing::ThreeQuarterLeft, false)] {
            for framing in [Framing::Medium, Framing::MediumCloseUp] {
                let cast = [person(facing, 1.6), person(Facing::Back, 1.7)];
                let staging = stage(&cast, framing, Angle::EyeLevel, Composition::OverTheShoulder, &DRAWN, Canvas::default());
                let [x, depth] = staging.places[1];
                let half = cast[1].half_width * staging.camera.scale(depth);
                let column = staging.camera.project(x, 1.0, depth)[0];
                let (inner, outer) =
                    if right { (1280.0 - (column - half), column + half) } else { (column + half, 1280.0 - (column - half)) };
                assert!((256.0..427.0).contains(&inner) && outer > 1280.0, "{framing} {facing}: {inner:.0} {outer:.0}");
                assert!(staging.camera.scale(depth) > 1.3 * staging.camera.scale(staging.places[0][1]));
            }
        }
    }

    #[test]
    fn from_above_the_horizon_is_high_and_from_below_it_is_low() {
        let horizon =
            |angle| stage(&[person(Facing::Front, 1.6)], Framing::Full, angle, Composition::Auto, &DRAWN, Canvas::default()).camera.horizon;
        assert!(horizon(Angle::High) < horizon(Angle::EyeLevel) - 100.0 && horizon(Angle::Low) > horizon(Angle::EyeLevel) + 50.0);
    }
}
