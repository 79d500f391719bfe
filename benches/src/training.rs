//! The training set of the finder and the identity embedder: generated pictures of generated characters, with boxes.
//!
//! ```text
//! cargo run --release -p benches -- training-set FOLDER [SEED [CHARACTERS [PICTURES]]]
//! ```
//!
//! Characters come in threes that share every colour and nothing else, so that colour alone never tells who somebody is.
//! `pictures.bin` holds the pictures one after the other, 320 x 180 pixels of 3 bytes; `labels.jsonl` has a line for each:
//! the figures with the boxes of figure, head and face in pixels (left, top, right, bottom; the last two may be absent),
//! and whether the drawing style is one of those that are held out. The same seed writes the same files.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bible::project::Canvas;
use bible::story::{Angle, Composition, Expression, Facing, Framing, TimeOfDay, Weather};
use engine::Engine;
use engine::brief::{Actor, Backdrop, FigureBrief, PictureBrief, StyleBrief};
use engine::picture::{JOINTS, PartMap, Picture, Skeleton};
use layout::LayoutEngine;
use layout::part::Catalogue;
use rayon::prelude::*;
use serde_json::json;

use crate::drift::{Dice, colour, invented, slug};

const CANVAS: Canvas = Canvas { width: 320, height: 180 };
/// Characters that share their colours.
const ALIKE: u32 = 3;
/// A figure with fewer pixels than this is not asked for.
const LEAST_PIXELS: usize = 60;
/// Pictures written at a time.
const BATCH: usize = 2_048;

/// Writes the set.
pub(crate) fn write(folder: &Path, seed: u64, characters: u32, pictures: u32) -> anyhow::Result<()> {
    let engine = LayoutEngine::new(Catalogue::built_in());
    let cast: Vec<FigureBrief> = (0..characters).map(|index| character(&engine, seed, index)).collect();
    std::fs::create_dir_all(folder)?;
    let mut pixels = std::io::BufWriter::new(std::fs::File::create(folder.join("pictures.bin"))?);
    let mut labels = std::io::BufWriter::new(std::fs::File::create(folder.join("labels.jsonl"))?);
    let indices: Vec<u32> = (0..pictures).collect();
    for batch in indices.chunks(BATCH) {
        // Each picture has dice of its own, so the order of threads changes nothing.
        let drawn: Vec<(Vec<u8>, serde_json::Value)> =
            batch.par_iter().map(|index| one(&engine, &cast, seed, *index)).collect::<anyhow::Result<_>>()?;
        for (rgb, label) in drawn {
            pixels.write_all(&rgb)?;
            writeln!(labels, "{label}")?;
        }
        pixels.flush()?;
        labels.flush()?;
    }
    Ok(())
}

/// A character of a group: the colours of the group, the rest of its own.
fn character(engine: &LayoutEngine, seed: u64, index: u32) -> FigureBrief {
    let group = invented(engine, index, &mut Dice::of(seed ^ 0x5eed, u64::from(index / ALIKE)));
    let own = invented(engine, index, &mut Dice::of(seed ^ 0x0a11, u64::from(index)));
    let dyes: Vec<_> = group.garments.iter().flat_map(|garment| garment.colours.values().copied()).collect();
    let mut garments = own.garments;
    let slots = garments.iter_mut().flat_map(|garment| garment.colours.values_mut());
    slots.zip(dyes.iter().cycle()).for_each(|(slot, dye)| *slot = *dye);
    FigureBrief { garments, colours: group.colours, character: slug(&format!("character-{index}")), ..own }
}

