//! Embedders of the real shapes, from the manifest to the measurement.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod onnx;

use std::sync::Mutex;

use consistency::measure::{Evidence, Finding, Measure, Outcome, Severity, Subject};
use consistency::{Region, Score};
use engine::picture::{PartEntry, PartMap, Raster};
use vision_models::{Backend, Embedder, Finder, Identity, Manifest, NetworkError, PRESETS, Reference, Sought, difference};

/// A picture of discs whose colours and places follow from a seed.
fn picture(width: u32, height: u32, seed: u32) -> Raster {
    let mut rgba = Vec::new();
    for place in 0..width * height {
        let (x, y) = (place % width, place / width);
        let inside = (x.abs_diff(width / 2 + seed)).pow(2) + (y.abs_diff(height / 2)).pow(2) < (height / 4).pow(2);
        let tone = (40 + seed * 37 % 180) as u8;
        rgba.extend(if inside { [tone, 255 - tone, 90, 255] } else { [200, (y % 200) as u8, tone / 2, 255] });
    }
    Raster { width, height, rgba }
}

fn embedder(preset: &str, backend: Option<Backend>) -> Embedder {
    let manifest = Manifest::preset(preset).unwrap();
    let onnx = onnx::embedder(u64::from(manifest.input.width), 32, manifest.output.length.unwrap() as u64, 7);
    Embedder::from_bytes(manifest, &onnx, backend).unwrap()
}

#[test]
fn every_preset_gives_the_same_embedding_every_time() {
    for preset in PRESETS {
        let embed = |picture: &Raster| embedder(preset, Some(Backend::Tract)).embed(picture, None).unwrap();
        let (one, again, other) = (embed(&picture(640, 360, 3)), embed(&picture(640, 360, 3)), embed(&picture(640, 360, 90)));
        assert_eq!(one, again, "{preset}");
        assert_eq!(one.values().len(), Manifest::preset(preset).unwrap().output.length.unwrap());
        assert_ne!(one, other, "{preset}");
    }
}

#[test]
fn onnx_runtime_and_tract_agree_where_both_are_there() {
    let manifest = Manifest::preset("ccip").unwrap();
    let file = onnx::embedder(384, 32, 768, 7);
    let Ok(mut runtime) = Embedder::from_bytes(manifest, &file, Some(Backend::OnnxRuntime)) else {
        // Without its library that is an error which says how to name it.
        let error = Embedder::from_bytes(Manifest::preset("ccip").unwrap(), &file, Some(Backend::OnnxRuntime)).err().unwrap();
        assert!(error.to_string().contains("ORT_DYLIB_PATH"), "{error}");
        return;
    };
    let picture = picture(640, 360, 5);
    let (one, other) = (runtime.embed(&picture, None).unwrap(), embedder("ccip", Some(Backend::Tract)).embed(&picture, None).unwrap());
    assert_eq!(runtime.backend(), Backend::OnnxRuntime);
    let apart = one.values().iter().zip(other.values()).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
    assert!(apart < 1e-4, "{apart}");
}

#[test]
fn the_character_is_cut_out_before_it_is_measured() {
    let mut embedder = embedder("ccip", Some(Backend::Tract));
    let (mut one, mut other) = (picture(640, 360, 3), picture(640, 360, 3));
    // The same figure, and something else around it.
    for place in 0..640 * 360 {
        let (x, y) = (place % 640, place / 640);
        if !((200..440).contains(&x) && (60..300).contains(&y)) {
            one.rgba[place * 4] = 250;
            other.rgba[place * 4] = 5;
        }
    }
    let figure = Region { left: 200, top: 60, width: 240, height: 240, centre: [320, 180] };
    let mut embed = |picture: &Raster, region| embedder.embed(picture, region).unwrap();
    assert!(difference(&embed(&one, None), &embed(&other, None)) > 1e-4);
    assert!(difference(&embed(&one, Some(figure)), &embed(&other, Some(figure))) < 1e-9);
}

const LEFT: Region = Region { left: 20, top: 30, width: 120, height: 120, centre: [80, 90] };
const RIGHT: Region = Region { left: 180, top: 30, width: 120, height: 120, centre: [240, 90] };

/// Two people side by side, each a pattern of its own.
fn two(left: u32, right: u32) -> Raster {
    let mut scene = Raster { width: 320, height: 180, rgba: [90, 120, 150, 255].repeat(320 * 180) };
    for (place, seed) in [(LEFT, left), (RIGHT, right)] {
        let person = picture(place.width, place.height, seed);
        for (row, pixels) in person.rgba.chunks_exact(place.width as usize * 4).enumerate() {
            let start = ((place.top as usize + row) * 320 + place.left as usize) * 4;
            scene.rgba[start..start + pixels.len()].copy_from_slice(pixels);
        }
    }
    scene
}

