//! Verdicts are the same bytes on every run and any number of threads, and what people say of them is learned from.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::sync::Mutex;

use bible::Colour;
use consistency::colour::CutOut;
use consistency::measure::{Evidence, Layout, Measure, Subject as Seen};
use consistency::style::{StyleFigures, StyleProfile};
use consistency::{Calibration, ExpectedPart, FoundBox, Linework, Measurement, Outcome, Score, SegmentedColours, Structure, Style};
use engine::picture::{PartEntry, PartMap, Raster, Skeleton};
use engine::{Engine, PictureBrief};
use rayon::prelude::*;
use store::VerdictStatus;
use studio::folder::Folder;
use studio::gate::judge_picture;
use studio::graph::{Graph, Work};
use studio::picture_files::files_of;
use studio::sheet::SheetAsked;
use studio::{Judgement, Show, Studio, Subject};
use vision_models::Finder;

fn tiny() -> Show {
    Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap()
}

/// A picture as it is kept, with its maps.
struct Sample {
    brief: PictureBrief,
    png: Vec<u8>,
    parts: PartMap,
    skeletons: Vec<Skeleton>,
}

/// Every shot of the example and some pictures of its sheets.
fn samples(show: &Show) -> Vec<Sample> {
    let engine = show.engine();
    let graph = Graph::of(&show.project, &engine).unwrap();
    let sheets = graph.nodes.iter().filter(|node| matches!(node.work, Work::Sheet(_))).step_by(9);
    let shots = graph.nodes.iter().filter(|node| matches!(node.work, Work::Shot { .. }));
    let brief = |work: &Work| match work {
        Work::Sheet(brief) => brief.as_ref().clone(),
        Work::Shot { clip, .. } => clip.picture.clone(),
        Work::Transition { .. } | Work::Film { .. } => unreachable!("none was asked for"),
    };
    let drawn = |brief: PictureBrief| {
        let picture = engine.picture(&brief).unwrap();
        let png = files_of(&picture, "frame").unwrap().swap_remove(0).bytes;
        Sample { brief, png, parts: picture.parts.unwrap(), skeletons: picture.skeletons }
    };
    sheets.chain(shots).map(|node| drawn(brief(&node.work))).collect()
}

/// All that is measured of a picture, as it is kept: by the gate, and against itself as its layout.
fn measured(sample: &Sample, style: &Style, finder: &Mutex<Finder>) -> Vec<u8> {
    let verdict = judge_picture(&sample.png, Some(&sample.parts), &sample.brief, &[], Score::AT_TOLERANCE);
    let image = consistency::decode(&sample.png).unwrap();
    let layout = Layout { image: &image, parts: &sample.parts, skeletons: &sample.skeletons };
    let painted = Seen { layout: Some(layout), ..Seen::new(&image) };
    let mut against = vec![Structure::default().report(&painted), Linework::default().report(&painted), style.report(&painted)];
    against.extend(verdict.measurements.iter().cloned());
    let together = Calibration::built_in().judge_measurements(&against, consistency::calibration::Domain::PaintedOverLayout);
    let boxes = finder.lock().unwrap().find(&image).unwrap();
    let segmented = segmented(sample, &image, &boxes);
    serde_json::to_vec(&(verdict, against, together, boxes, segmented)).unwrap()
}

/// The colours of a picture as if it had no masks: only what it was asked to have is known.
fn segmented(sample: &Sample, image: &Raster, boxes: &[FoundBox]) -> Measurement {
    let asked = |entry: &PartEntry| Some(ExpectedPart { owner: entry.owner.clone()?, part: entry.part.clone(), tones: entry.tones? });
    let expected: Vec<ExpectedPart> = sample.parts.parts.iter().filter_map(asked).collect();
    SegmentedColours::new(Ok(boxes), Ok([1.0; 3])).report(&Seen { expected: &expected, ..Seen::new(image) })
}

