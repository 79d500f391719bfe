//! Films that a model drew from a picture, or between two: whether they begin and end as they should, and move.
//!
//! A [`FilmMeter`] takes frames one after another and keeps no picture. What a clip as a whole may not do, such as
//! flash, is for [`crate::ClipMeter`].

use engine::picture::Raster;
use serde::{Deserialize, Serialize};

use crate::glance::{Glance, Join, JoinKind};
use crate::measure::{Evidence, Finding, Measurement, Outcome, Role, Severity};
use crate::score::Score;

/// Name of the measure.
const NAME: &str = "film";
/// Changes whenever the same film could measure differently.
const VERSION: u32 = 1;

/// The largest share of the picture in which a film's end may differ from the key picture that it was drawn from, by more
/// than [`Join`] lets pass. Our own bound: models are handed that picture as the frame itself, so what encoding and colour
/// do to it is all that should differ; a quarter of the picture is what the guidelines on flashes call large.
const MOST_CHANGED: f64 = 0.25;

/// Films in which no cell ever moves by more, in hundredths of Oklab, stand still. Half of a just noticeable difference,
/// and several times what encoding does to the mean of a cell.
const STILL: f64 = 1.0;

/// What a film was ordered to be.
#[derive(Debug, Clone, PartialEq)]
pub struct FilmOrder {
    /// How many frames it has: at least the first number, at most the second.
    pub frames: (u32, u32),
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// The picture that it begins with.
    pub first: Glance,
    /// The picture that it ends with; none where that is left to the model.
    pub last: Option<Glance>,
}

/// The figures behind the checks of a film.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilmEvidence {
    /// Frames that it has.
    pub frames: u32,
    /// From the picture that it should begin with to its first frame; none for a film without frames.
    pub begins: Option<Join>,
    /// From its last frame to the picture that it should end with; none where that is left to the model.
    pub ends: Option<Join>,
    /// The farthest that any cell of it moves from the first frame, in hundredths of Oklab.
    pub moves: f64,
}

/// Measures a film frame by frame.
#[derive(Debug)]
pub struct FilmMeter {
    order: FilmOrder,
    frames: u32,
    first: Option<Glance>,
    latest: Option<Glance>,
    moves: f64,
    wrong: Option<(u32, String)>,
}

impl FilmMeter {
    /// A meter for a film that was ordered so.
    #[must_use]
    pub const fn new(order: FilmOrder) -> Self {
        Self { order, frames: 0, first: None, latest: None, moves: 0.0, wrong: None }
    }

    /// Takes the next frame.
    pub fn push(&mut self, image: &Raster) {
        let frame = self.frames;
        self.frames += 1;
        let (width, height) = self.order.size;
        if (image.width, image.height) != (width, height) {
            let what = format!("{}x{} pixels instead of {width}x{height}", image.width, image.height);
            self.wrong.get_or_insert((frame, what));
        }
        let Some(glance) = Glance::of(image) else {
            self.wrong.get_or_insert((frame, "no pixels, or not as many as it claims".to_owned()));
            return;
        };
        match &self.first {
            None => self.first = Some(glance.clone()),
            Some(first) => self.moves = self.moves.max(farthest(first, &glance)),
        }
        self.latest = Some(glance);
    }

    /// Ends the film.
    #[must_use]
    pub fn finish(self) -> Measurement {
        let begins = self.first.as_ref().map(|first| Join::between(&self.order.first, first));
        let ends = self.latest.as_ref().zip(self.order.last.as_ref()).map(|(latest, last)| Join::between(latest, last));
        let findings = self.findings(begins, ends);
        let blocked = findings.iter().any(|finding| finding.severity == Severity::Blocks);
        let evidence = Evidence::Film(FilmEvidence { frames: self.frames, begins, ends, moves: self.moves });
        of(Outcome::Measured { score: if blocked { Score::NONE } else { Score::FULL }, findings, evidence })
    }

