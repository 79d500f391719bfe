//! Expressions: which of several faces a picture shows that was painted over the layout of one of them.
//!
//! Nothing here knows what joy looks like. The layouts of one head differ from face to face in a few places (brows, eyes,
//! mouth), and there the picture is held against the layout that was asked for and against each of the others. A picture
//! that was painted over no layout, or whose face is turned away, is not read.

use bible::story::Expression;
use engine::picture::Raster;

use crate::edges::Mask;
use crate::fingerprint::luma_plane;

/// Name and version as they are signed: the version changes whenever the same picture could read differently.
pub const NAME: &str = "expression";
/// See [`NAME`].
pub const VERSION: u32 = 1;

/// A face as a layout has it.
#[derive(Debug, Clone, Copy)]
pub struct LaidOut<'a> {
    /// Which.
    pub expression: Expression,
    /// The layout's pixels.
    pub image: &'a Raster,
}

/// Limits of reading expressions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expressions {
    /// Change of luma between two layouts, of 255, that makes a place where their faces differ.
    pub differs: u8,
    /// Places that two faces must differ in to be told apart, in pixels.
    pub least_places: usize,
    /// How far a painter may have moved the face, as a share of the picture's height.
    pub reach: f64,
    /// The least likeness to any of the faces. Whoever is like none of them has a face that none of them tells of.
    pub least_likeness: f64,
    /// By how much one face must be more alike than another to be it.
    pub least_lead: f64,
}

impl Default for Expressions {
    fn default() -> Self {
        Self { differs: 40, least_places: 60, reach: 0.006, least_likeness: 0.35, least_lead: 0.05 }
    }
}

/// What came of reading an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// It is the one that was asked for.
    AsAsked {
        /// The one that it was nearest to being taken for.
        before: Expression,
        /// By how much it looks more like the one that was asked for.
        lead: f64,
    },
    /// It is another.
    Other {
        /// This one.
        looks: Expression,
        /// By how much it looks more like this than like the one that was asked for.
        lead: f64,
    },
    /// It cannot be told.
    Unread {
        /// Why not, as a sentence.
        reason: String,
    },
}

impl Expressions {
    /// Reads the expression of a picture that was painted over the layout `asked`. Layouts of another size than the picture are
    /// passed over.
    #[must_use]
    pub fn read(&self, image: &Raster, asked: LaidOut<'_>, others: &[LaidOut<'_>]) -> Read {
        let unread = |reason: &str| Read::Unread { reason: reason.to_owned() };
        let fits = |other: &Raster| (other.width, other.height, other.rgba.len()) == (image.width, image.height, image.rgba.len());
        if !fits(asked.image) {
            return unread("the layout has another size than the picture");
        }
        let (painted, wanted) = (Plane::of(image), Plane::of(asked.image));
        let mut compared = Vec::new();
        for other in others.iter().filter(|other| other.expression != asked.expression && fits(other.image)) {
            let unwanted = Plane::of(other.image);
            let places = self.places(&wanted, &unwanted);
            if places.len() < self.least_places {
                return unread(&format!("in this size `{}` and `{}` hardly differ", asked.expression.word(), other.expression.word()));
            }
            let reach = (self.reach * f64::from(image.height)).round().max(1.0) as isize;
            let alike = [&wanted, &unwanted].map(|layout| likeness(&painted, layout, &places, reach));
            compared.push((other.expression, alike));
        }
        // The one that it is most like instead, or was nearest to being taken for.
        let lead = |[asked, other]: [f64; 2]| asked - other;
        let Some(&(nearest, alike)) = compared.iter().min_by(|(_, one), (_, other)| lead(*one).total_cmp(&lead(*other))) else {
            return unread("there is no layout of another face to compare with");
        };
        if alike[0].max(alike[1]) < self.least_likeness {
            return unread("the face is like none that the layout engine draws");
        }
        match lead(alike) {
            lead if lead >= self.least_lead => Read::AsAsked { before: nearest, lead },
            lead if lead <= -self.least_lead => Read::Other { looks: nearest, lead: -lead },
            _ => unread(&format!("it is as much like `{}` as like `{}`", nearest.word(), asked.expression.word())),
        }
    }

    /// Where two layouts differ, and the pixels around these places: what a line of either is drawn before. Of very many, every
    /// so manyth: they tell as much.
    fn places(&self, one: &Plane, other: &Plane) -> Vec<(isize, isize)> {
        const AROUND: usize = 2;
        const MOST: usize = 4_000;
        let differs = |at: &usize| one.luma[*at].abs_diff(other.luma[*at]) >= self.differs;
        let differing: Vec<(usize, usize)> = (0..one.luma.len()).filter(differs).map(|at| (at % one.width, at / one.width)).collect();
        let span = |along: fn(&(usize, usize)) -> usize, length: usize| {
            let (first, last) = (differing.iter().map(along).min()?, differing.iter().map(along).max()?);
            Some((first.saturating_sub(AROUND), (last + AROUND + 1).min(length)))
        };
        let (Some((left, right)), Some((top, bottom))) = (span(|place| place.0, one.width), span(|place| place.1, one.height)) else {
            return Vec::new();
        };
        let (width, height) = (right - left, bottom - top);
        let mut set = vec![false; width * height];
        differing.iter().for_each(|(x, y)| set[(y - top) * width + x - left] = true);
        let mask = Mask { width, height, set }.grown(AROUND);
        let every = (mask.count() / MOST).max(1);
        let set = mask.set.iter().enumerate().filter(|(_, set)| **set).step_by(every);
        set.map(|(at, _)| ((left + at % width) as isize, (top + at / width) as isize)).collect()
    }
}