fn one(engine: &LayoutEngine, cast: &[FigureBrief], seed: u64, index: u32) -> anyhow::Result<(Vec<u8>, serde_json::Value)> {
    let mut dice = Dice::of(seed, 0x1000_0000 + u64::from(index));
    let people = match dice.below(12) {
        0 => 0,
        1..=6 => 1,
        7..=9 => 2,
        _ => 3,
    };
    // The first is whose turn it is, so that every character is seen equally often.
    let first = index as usize % cast.len();
    let who: Vec<usize> = (0..people).map(|place| if place == 0 { first } else { dice.below(cast.len()) }).collect();
    let mut brief = scene(&mut dice);
    let mut taken: Vec<usize> = Vec::new();
    for who in who {
        if !taken.contains(&who) {
            taken.push(who);
            brief.actors.push(actor(engine, &cast[who], &mut dice));
        }
    }
    let held_out = brief.style.line_weight > 1.5;
    let picture = engine.picture(&brief).with_context(|| format!("drawing picture {index}"))?;
    let rgb = picture.image.rgba.as_chunks::<4>().0.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
    let figures: Vec<serde_json::Value> = taken.iter().filter_map(|who| boxes(&picture, &cast[*who], *who)).collect();
    Ok((rgb, json!({ "figures": figures, "held_out": held_out })))
}

fn scene(dice: &mut Dice) -> PictureBrief {
    let framings = [
        Framing::Long,
        Framing::Full,
        Framing::Full,
        Framing::MediumFull,
        Framing::Medium,
        Framing::Medium,
        Framing::MediumCloseUp,
        Framing::CloseUp,
    ];
    let backdrop = if dice.below(3) == 0 {
        Backdrop::Plain { colour: colour(dice.between(0.15, 0.97), dice.between(0.0, 0.12), dice.share()) }
    } else {
        let sets = ["lantern-street", "river-bank", "school-roof", "shrine-hill", "workshop"];
        Backdrop::Set {
            set: slug(dice.pick::<&str>(&sets)),
            colours: std::collections::BTreeMap::new(),
            time: *dice.pick(TimeOfDay::ALL),
            weather: *dice.pick(Weather::ALL),
        }
    };
    PictureBrief {
        canvas: CANVAS,
        style: StyleBrief {
            line_weight: dice.between(0.5, 2.0),
            line_colour: colour(dice.between(0.1, 0.45), dice.between(0.0, 0.1), dice.share()),
            shadow_amount: dice.share(),
        },
        backdrop,
        framing: *dice.pick(&framings),
        angle: *dice.pick(Angle::ALL),
        composition: Composition::Auto,
        actors: Vec::new(),
        props: Vec::new(),
    }
}

fn actor(engine: &LayoutEngine, figure: &FigureBrief, dice: &mut Dice) -> Actor {
    let poses = [
        "stand",
        "walk",
        "hands-on-hips",
        "arms-crossed",
        "wave",
        "point",
        "think",
        "sit",
        "cheer",
        "pray",
        "run",
        "kneel",
        "look-up",
        "action",
    ];
    let mut figure = figure.clone();
    // An outfit is what somebody wears today: a third of the pictures shows another one.
    if dice.below(3) == 0 {
        figure.garments = crate::drift::outfit(engine, dice);
    }
    Actor {
        figure: Arc::new(figure),
        pose: slug(dice.pick::<&str>(&poses)),
        expression: *dice.pick(Expression::ALL),
        facing: *dice.pick(Facing::ALL),
        x: None,
        depth: 0.0,
        holds: Vec::new(),
    }
}

/// A box of pixels: left, top, right and bottom, the last two outside.
type Bounds = [usize; 4];

fn boxes(picture: &Picture, figure: &FigureBrief, who: usize) -> Option<serde_json::Value> {
    let map = picture.parts.as_ref()?;
    let own = |wanted: &dyn Fn(&str) -> bool| -> Vec<bool> {
        map.parts.iter().map(|entry| entry.owner.as_ref() == Some(&figure.character) && wanted(&entry.part)).collect()
    };
    let all = own(&|_| true);
    let (whole, pixels) = bounds(map, &all, &|_, _| true)?;
    if pixels < LEAST_PIXELS {
        return None;
    }
    let skeleton = picture.skeletons.iter().find(|skeleton| skeleton.character == figure.character);
    let head = skeleton.and_then(|skeleton| head(map, &all, skeleton));
    let eyes = own(&|part| part.starts_with("iris") || part == "brow");
    let face = head.zip(bounds(map, &eyes, &|_, _| true)).and_then(|(head, (eyes, seen))| face(head, eyes, seen));
    Some(json!({ "character": who, "figure": whole, "head": head, "face": face }))
}

