//! What holds for every picture and clip, whatever is in it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets an error has failed")]

use std::collections::BTreeMap;
use std::sync::Arc;

use bible::project::Canvas;
use bible::rate::FrameRate;
use bible::story::{Angle, CameraMove, Composition, Expression, Facing, Framing, Move, TimeOfDay, Weather};
use bible::{Slug, Tones};
use engine::brief::{Actor, Backdrop, ClipBrief, FigureBrief, GarmentBrief, MouthKey, MouthShape, Performance, PictureBrief, StyleBrief};
use engine::picture::{Picture, Raster};
use engine::{Engine, EngineError};
use layout::LayoutEngine;
use layout::part::Catalogue;

fn slug(name: &str) -> Slug {
    name.parse().unwrap()
}

fn person(name: &str, height_cm: f64, garments: &[&str], facing: Facing) -> Actor {
    let garments = garments.iter().map(|part| GarmentBrief { part: slug(part), colours: BTreeMap::new() }).collect();
    let skin = Tones::from_base("#f7d8c3".parse().unwrap());
    let figure = FigureBrief {
        character: slug(name),
        build: slug("slim"),
        height_cm,
        head: None,
        hair: None,
        eyes: None,
        brows: None,
        nose: None,
        ears: None,
        tail: None,
        marks: Vec::new(),
        garments,
        accessories: Vec::new(),
        colours: BTreeMap::from([("skin".to_owned(), skin)]),
    };
    Actor { figure: Arc::new(figure), pose: slug("stand"), expression: Expression::Neutral, facing, x: None, depth: 0.0, holds: Vec::new() }
}

fn picture(framing: Framing, time: TimeOfDay, weather: Weather) -> PictureBrief {
    PictureBrief {
        canvas: Canvas { width: 320, height: 180 },
        style: StyleBrief { line_weight: 1.0, line_colour: "#22182e".parse().unwrap(), shadow_amount: 1.0 },
        backdrop: Backdrop::Set { set: slug("lantern-street"), colours: BTreeMap::new(), time, weather },
        framing,
        angle: Angle::EyeLevel,
        composition: Composition::Auto,
        actors: vec![
            person("mio", 152.0, &["yukata", "geta"], Facing::ThreeQuarterRight),
            person("haru", 176.0, &["shirt", "trousers", "sneakers"], Facing::ThreeQuarterLeft),
        ],
        props: Vec::new(),
    }
}

fn clip(kind: Move, amount: f64) -> ClipBrief {
    let mouth = vec![MouthKey { at: 6, shape: MouthShape::A }, MouthKey { at: 12, shape: MouthShape::Closed }];
    ClipBrief {
        picture: picture(Framing::Medium, TimeOfDay::Night, Weather::Clear),
        frames: 30,
        rate: FrameRate::FILM,
        camera: CameraMove { kind, amount },
        performances: vec![Performance { beats: Vec::new(), mouth }, Performance::default()],
        seed: 11,
        fade_in: 4,
        fade_out: 0,
    }
}

fn engine() -> LayoutEngine {
    LayoutEngine::new(Catalogue::built_in())
}

/// Layers laid over each other, each with straight alpha.
fn composited(picture: &Picture) -> Raster {
    let mut whole = vec![0.0_f64; picture.image.rgba.len()];
    for layer in &picture.layers {
        for (below, above) in whole.chunks_exact_mut(4).zip(layer.image.rgba.chunks_exact(4)) {
            let alpha = f64::from(above[3]) / 255.0;
            for (below, above) in below.iter_mut().zip(&above[..3]) {
                *below = f64::from(*above) * alpha + *below * (1.0 - alpha);
            }
            below[3] = 255.0 * alpha + below[3] * (1.0 - alpha);
        }
    }
    Raster { rgba: whole.into_iter().map(|value| value.round() as u8).collect(), ..*picture.image }
}