/// The luma of a picture.
struct Plane {
    width: usize,
    height: usize,
    luma: Vec<u8>,
}

impl Plane {
    fn of(image: &Raster) -> Self {
        Self { width: image.width as usize, height: image.height as usize, luma: luma_plane(image) }
    }

    /// Beyond its edge a picture goes on as it ends.
    fn at(&self, x: isize, y: isize) -> f64 {
        let (x, y) = (x.clamp(0, self.width as isize - 1), y.clamp(0, self.height as isize - 1));
        f64::from(self.luma[y as usize * self.width + x as usize])
    }
}

/// How alike two pictures are in some places, -1 to 1: the contrast and structure of SSIM (Wang et al. 2004, with their constant)
/// over all of them as one window, where the painted one is moved by up to `reach` to where it fits best. Lighter or darker
/// all over makes no difference.
fn likeness(painted: &Plane, layout: &Plane, places: &[(isize, isize)], reach: isize) -> f64 {
    let steady = (0.03_f64 * 255.0).powi(2);
    let count = places.len() as f64;
    let laid: Vec<f64> = places.iter().map(|(x, y)| layout.at(*x, *y)).collect();
    let laid_mean = laid.iter().sum::<f64>() / count;
    let laid_spread = laid.iter().map(|value| (value - laid_mean).powi(2)).sum::<f64>() / count;
    let moved_by = |(right, down): (isize, isize)| {
        let (mut sum, mut squares, mut products) = (0.0, 0.0, 0.0);
        for ((x, y), laid) in places.iter().zip(&laid) {
            let value = painted.at(x + right, y + down);
            sum += value;
            squares += value * value;
            products += value * laid;
        }
        let mean = sum / count;
        let (spread, together) = (squares / count - mean * mean, products / count - mean * laid_mean);
        (2.0 * together + steady) / (spread + laid_spread + steady)
    };
    // Every second move first, since lines are wider than that, and then those around the best.
    let around = |middle: (isize, isize), reach: isize, step: usize| {
        let moves = move |middle: isize| (middle - reach..=middle + reach).step_by(step);
        let all = moves(middle.1).flat_map(move |down| moves(middle.0).map(move |right| (right, down)));
        all.map(|place| (moved_by(place), place)).max_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or((-1.0, middle))
    };
    let (coarse, near) = around((0, 0), reach, 2);
    coarse.max(around(near, 1, 1).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{blurred, face, noise};

    /// A face with a mouth: a dark stroke at a height that says which expression it is.
    fn mouth(expression: Expression, moved: u32) -> Raster {
        let mut picture = face(320, 180);
        let at = 112 + 5 * Expression::ALL.iter().position(|one| *one == expression).unwrap() as u32 + moved;
        for y in at..at + 3 {
            for x in 145..175 {
                let pixel = ((y * 320 + x) * 4) as usize;
                picture.rgba[pixel..pixel + 3].fill(30);
            }
        }
        picture
    }

    fn read(painted: &Raster, asked: Expression) -> Read {
        let drawn: Vec<(Expression, Raster)> = Expression::ALL.iter().map(|one| (*one, mouth(*one, 0))).collect();
        let laid: Vec<LaidOut<'_>> = drawn.iter().map(|(expression, image)| LaidOut { expression: *expression, image }).collect();
        Expressions::default().read(painted, *laid.iter().find(|laid| laid.expression == asked).unwrap(), &laid)
    }

    #[test]
    fn a_face_is_read_as_what_it_is_softer_and_a_little_moved_too() {
        for painted in Expression::ALL {
            let soft = blurred(&mouth(*painted, 1), 0.8);
            for asked in Expression::ALL {
                match read(&soft, *asked) {
                    Read::AsAsked { .. } => assert_eq!(painted, asked),
                    Read::Other { looks, .. } => assert!(looks == *painted && painted != asked, "{looks:?} instead of {painted:?}"),
                    Read::Unread { reason } => panic!("{painted:?} before {asked:?}: {reason}"),
                }
            }
        }
    }

    #[test]
    fn what_is_like_no_face_at_all_is_not_read() {
        let said = read(&noise(320, 180, 7), Expression::Happy);
        assert!(matches!(&said, Read::Unread { reason } if reason.contains("like none")), "{said:?}");
    }

    #[test]
    fn a_picture_without_a_mouth_is_neither() {
        let said = read(&face(320, 180), Expression::Happy);
        assert!(matches!(said, Read::Unread { .. }), "{said:?}");
    }

    #[test]
    fn faces_that_hardly_differ_and_layouts_of_another_size_tell_nothing() {
        let (happy, sad) = (mouth(Expression::Happy, 0), mouth(Expression::Happy, 0));
        let laid = [(Expression::Happy, &happy), (Expression::Sad, &sad)].map(|(expression, image)| LaidOut { expression, image });
        let said = Expressions::default().read(&happy, laid[0], &laid);
        assert!(matches!(&said, Read::Unread { reason } if reason.contains("hardly differ")), "{said:?}");
        let small = face(160, 90);
        let said = Expressions::default().read(&small, laid[0], &laid);
        assert!(matches!(&said, Read::Unread { reason } if reason.contains("another size")), "{said:?}");
        let alone = Expressions::default().read(&happy, laid[0], &laid[..1]);
        assert!(matches!(alone, Read::Unread { .. }), "{alone:?}");
    }
}