/// Whose each of two places is.
fn masks(left: &str, right: &str) -> PartMap {
    let entry = |owner: Option<&str>| PartEntry {
        owner: owner.map(|owner| owner.parse().unwrap()),
        part: "hair".to_owned(),
        tones: None,
        light: [1.0; 3],
    };
    let mut indices = vec![0; 320 * 180];
    for (part, place) in [(1, LEFT), (2, RIGHT)] {
        for row in place.top..place.top + place.height {
            let start = (row * 320 + place.left) as usize;
            indices[start..start + place.width as usize].fill(part);
        }
    }
    PartMap { width: 320, height: 180, indices, parts: vec![entry(None), entry(Some(left)), entry(Some(right))] }
}

/// An embedder that tells the patterns apart, a finder, and mei and ren as they look.
struct Bench {
    embedder: Mutex<Embedder>,
    finder: Mutex<Finder>,
    people: Vec<Sought>,
}

/// The patterns of mei and ren, far from each other, and one that is nobody's.
const MEI: u32 = 3;
const REN: u32 = 90;

impl Bench {
    fn new(boxes: &[[f32; 5]]) -> Self {
        let manifest = Manifest { threshold: Some(0.002), ..Manifest::preset("ccip").unwrap() };
        let embedder = Embedder::from_bytes(manifest, &onnx::embedder(384, 32, 768, 7), Some(Backend::Tract)).unwrap();
        let manifest = Manifest::read(
            "name = \"boxes\"\nkind = \"finder\"\nlicence = \"none\"\nsource = \"the test\"\n[input]\nwidth = 32\nheight = 32\n\
             mean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]\n[output]\nform = \"yolo\"\nclasses = [\"figure\"]\n",
        );
        let finder = Finder::from_bytes(manifest.unwrap(), &onnx::finder(boxes), Some(Backend::Tract)).unwrap();
        let bench = Self { embedder: Mutex::new(embedder), finder: Mutex::new(finder), people: Vec::new() };
        // As figures are cut out: with a margin of a twentieth.
        let looks = |seed| {
            let cut = |place: Region| Region { left: place.left - 6, top: place.top - 6, width: 132, height: 132, ..place };
            let scene = two(seed, seed);
            let embed = |place| bench.embedder.lock().unwrap().embed(&scene, Some(cut(place))).unwrap();
            Reference::of(&[embed(LEFT), embed(RIGHT)]).unwrap()
        };
        let sought = |name: &str, seed| Sought { character: name.parse().unwrap(), reference: Ok(looks(seed)) };
        let people = vec![sought("mei", MEI), sought("ren", REN)];
        Self { people, ..bench }
    }

    /// Sees both places, the right one better: a box's middle and size on a scale of 32 across and down.
    fn seeing_both() -> Self {
        let boxed = |place: Region, probability: f32| {
            let [x, y] = [place.left as f32 + 60.0, place.top as f32 + 60.0];
            [x / 10.0, y / 5.625, 12.0, 120.0 / 5.625, probability]
        };
        Self::new(&[boxed(LEFT, 0.6), boxed(RIGHT, 0.9)])
    }

    fn measure(&self, image: &Raster, parts: Option<&PartMap>) -> Outcome {
        let identity = Identity { embedder: &self.embedder, finder: &self.finder, people: &self.people };
        identity.measure(&Subject { parts, ..Subject::new(image) })
    }
}

fn measured(outcome: Outcome) -> (Score, Vec<Finding>, serde_json::Value) {
    match outcome {
        Outcome::Measured { score, findings, evidence: Evidence::Other { figures } } => (score, findings, figures),
        other => panic!("it is measured: {other:?}"),
    }
}

#[test]
fn everybody_is_cut_out_through_their_masks_and_held_against_their_own_references() {
    let bench = Bench::seeing_both();
    let (score, findings, figures) = measured(bench.measure(&two(MEI, REN), Some(&masks("mei", "ren"))));
    assert!(score >= Score::AT_TOLERANCE && findings.is_empty(), "{score} {findings:?}");
    assert_eq!((&figures["cut_out_by"], &figures["people"][0]["references"]), (&"masks".into(), &2.into()), "{figures}");
    let (score, findings, _) = measured(bench.measure(&two(REN, REN), Some(&masks("mei", "ren"))));
    assert!(score < Score::AT_TOLERANCE && findings.len() == 1, "{score} {findings:?}");
    assert!(findings[0].message.contains("mei may be somebody else") && findings[0].message.ends_with("it looks like ren"), "{findings:?}");
}

