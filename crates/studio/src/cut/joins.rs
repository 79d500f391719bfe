//! Where a cut's clips meet: whether each join is what it should be, and whether people look the same on both sides of it.

use std::collections::HashMap;

use bible::StoryTime;
use consistency::colour::ColourEvidence;
use consistency::glance::JoinKind;
use consistency::measure::Evidence;
use consistency::{Join, Outcome, Score, agreement};
use serde::Serialize;

use crate::gate::{GateReport, PictureVerdict};
use crate::subject::Subject;

/// What the gate said of the clips, by subject.
pub(super) type Reports = HashMap<String, GateReport>;

/// Two clips that stand beside each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Neighbours {
    /// The one that is seen first.
    before: Subject,
    /// The other.
    after: Subject,
    /// Whether one picture should go over into the other: at both ends of a dissolve.
    goes_on: bool,
    /// Whether the one ends in a plain colour, as what fades out does.
    #[serde(skip)]
    faded: bool,
    /// From the last picture of the one to the first of the other; none where a clip's ends were not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    join: Option<Join>,
    /// People whose colours differ by more than a picture may differ from the bible, within a scene.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    apart: Vec<Apart>,
}

/// Somebody who does not look the same in two shots.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Apart {
    character: String,
    /// The part that differs most.
    part: String,
    /// By so much (CIEDE2000).
    difference: f64,
}

/// Every two clips of a cut that meet.
pub(super) fn neighbours(clips: &[Subject], reports: &Reports) -> Vec<Neighbours> {
    clips.windows(2).filter_map(|pair| Neighbours::of(&pair[0], &pair[1], reports)).collect()
}

impl Neighbours {
    fn of(before: &Subject, after: &Subject, reports: &Reports) -> Option<Self> {
        let (left, right) = (place(before)?, place(after)?);
        let ends = |subject: &Subject| clip_ends(reports.get(&subject.to_string())?);
        let (ending, beginning) = (ends(before), ends(after));
        let faded = ending.is_some_and(|ending| ending.last.is_plain());
        let join = ending.zip(beginning).map(|(ending, beginning)| ending.join_to(beginning));
        let dissolves = matches!(before, Subject::Transition(_)) || matches!(after, Subject::Transition(_));
        // What lies on both sides of a dissolve is compared where the dissolve begins.
        let same_scene = left != right && left.at_scene(left.scene) == right.at_scene(right.scene);
        let apart = if same_scene { apart([left, right], reports) } else { Vec::new() };
        Some(Self { before: before.clone(), after: after.clone(), goes_on: dissolves, faded, join, apart })
    }

    /// What a person should know of it.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        let Self { before, after, .. } = self;
        let join = self.join.and_then(|join| match (join.kind, self.goes_on) {
            (JoinKind::Same, false) if !self.faded => {
                Some(format!("no cut is seen between {before} and {after}: the one ends with the picture that the other begins with"))
            }
            (JoinKind::Cut, true) => Some(format!(
                "{before} jumps to {after}: {:.0} % of the picture changes from one frame to the next where it should go over",
                join.changed * 100.0
            )),
            _ => None,
        });
        let apart = self.apart.iter().map(move |Apart { character, part, difference }| {
            format!("{character} does not look the same in {before} and {after}: {part} differs by ΔE {difference:.1}")
        });
        join.into_iter().chain(apart)
    }

    /// How a shot begins after what stands before it; none where this join is not the one before it.
    pub(super) fn words_before(&self, shot: StoryTime) -> Option<String> {
        let begins_here = place(&self.after) == Some(shot) && place(&self.before) != Some(shot);
        begins_here.then(|| match self.join {
            None => "not measured: the ends of the clips were not kept".to_owned(),
            Some(Join { kind, changed, .. }) => {
                let kind = match kind {
                    JoinKind::Same => "nothing changes",
                    JoinKind::Continuous => "goes on",
                    JoinKind::Cut => "a cut",
                };
                format!("{kind}: {:.0} % of the picture changes", changed * 100.0)
            }
        })
    }
}

/// Where in the story a clip stands.
fn place(clip: &Subject) -> Option<StoryTime> {
    match clip {
        Subject::Shot(at) | Subject::Film(at) | Subject::Transition(at) => Some(*at),
        Subject::Sheet { .. } | Subject::Episode(_) => None,
    }
}

fn clip_ends(report: &GateReport) -> Option<&consistency::clip::ends::ClipEnds> {
    report.pictures.iter().flat_map(|picture| &picture.verdict.measurements).find_map(|measurement| match &measurement.outcome {
        Outcome::Measured { evidence: Evidence::Clip(clip), .. } => clip.ends.as_ref(),
        _ => None,
    })
}