#[test]
fn layers_composite_to_the_picture() {
    let engine = engine();
    for (time, weather) in [(TimeOfDay::Day, Weather::Clear), (TimeOfDay::Night, Weather::Rain), (TimeOfDay::Sunset, Weather::Snow)] {
        let picture = engine.picture(&picture(Framing::Full, time, weather)).unwrap();
        let whole = composited(&picture);
        let worst = whole.rgba.iter().zip(&picture.image.rgba).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(4), "{time} {weather}: a channel differs by {worst:?}");
        let off = whole.rgba.iter().zip(&picture.image.rgba).filter(|(a, b)| a.abs_diff(**b) > 2).count();
        assert!(off * 1_000 < whole.rgba.len(), "{time} {weather}: {off} of {} channels differ by more than 2", whole.rgba.len());
    }
}

#[test]
fn the_same_brief_gives_the_same_picture_from_any_engine() {
    let brief = picture(Framing::Medium, TimeOfDay::Night, Weather::Clear);
    let engine = engine();
    let first = engine.picture(&brief).unwrap();
    assert!(first == engine.picture(&brief).unwrap(), "drawn again");
    assert!(first == self::engine().picture(&brief).unwrap(), "drawn by another");
}

#[test]
fn skeletons_of_a_full_figure_are_inside_the_picture() {
    let drawn = engine().picture(&picture(Framing::Full, TimeOfDay::Day, Weather::Clear)).unwrap();
    let names: Vec<&str> = drawn.skeletons.iter().map(|skeleton| skeleton.character.as_str()).collect();
    assert_eq!(names, ["mio", "haru"]);
    for skeleton in &drawn.skeletons {
        assert!(skeleton.joints.iter().flatten().count() >= 13);
        for [x, y] in skeleton.joints.iter().flatten() {
            assert!((0.0..320.0).contains(x) && (0.0..180.0).contains(y), "{}: {x} {y}", skeleton.character);
        }
        let ankles = [skeleton.joints[10], skeleton.joints[13]];
        assert!(ankles.iter().flatten().all(|[_, y]| *y > 180.0 * 0.75), "the feet stand low in the frame");
    }
}

#[test]
fn every_pixel_of_the_part_map_has_an_entry_and_each_garment_is_seen() {
    let drawn = engine().picture(&picture(Framing::Full, TimeOfDay::Day, Weather::Clear)).unwrap();
    let map = drawn.parts.unwrap();
    assert_eq!(map.indices.len(), 320 * 180);
    assert!(map.indices.iter().all(|index| usize::from(*index) < map.parts.len()));
    for (owner, part) in [("mio", "yukata.main"), ("mio", "yukata.obi"), ("mio", "skin"), ("haru", "shirt.main"), ("haru", "trousers.main")]
    {
        let index = map.parts.iter().position(|entry| entry.owner == Some(slug(owner)) && entry.part == part);
        let seen = map.indices.iter().filter(|at| Some(usize::from(**at)) == index).count();
        assert!(seen > 20, "{owner} {part}: {seen} pixels");
    }
}

#[test]
fn a_clip_is_the_same_each_time_and_as_long_as_asked() {
    for (kind, amount) in [(Move::Static, 0.0), (Move::PanRight, 0.2), (Move::ZoomIn, 0.15)] {
        let brief = clip(kind, amount);
        let draw =
            || engine().clip(&brief).unwrap().map(|frame| frame.map(|frame| (frame.hold, frame.image))).collect::<Result<Vec<_>, _>>();
        let (first, second) = (draw().unwrap(), draw().unwrap());
        assert_eq!(first.iter().map(|(hold, _)| hold).sum::<u32>(), brief.frames, "{kind}");
        assert!(first == second, "{kind}");
    }
}

#[test]
fn unknown_names_tell_the_nearest() {
    let mut brief = picture(Framing::Full, TimeOfDay::Day, Weather::Clear);
    brief.actors[0].pose = slug("stnad");
    let told = |brief: &PictureBrief| match engine().picture(brief) {
        Err(EngineError::UnknownPart { category, nearest, .. }) => (category, nearest),
        other => panic!("{other:?}"),
    };
    assert_eq!(told(&brief), ("pose".to_owned(), Some("stand".to_owned())));
    let street = Backdrop::Set { set: slug("lantern-stret"), colours: BTreeMap::new(), time: TimeOfDay::Day, weather: Weather::Clear };
    let brief = PictureBrief { backdrop: street, ..picture(Framing::Full, TimeOfDay::Day, Weather::Clear) };
    assert_eq!(told(&brief), ("set".to_owned(), Some("lantern-street".to_owned())));
}