    fn findings(&self, begins: Option<Join>, ends: Option<Join>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut find = |severity, code: &str, message: String| {
            findings.push(Finding { severity, code: code.to_owned(), message, at: None });
        };
        let (least, most) = self.order.frames;
        if self.frames < least || self.frames > most {
            let should = if least == most { format!("have {least}") } else { format!("have {least} to {most}") };
            find(Severity::Blocks, "wrong-length", format!("the film has {} frames and should {should}", self.frames));
        }
        if let Some((frame, what)) = &self.wrong {
            find(Severity::Blocks, "wrong-size", format!("frame {frame} of the film has {what}"));
        }
        let ways = [(begins, "begins-elsewhere", "first frame", "begin"), (ends, "ends-elsewhere", "last frame", "end")];
        for (join, code, frame, verb) in ways {
            let Some(join) = join.filter(|join| join.changed > MOST_CHANGED) else { continue };
            let severity = if join.kind == JoinKind::Cut { Severity::Blocks } else { Severity::Doubt };
            let message = format!(
                "the film's {frame} differs in {:.0} % from the key picture that it should {verb} with; {:.0} % are let pass",
                join.changed * 100.0,
                MOST_CHANGED * 100.0
            );
            find(severity, code, message);
        }
        // Between two pictures that look alike nothing has to move.
        let alike = self.order.last.as_ref().is_some_and(|last| farthest(&self.order.first, last) <= STILL);
        if self.frames > 0 && self.moves <= STILL && !alike {
            find(Severity::Doubt, "still", "the film stands still: nothing in it moves".to_owned());
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }
}

/// What is said of a film that cannot be decoded, or not to its end.
#[must_use]
pub fn undecodable_film(reason: &str) -> Measurement {
    let message = format!("the film cannot be decoded: {reason}");
    let finding = Finding { severity: Severity::Blocks, code: "undecodable".to_owned(), message, at: None };
    of(Outcome::Measured { score: Score::NONE, findings: vec![finding], evidence: Evidence::Undecodable })
}

fn of(outcome: Outcome) -> Measurement {
    Measurement { measure: NAME.to_owned(), version: VERSION, role: Role::Technical, outcome }
}

/// The largest difference between cells of two pictures at the same place, in hundredths of Oklab.
fn farthest(one: &Glance, other: &Glance) -> f64 {
    let cells = one.oklab().zip(other.oklab());
    let differences = cells.map(|(one, other)| one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f32>().sqrt());
    100.0 * f64::from(differences.fold(0.0, f32::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{face, flat, noise};

    const SIZE: (u32, u32) = (320, 180);

    const NOTHING: [(Severity, String); 0] = [];

    fn glance(image: &Raster) -> Glance {
        Glance::of(image).unwrap()
    }

    fn with_a_bar(row: u32) -> Raster {
        let mut picture = face(320, 180);
        let start = (320 * 4 * row) as usize;
        picture.rgba[start..start + 320 * 4 * 8].fill(255);
        picture
    }

    fn order(frames: u32, first: &Raster, last: Option<&Raster>) -> FilmOrder {
        FilmOrder { frames: (frames, frames), size: SIZE, first: glance(first), last: last.map(glance) }
    }

    fn codes(order: FilmOrder, frames: impl IntoIterator<Item = Raster>) -> Vec<(Severity, String)> {
        let mut meter = FilmMeter::new(order);
        frames.into_iter().for_each(|frame| meter.push(&frame));
        match meter.finish().outcome {
            Outcome::Measured { findings, .. } => findings.into_iter().map(|finding| (finding.severity, finding.code)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_film_that_goes_from_its_first_picture_to_its_last_has_nothing_to_say() {
        let bars = || (0..17).map(|frame| with_a_bar(10 + frame * 8));
        assert_eq!(codes(order(17, &with_a_bar(10), Some(&with_a_bar(138))), bars()), NOTHING);
        assert_eq!(codes(order(17, &with_a_bar(10), None), bars()), NOTHING, "where it ends is left to the model");
    }

    #[test]
    fn a_film_of_other_pictures_is_stopped() {
        let noises = || (0..5).map(|frame| noise(320, 180, frame + 1));
        let said = codes(order(5, &face(320, 180), Some(&flat(320, 180, [200, 30, 30, 255]))), noises());
        assert_eq!(said, [(Severity::Blocks, "begins-elsewhere".to_owned()), (Severity::Blocks, "ends-elsewhere".to_owned())]);
    }

    #[test]
    fn an_end_that_is_off_in_a_third_of_the_picture_is_for_a_person() {
        let mut off = face(320, 180);
        off.rgba[..320 * 4 * 60].fill(255);
        let said = codes(order(5, &face(320, 180), Some(&off)), (0..5).map(|frame| with_a_bar(100 + frame * 8)));
        assert_eq!(said, [(Severity::Doubt, "ends-elsewhere".to_owned())]);
    }

    #[test]
    fn a_film_that_stands_still_is_for_a_person_unless_it_should() {
        let still = || (0..5).map(|_| face(320, 180));
        assert_eq!(codes(order(5, &face(320, 180), None), still()), [(Severity::Doubt, "still".to_owned())]);
        assert_eq!(codes(order(5, &face(320, 180), Some(&face(320, 180))), still()), NOTHING);
    }

    #[test]
    fn too_few_frames_and_frames_of_another_size_are_told() {
        let small = (0..4).map(|_| face(160, 90));
        let said: Vec<String> = codes(order(5, &face(320, 180), None), small).into_iter().map(|(_, code)| code).collect();
        assert_eq!(said, ["wrong-length", "wrong-size", "still"]);
        let none = codes(order(5, &face(320, 180), None), []);
        assert_eq!(none, [(Severity::Blocks, "wrong-length".to_owned())]);
    }

    #[test]
    fn the_same_frames_give_the_same_measurement() {
        let measured = || {
            let mut meter = FilmMeter::new(order(3, &with_a_bar(10), None));
            (0..3).for_each(|frame| meter.push(&with_a_bar(10 + frame)));
            serde_json::to_string(&meter.finish()).unwrap()
        };
        assert_eq!(measured(), measured());
    }
}