#[test]
fn without_masks_the_finders_figures_go_to_the_people_whom_they_resemble() {
    let bench = Bench::seeing_both();
    for scene in [two(MEI, REN), two(REN, MEI)] {
        let (score, findings, figures) = measured(bench.measure(&scene, None));
        assert!(score >= Score::AT_TOLERANCE && findings.is_empty(), "{score} {findings:?} {figures}");
        assert_eq!(figures["cut_out_by"], "finder");
    }
    let (score, ..) = measured(bench.measure(&two(MEI, 50), None));
    assert!(score < Score::AT_TOLERANCE);
}

#[test]
fn somebody_who_was_not_asked_for_is_for_a_person_to_see() {
    let mut bench = Bench::seeing_both();
    bench.people.truncate(1);
    let (score, findings, _) = measured(bench.measure(&two(REN, MEI), None));
    assert!(score >= Score::AT_TOLERANCE, "mei is right, whoever stands beside her");
    assert_eq!((findings.len(), findings[0].severity, findings[0].code.as_str()), (1, Severity::Doubt, "people-extra"));
    assert_eq!(findings[0].message, "the finder sees 2 people where 1 should be");
    let at = findings[0].at.unwrap();
    assert!(at.left < 160, "it says where: {at:?}");
    // Where masks say who is where, nobody looks for more.
    let (_, findings, _) = measured(bench.measure(&two(REN, MEI), Some(&masks("ren", "mei"))));
    assert_eq!(findings, Vec::new());
}

#[test]
fn whoever_could_not_be_told_is_for_a_person_and_whoever_is_hidden_is_not() {
    let mut bench = Bench::seeing_both();
    bench.people[1].reference = Err("no picture of ren is accepted yet".to_owned());
    let (score, findings, _) = measured(bench.measure(&two(MEI, REN), Some(&masks("mei", "ren"))));
    assert!(score >= Score::AT_TOLERANCE, "mei is right");
    assert_eq!((findings[0].severity, findings[0].code.as_str()), (Severity::Doubt, "not-measured"));
    // Behind somebody else, nobody is missed.
    assert!(measured(bench.measure(&two(MEI, REN), Some(&masks("mei", "mei")))).1.is_empty());
    bench.people[0].reference = Err("no picture of mei is accepted yet".to_owned());
    for parts in [Some(masks("mei", "ren")), None] {
        let Outcome::NotMeasured { reason } = bench.measure(&two(MEI, REN), parts.as_ref()) else { panic!("nobody is known") };
        assert!(reason.contains("mei is accepted") && reason.contains("ren is accepted"), "{reason}");
    }
    bench.people.clear();
    assert!(matches!(bench.measure(&two(MEI, REN), None), Outcome::NotApplicable { .. }));
}

#[test]
fn where_the_finder_sees_too_few_people_that_is_said() {
    let bench = Bench::new(&[[8.0, 16.0, 12.0, 21.3, 0.9]]);
    let (_, findings, _) = measured(bench.measure(&two(MEI, REN), None));
    assert_eq!(findings.last().unwrap().message, "not measured: ren: 2 people were asked for, and the finder sees 1");
    let nothing = Raster { width: 0, height: 0, rgba: Vec::new() };
    assert!(matches!(bench.measure(&nothing, None), Outcome::NotMeasured { .. }));
    let blind = Bench::new(&[[8.0, 16.0, 12.0, 21.3, 0.01]]);
    assert!(matches!(blind.measure(&two(MEI, REN), None), Outcome::NotMeasured { .. }));
}

#[test]
fn what_is_no_network_or_gives_something_else_is_an_error() {
    let load = |bytes: &[u8]| Embedder::from_bytes(Manifest::preset("ccip").unwrap(), bytes, Some(Backend::Tract));
    assert!(matches!(load(b"<html>not found"), Err(NetworkError::Load { .. })));
    let whole = onnx::embedder(384, 32, 768, 7);
    for length in [1, 20, whole.len() / 2, whole.len() - 1] {
        assert!(load(&whole[..length]).is_err(), "{length}");
    }
    let mut narrow = load(&onnx::embedder(384, 32, 512, 7)).unwrap();
    assert!(matches!(narrow.embed(&picture(64, 64, 1), None), Err(NetworkError::Output { .. })));
}
