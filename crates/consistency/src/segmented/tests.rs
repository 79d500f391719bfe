//! Dolls of flat colours in front of a striped wall, with the boxes that a finder would give.

use bible::{Colour, Slug, Tones};
use engine::picture::Raster;

use super::SegmentedColours;
use crate::boxes::{BoxKind, FoundBox};
use crate::calibration::{Calibrated, Domain};
use crate::colour::{ColourEvidence, CutOut};
use crate::measure::{Evidence, ExpectedPart, Measure, Outcome, Subject};
use crate::score::Score;
use crate::testing::flat;
use crate::verdict::{Status, judge};

const DAY: [f32; 3] = [1.0; 3];

/// What a doll is painted with.
#[derive(Clone, Copy)]
struct Doll {
    hair: Colour,
    skin: Colour,
    shirt: Colour,
    trousers: Colour,
}

const AKI: Doll = Doll {
    hair: Colour::new(0x2b, 0x2f, 0x6a),
    skin: Colour::new(0xf3, 0xd2, 0xb8),
    shirt: Colour::new(0xb5, 0x38, 0x3f),
    trousers: Colour::new(0x4a, 0x6a, 0x48),
};
const KIT: Doll = Doll {
    hair: Colour::new(0xd8, 0x9a, 0x2b),
    skin: Colour::new(0xc0, 0x8a, 0x66),
    shirt: Colour::new(0x30, 0x80, 0xa0),
    trousers: Colour::new(0x60, 0x50, 0x90),
};

/// A wall, and dolls standing before it, each 200 pixels wide.
fn painted(dolls: &[Doll]) -> (Raster, Vec<FoundBox>) {
    let (width, height) = (200 * dolls.len().max(1) as u32 + 100, 440);
    let mut image = flat(width, height, [0, 0, 0, 255]);
    for (place, pixel) in image.rgba.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let (x, y) = ((place as u32 % width) as f64, (place as u32 / width) as f64);
        let mut colour = if (x / 25.0).floor() as i32 % 2 == 0 { [176, 200, 214] } else { [150, 178, 160] };
        for (index, doll) in dolls.iter().enumerate() {
            let middle = 150.0 + 200.0 * index as f64;
            if let Some(part) = doll.at(x - middle, y) {
                colour = part;
            }
        }
        pixel[..3].copy_from_slice(&colour);
    }
    let boxes = (0..dolls.len()).flat_map(|index| {
        let middle = 150.0 + 200.0 * index as f64;
        let found = |kind, half: f64, top, bottom| FoundBox::new(kind, 0.9, [middle - half, top], [middle + half, bottom], [width, height]);
        [found(BoxKind::Figure, 72.0, 18.0, 422.0), found(BoxKind::Head, 52.0, 18.0, 142.0)].into_iter().flatten()
    });
    let boxes = boxes.collect();
    (image, boxes)
}

impl Doll {
    /// The colour at a place from the middle of the doll and the top of the picture; lines are 3 pixels wide.
    fn at(&self, x: f64, y: f64) -> Option<[u8; 3]> {
        let shaded = |colour: Colour| if x > 12.0 { Tones::from_base(colour).shadow() } else { colour };
        let reach = |cy: f64, rx: f64, ry: f64| (x / rx).hypot((y - cy) / ry);
        let (head, hair) = (reach(92.0, 36.0, 46.0), reach(80.0, 50.0, 60.0));
        let slab = |left: f64, top: f64, right: f64, bottom: f64| (x - left).min(right - x).min(y - top).min(bottom - y);
        let (shirt, trousers) = (slab(-44.0, 140.0, 44.0, 280.0), slab(-36.0, 280.0, 36.0, 420.0));
        let arms = slab(-70.0, 150.0, -44.0, 290.0).max(slab(44.0, 150.0, 70.0, 290.0));
        let line = [30, 26, 38];
        let part = |depth: f64, colour: Colour| if depth < 3.0 { line } else { shaded(colour).channels() };
        if head < 1.0 && y > 70.0 {
            Some(if head > 0.93 { line } else { shaded(self.skin).channels() })
        } else if hair < 1.0 {
            Some(if hair > 0.95 { line } else { shaded(self.hair).channels() })
        } else if shirt > 0.0 {
            Some(part(shirt, self.shirt))
        } else if trousers > 0.0 {
            Some(part(trousers, self.trousers))
        } else if arms > 0.0 {
            Some(part(arms, self.skin))
        } else {
            None
        }
    }

    fn expected(&self, owner: &str) -> Vec<ExpectedPart> {
        let owner: Slug = owner.parse().unwrap();
        let parts = [("hair", self.hair), ("skin", self.skin), ("shirt.main", self.shirt), ("trousers.main", self.trousers)];
        let part =
            |(part, base): (&str, Colour)| ExpectedPart { owner: owner.clone(), part: part.to_owned(), tones: Tones::from_base(base) };
        parts.map(part).to_vec()
    }
}

fn measured(dolls: &[Doll], expected: &[ExpectedPart]) -> Outcome {
    let (image, boxes) = painted(dolls);
    SegmentedColours::new(Ok(&boxes), Ok(DAY)).measure(&Subject { expected, ..Subject::new(&image) })
}

fn colours(outcome: &Outcome) -> &ColourEvidence {
    match outcome {
        Outcome::Measured { evidence: Evidence::Colour(colours), .. } => colours,
        other => panic!("no colours: {other:?}"),
    }
}