/// The box around the pixels of some parts, and how many they are.
fn bounds(map: &PartMap, wanted: &[bool], within: &dyn Fn(usize, usize) -> bool) -> Option<(Bounds, usize)> {
    let (width, mut found, mut count) = (map.width as usize, [usize::MAX, usize::MAX, 0, 0], 0);
    for (at, index) in map.indices.iter().enumerate() {
        let (x, y) = (at % width, at / width);
        if wanted.get(usize::from(*index)).copied().unwrap_or(false) && within(x, y) {
            found = [found[0].min(x), found[1].min(y), found[2].max(x + 1), found[3].max(y + 1)];
            count += 1;
        }
    }
    (count > 0).then_some((found, count))
}

/// What is above the chin and not further to the side than a head is wide.
fn head(map: &PartMap, own: &[bool], skeleton: &Skeleton) -> Option<Bounds> {
    let joint = |name: &str| JOINTS.iter().position(|joint| *joint == name).and_then(|place| skeleton.joints[place]);
    let neck = joint("neck")?;
    let anchors: Vec<[f32; 2]> = ["nose", "left-eye", "right-eye", "left-ear", "right-ear"].iter().filter_map(|name| joint(name)).collect();
    let count = anchors.len() as f32;
    let middle = anchors.iter().fold([0.0, 0.0], |sum, anchor| [sum[0] + anchor[0] / count, sum[1] + anchor[1] / count]);
    let length = (neck[1] - middle[1]).hypot(neck[0] - middle[0]);
    if anchors.is_empty() || length < 2.0 || neck[1] <= middle[1] {
        return None;
    }
    let chin = neck[1] - 0.25 * length;
    let (found, pixels) = bounds(map, own, &|x, y| (x as f32 - middle[0]).abs() < 1.25 * length && (y as f32) < chin)?;
    let size = [found[2] - found[0], found[3] - found[1]];
    (pixels >= LEAST_PIXELS / 2 && size[0] >= 4 && size[1] >= 4).then_some(found)
}

/// From the brows to the chin, a little wider than the eyes are apart.
fn face(head: Bounds, eyes: Bounds, pixels: usize) -> Option<Bounds> {
    let side = (eyes[2] - eyes[0]) / 5 + 1;
    let face = [eyes[0].saturating_sub(side).max(head[0]), eyes[1], (eyes[2] + side).min(head[2]), head[3]];
    (pixels >= 4 && face[2] >= face[0] + 3 && face[3] >= face[1] + 3).then_some(face)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_writes_the_same_pictures_with_boxes_inside_of_them() {
        let written = || {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), 3, 6, 6).unwrap();
            let [pixels, labels] = ["pictures.bin", "labels.jsonl"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
            (bible::Digest::of(&pixels), pixels.len(), String::from_utf8(labels).unwrap())
        };
        let first = written();
        assert_eq!(first, written());
        assert_eq!((first.1, first.2.lines().count()), (6 * 320 * 180 * 3, 6));
        let figures: Vec<serde_json::Value> = first
            .2
            .lines()
            .flat_map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["figures"].as_array().unwrap().clone())
            .collect();
        assert!(!figures.is_empty());
        for figure in figures {
            let [left, top, right, bottom] = [0, 1, 2, 3].map(|side| figure["figure"][side].as_u64().unwrap());
            assert!(left < right && right <= 320 && top < bottom && bottom <= 180, "{figure}");
        }
    }
}