#[test]
fn a_sheets_picture_without_its_masks_has_hair_and_outfit_as_the_bible_says() {
    let samples = samples(&tiny());
    let image = consistency::decode(&samples[0].png).unwrap();
    let boxes = Finder::built_in().unwrap().find(&image).unwrap();
    let Outcome::Measured { evidence: Evidence::Colour(colours), .. } = segmented(&samples[0], &image, &boxes).outcome else {
        panic!("its colours can be measured");
    };
    assert_eq!(colours.cut_out, CutOut::Segmentation);
    let right: Vec<&str> = colours.parts.iter().filter(|part| part.score >= Score::AT_TOLERANCE).map(|part| part.part.as_str()).collect();
    let worn = right.iter().filter(|part| part.contains('.') && !part.starts_with("iris")).count();
    assert!(right.contains(&"hair") && worn > 0 && right.len() == colours.parts.len(), "{colours:#?}");
}

#[test]
fn verdicts_are_the_same_bytes_on_one_two_and_eight_threads_and_on_every_run() {
    let samples = samples(&tiny());
    assert!(samples.len() > 5);
    let figures = samples.iter().map(|sample| StyleFigures::of(&consistency::decode(&sample.png).unwrap()).unwrap());
    let style = Style::new(StyleProfile::of(figures));
    let finder = Mutex::new(Finder::built_in().unwrap());
    let once: Vec<Vec<u8>> = samples.iter().map(|sample| measured(sample, &style, &finder)).collect();
    assert!(once.iter().all(|json| json.len() > 1_000));
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let again: Vec<Vec<u8>> = pool.install(|| samples.par_iter().map(|sample| measured(sample, &style, &finder)).collect());
        for (index, (one, other)) in once.iter().zip(&again).enumerate() {
            assert!(one == other, "picture {index} on {threads} threads: {}", String::from_utf8_lossy(other));
        }
    }
}

/// A version of the show with another colour of something about everybody.
fn in_other_colours(show: &Show, colour: Colour) -> Show {
    let mut edited = (*show.project).clone();
    for character in edited.bible.characters.values_mut() {
        character.colour_model.values_mut().next().unwrap().base = colour;
    }
    Show::of_project(Folder::default(), edited, Vec::new()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_said_of_pictures_that_were_replaced_since_counts() {
    let place = tempfile::tempdir().unwrap();
    let (database, blobs) =
        (format!("sqlite:{}", place.path().join("studio.db").display()), format!("file:{}", place.path().join("blobs").display()));
    let studio = Studio::open(&database.parse().unwrap(), &blobs.parse().unwrap()).await.unwrap();
    let first = tiny();
    let versions = [first.clone(), in_other_colours(&first, Colour::new(120, 40, 60))];
    let character = first.project.bible.characters.keys().next().unwrap();
    let asked = SheetAsked { character: character.clone(), look: None, since: None };
    // The first version is liked, the one that replaces it is not.
    for (show, status) in versions.iter().zip([VerdictStatus::Accepted, VerdictStatus::Rejected]) {
        let sheet = studio.generate_sheet(show, &asked, &place.path().join("data")).await.unwrap().sheet;
        for slot in &sheet.slots {
            let (character, look) = (sheet.name.character.clone(), sheet.name.look.clone());
            let subject = Subject::Sheet { character, look, since: None, slot: slot.slot.clone() };
            let judgement = Judgement { status, by: "Mori".to_owned(), note: String::new() };
            studio.review(show, &subject, &judgement).await.unwrap();
        }
    }
    assert_eq!(studio.pictures(&first).await.unwrap().len(), 14, "the others were replaced");
    let proposal = serde_json::to_value(studio.propose_gate(&first).await.unwrap()).unwrap();
    assert_eq!(proposal, serde_json::json!({ "outcome": "too_few", "accepted": 14, "rejected": 14, "needed": 30, "kinds": [] }));
}