/// Who differs between the last key picture of one shot and the first of another that both show them.
fn apart([left, right]: [StoryTime; 2], reports: &Reports) -> Vec<Apart> {
    let [left, right] = [left, right].map(|at| reports.get(&Subject::Shot(at).to_string()));
    let (Some(left), Some(right)) = (left, right) else { return Vec::new() };
    let (last, first) =
        (left.pictures.iter().rev().find_map(PictureVerdict::colours), right.pictures.iter().find_map(PictureVerdict::colours));
    let (Some(last), Some(first)) = (last, first) else { return Vec::new() };
    let mut people: Vec<_> = last.parts.iter().filter_map(|part| part.owner.clone()).collect();
    people.sort();
    people.dedup();
    let differs = |who: bible::Slug| {
        let agreed = agreement(&asked_alike(last, first), first, &who).filter(|agreed| agreed.score < Score::AT_TOLERANCE)?;
        Some(Apart { character: who.to_string(), part: agreed.least.0, difference: agreed.least.1 })
    };
    people.into_iter().filter_map(differs).collect()
}

/// The parts of one picture that should have the same colour in another: who changes clothes within a scene is not compared.
fn asked_alike(one: &ColourEvidence, other: &ColourEvidence) -> ColourEvidence {
    let mut one = one.clone();
    one.parts.retain(|part| {
        other.parts.iter().any(|known| known.owner == part.owner && known.part == part.part && known.expected == part.expected)
    });
    one
}

#[cfg(test)]
mod tests {
    use bible::project::Canvas;
    use bible::{Colour, FrameRate, Tones};
    use consistency::clip::{ClipLimits, ClipMeter, ClipOrder};
    use consistency::{ColourModel, Measure, Subject as Seen, judge};
    use engine::picture::{PartEntry, PartMap, Raster};

    use super::*;
    use crate::gate::judge_moving;

    const SIZE: (u32, u32) = (64, 36);

    fn flat(colour: Colour) -> Raster {
        let [red, green, blue] = colour.channels();
        Raster { width: SIZE.0, height: SIZE.1, rgba: [red, green, blue, 255].repeat((SIZE.0 * SIZE.1) as usize) }
    }

    /// A picture in a colour with a bar in it, so that it is no faded one; black all over for black.
    fn picture(colour: Colour) -> Raster {
        let mut picture = flat(colour);
        if colour != BLACK {
            picture.rgba[..(SIZE.0 * 4 * 8) as usize].fill(255);
        }
        picture
    }

    /// A clip that begins with one picture and ends with another, and whose key picture has hair of a colour where the
    /// bible asks for one.
    fn report(ends: [Colour; 2], [hair, asked]: [Colour; 2]) -> GateReport {
        let canvas = Canvas { width: SIZE.0, height: SIZE.1 };
        let order = ClipOrder { canvas, rate: FrameRate::FILM, frames: 2, fade_in: 0, fade_out: 0, wanders: true, moves: true };
        let mut meter = ClipMeter::new(order, ClipLimits::default());
        ends.iter().for_each(|end| meter.push(&picture(*end), 1));
        let gate = Score::AT_TOLERANCE.into();
        let entry = |owner: Option<&str>, part: &str, tones| PartEntry {
            owner: owner.map(|owner| owner.parse().unwrap()),
            part: part.to_owned(),
            tones,
            light: [1.0; 3],
        };
        let entries = vec![entry(None, "background", None), entry(Some("mei"), "hair", Some(Tones::from_base(asked)))];
        let parts = PartMap { width: SIZE.0, height: SIZE.1, indices: vec![1; (SIZE.0 * SIZE.1) as usize], parts: entries };
        let image = flat(hair);
        let colours = ColourModel::default().report(&Seen { parts: Some(&parts), ..Seen::new(&image) });
        let key = PictureVerdict::of("frame-0000.png", judge(vec![colours], gate));
        GateReport::of(gate, vec![key, judge_moving("clip.mp4", meter.finish(), gate)])
    }

    const BLACK: Colour = Colour::new(0, 0, 0);
    const RED: Colour = Colour::new(180, 40, 40);
    const BLUE: Colour = Colour::new(40, 60, 170);
    const HAIR: Colour = Colour::new(90, 70, 60);