/// The parts that are off, and how many were measured.
fn off(outcome: &Outcome) -> (Vec<&str>, usize) {
    let parts = &colours(outcome).parts;
    let mut off: Vec<&str> = parts.iter().filter(|part| part.score < Score::AT_TOLERANCE).map(|part| part.part.as_str()).collect();
    off.sort_unstable();
    (off, parts.len())
}

#[test]
fn a_figure_without_masks_gets_its_hair_skin_and_clothes_measured_right() {
    let outcome = measured(&[AKI], &AKI.expected("aki"));
    assert_eq!(off(&outcome), (vec![], 4), "{outcome:#?}");
    let evidence = colours(&outcome);
    assert_eq!(evidence.cut_out, CutOut::Segmentation);
    assert!(evidence.parts.iter().all(|part| part.found_difference < 1.0), "{evidence:#?}");
}

#[test]
fn hair_of_another_hue_is_found_off_and_nothing_else_is() {
    let red = Doll { hair: Colour::new(0x8a, 0x30, 0x30), ..AKI };
    let outcome = measured(&[red], &AKI.expected("aki"));
    assert_eq!(off(&outcome), (vec!["hair"], 4));
    let Outcome::Measured { findings, .. } = outcome else { unreachable!("it was measured") };
    let message = &findings[0].message;
    assert!(message.starts_with("hair of aki: expected #") && message.ends_with("segmented and not masked"), "{message}");
    assert!(findings[0].at.unwrap().centre[1] < 100, "{findings:?}");
}

#[test]
fn a_garment_in_nobodys_colour_is_the_one_that_is_nowhere_to_be_seen() {
    let dyed = Doll { shirt: Colour::new(0xd8, 0xc8, 0x30), ..AKI };
    assert_eq!(off(&measured(&[dyed], &AKI.expected("aki"))), (vec!["shirt.main"], 4));
}

#[test]
fn what_is_off_by_segmentation_alone_neither_rejects_nor_accepts() {
    let red = Doll { hair: Colour::new(0x8a, 0x30, 0x30), ..AKI };
    for doll in [red, AKI] {
        let (image, boxes) = painted(&[doll]);
        let expected = AKI.expected("aki");
        let report = SegmentedColours::new(Ok(&boxes), Ok(DAY)).report(&Subject { expected: &expected, ..Subject::new(&image) });
        let verdict = judge(vec![report], Score::AT_TOLERANCE);
        assert_eq!((verdict.status, verdict.score), (Status::NeedsReview, None));
    }
}

#[test]
fn a_probability_that_rests_on_segmented_colours_alone_decides_nothing_however_certain() {
    let calibrated = |used: &[&str]| Calibrated {
        probability: Some(0.01),
        certainty: 0.99,
        used: used.iter().map(|measure| (*measure).to_owned()).collect(),
        not_measured: Vec::new(),
        calibration: "project@1".to_owned(),
        domain: Domain::DiffusedWithoutLayout,
        valid: true,
    };
    assert_eq!(calibrated(&[SegmentedColours::NAME]).decisive(), None);
    assert!(calibrated(&["identity", SegmentedColours::NAME]).decisive().is_some());
}

#[test]
fn an_empty_picture_is_not_measured_and_neither_is_one_whose_light_nobody_knows() {
    let (image, boxes) = painted(&[AKI]);
    let expected = AKI.expected("aki");
    let subject = Subject { expected: &expected, ..Subject::new(&image) };
    let reason = |measure: SegmentedColours<'_>| match measure.measure(&subject) {
        Outcome::NotMeasured { reason } => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(SegmentedColours::new(Ok(&[]), Ok(DAY))), "the finder sees nobody in the picture");
    assert_eq!(reason(SegmentedColours::new(Err("the network is gone"), Ok(DAY))), "the network is gone");
    assert_eq!(reason(SegmentedColours::new(Ok(&boxes), Err("it is night"))), "it is night");
    assert_eq!(reason(SegmentedColours::new(Ok(&boxes[..1]), Ok(DAY))), "aki: no head was found on the figure");
    let nobody = SegmentedColours::new(Ok(&boxes), Ok(DAY)).measure(&Subject::new(&image));
    assert!(matches!(nobody, Outcome::NotApplicable { .. }), "{nobody:?}");
}

#[test]
fn boxes_around_nothing_are_no_figure() {
    let (image, _) = painted(&[]);
    let (_, boxes) = painted(&[AKI]);
    let expected = AKI.expected("aki");
    let outcome = SegmentedColours::new(Ok(&boxes), Ok(DAY)).measure(&Subject { expected: &expected, ..Subject::new(&image) });
    assert!(matches!(&outcome, Outcome::NotMeasured { reason } if reason.starts_with("aki: ")), "{outcome:?}");
}

#[test]
fn people_are_told_apart_by_their_colours_and_two_look_alikes_are_not() {
    let both = [AKI.expected("aki"), KIT.expected("kit")].concat();
    for dolls in [[AKI, KIT], [KIT, AKI]] {
        assert_eq!(off(&measured(&dolls, &both)), (vec![], 8));
    }
    let alike = [AKI.expected("aki"), AKI.expected("twin")].concat();
    match measured(&[AKI, AKI], &alike) {
        Outcome::NotMeasured { reason } => assert!(reason.contains("aki: its colours do not tell whose figure it is"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_picture_gives_the_same_bytes_on_any_number_of_threads() {
    let bytes = || serde_json::to_vec(&measured(&[KIT, AKI], &[AKI.expected("aki"), KIT.expected("kit")].concat())).unwrap();
    let once = bytes();
    let beside: Vec<_> = (0..4).map(|_| std::thread::spawn(bytes)).collect();
    assert!(beside.into_iter().all(|thread| thread.join().unwrap() == once));
}