    fn met(clips: [(&str, GateReport); 2]) -> Neighbours {
        let subjects: Vec<Subject> = clips.iter().map(|(name, _)| name.parse().unwrap()).collect();
        let reports: Reports = clips.into_iter().map(|(name, report)| (name.to_owned(), report)).collect();
        neighbours(&subjects, &reports).swap_remove(0)
    }

    fn notes(met: &Neighbours) -> Vec<String> {
        met.notes().collect()
    }

    #[test]
    fn a_cut_that_nobody_sees_is_told_and_one_that_is_seen_is_not() {
        let plain = || report([BLUE, RED], [HAIR, HAIR]);
        let unseen = met([("shot S01E01.01.001", plain()), ("shot S01E01.01.002", report([RED, RED], [HAIR, HAIR]))]);
        assert!(notes(&unseen)[0].contains("no cut is seen between shot S01E01.01.001 and shot S01E01.01.002"), "{unseen:?}");
        let seen = met([("shot S01E01.01.001", plain()), ("film S01E01.01.002", plain())]);
        assert_eq!(notes(&seen), Vec::<String>::new());
        let second = "S01E01.01.002".parse().unwrap();
        assert_eq!(seen.words_before(second).as_deref(), Some("a cut: 78 % of the picture changes"));
        assert_eq!(seen.words_before("S01E01.01.001".parse().unwrap()), None);
    }

    #[test]
    fn from_black_to_black_is_a_fade_and_no_cut_that_is_missed() {
        let clip = |ends| report(ends, [HAIR, HAIR]);
        let faded = met([("shot S01E01.01.001", clip([BLUE, BLACK])), ("shot S01E01.01.002", clip([BLACK, RED]))]);
        assert_eq!((faded.join.unwrap().kind, notes(&faded)), (JoinKind::Same, Vec::new()));
    }

    #[test]
    fn a_dissolve_that_does_not_begin_where_the_shot_before_ends_jumps() {
        let ends = |colours| report(colours, [HAIR, HAIR]);
        let right = met([("shot S01E01.01.001", ends([BLUE, RED])), ("transition S01E01.01.002", ends([RED, BLUE]))]);
        assert_eq!(notes(&right), Vec::<String>::new());
        let wrong = met([("transition S01E01.01.002", ends([RED, BLUE])), ("shot S01E01.01.002", ends([RED, RED]))]);
        assert!(notes(&wrong)[0].contains("transition S01E01.01.002 jumps to shot S01E01.01.002: 78 %"), "{wrong:?}");
        assert_eq!(wrong.words_before("S01E01.01.002".parse().unwrap()), None, "the shot began with its dissolve");
    }

    #[test]
    fn who_changes_between_two_shots_of_a_scene_is_told_with_what_changed() {
        // Each is within what the bible allows, and both ways off together are not.
        let (warm, cold) = (Colour::new(97, 70, 54), Colour::new(83, 70, 66));
        let shot = |name, hair| (name, report([BLUE, RED], [hair, HAIR]));
        for (_, shot) in [shot("", warm), shot("", cold)] {
            assert_eq!(shot.pictures[0].verdict.status, consistency::Status::Accepted, "{:?}", shot.pictures[0].verdict.reasons);
        }
        let apart = met([shot("shot S01E01.01.001", warm), shot("shot S01E01.01.002", cold)]);
        assert!(
            notes(&apart)[0].starts_with("mei does not look the same in shot S01E01.01.001 and shot S01E01.01.002: hair differs by ΔE")
        );
        let alike = met([shot("shot S01E01.01.001", warm), shot("shot S01E01.01.002", warm)]);
        let elsewhere = met([shot("shot S01E01.01.001", warm), shot("shot S01E01.02.001", cold)]);
        let dyed = met([shot("shot S01E01.01.001", warm), ("shot S01E01.01.002", report([BLUE, RED], [RED, RED]))]);
        for met in [alike, elsewhere, dyed] {
            assert_eq!(notes(&met), Vec::<String>::new());
        }
    }

    #[test]
    fn of_clips_that_were_measured_before_their_ends_were_kept_nothing_is_claimed() {
        let mut earlier = report([BLUE, RED], [HAIR, HAIR]);
        earlier.pictures.truncate(1);
        let met = met([("shot S01E01.01.001", earlier), ("shot S01E01.01.002", report([RED, RED], [HAIR, HAIR]))]);
        assert_eq!((met.join, notes(&met)), (None, Vec::new()));
        let said = met.words_before("S01E01.01.002".parse().unwrap()).unwrap();
        assert!(said.starts_with("not measured"), "{said}");
    }
}
