//! The drift set: generated pictures of generated characters, each beside what it should be, and most of them
//! deliberately wrong.
//!
//! ```text
//! cargo run --release -p benches -- drift-set DIR [SEED [CHARACTERS]]
//! echo-studio consistency calibrate DIR
//! ```
//!
//! Every pair is a layout that was ordered, drawn right, and a picture that was *painted over it*: the same drawing
//! with something changed in the brief or in the pixels. The same seed writes the same files. `calibrate` and `bench`
//! hold every third character out.

mod character;
mod dice;
pub(crate) mod expressions;
mod kinds;
mod treatment;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bible::project::Canvas;
use bible::story::{Angle, Composition, Expression, Facing, Framing};
use engine::brief::{Actor, Backdrop, FigureBrief, PictureBrief, StyleBrief};
use engine::picture::{Picture, Raster};
use engine::{Engine, picture};
use layout::LayoutEngine;
use layout::part::Catalogue;
use rayon::prelude::*;
use serde_json::json;
use studio::picture_files::files_of;

pub(crate) use self::character::{colour, invented, outfit, slug};
pub(crate) use self::dice::Dice;
use self::kinds::Kind;
use self::treatment::Treatment;

/// Size of every picture.
const CANVAS: Canvas = Canvas { width: 960, height: 540 };
/// Right pairs of each character, and wrong ones of each kind.
const RIGHT: u32 = 12;
const WRONG: u32 = 2;
/// What a calibration fitted on the set may say of itself.
const VALID_FOR: &str = "Generated pictures in flat cel style: painted over a layout of the built-in engine whose part masks are known, and \
    without their masks where they were measured without. The drifts are generated, one at a time. It was never measured on pictures of a \
    diffusion model, on drawings by people, on other styles, or on drift of several kinds at once; there its probabilities are guesses.";

/// Writes the set.
pub(crate) fn write(folder: &Path, seed: u64, characters: u32) -> anyhow::Result<u32> {
    let engine = LayoutEngine::new(Catalogue::built_in());
    // Each character has dice of its own, so the order of threads changes nothing.
    let counts: anyhow::Result<Vec<u32>> =
        (0..characters).into_par_iter().map(|index| write_character(folder, &engine, seed, index)).collect();
    let pairs: u32 = counts?.into_iter().sum();
    let on = format!(
        "{pairs} generated pairs of {characters} generated characters: {RIGHT} right ones of each, and {WRONG} of each of {} kinds of drift",
        Kind::ALL.len()
    );
    let about = json!({ "on": on, "seed": seed, "valid_for": VALID_FOR });
    std::fs::write(folder.join("about.json"), serde_json::to_vec_pretty(&about)?)?;
    Ok(pairs)
}

fn write_character(folder: &Path, engine: &LayoutEngine, seed: u64, index: u32) -> anyhow::Result<u32> {
    let mut dice = Dice::of(seed, u64::from(index));
    let character = Cast::invent(engine, index, &mut dice)?;
    let accepted = character.picture(&character.brief(&mut dice))?;
    write_png(&folder.join("accepted").join(format!("{}.png", character.name)), &Treatment::mild(&mut dice).apply(&accepted.image)?)?;
    let mut pairs = 0;
    for number in 0..RIGHT {
        pairs += u32::from(character.pair(folder, None, number, &mut dice)?);
    }
    for kind in Kind::ALL {
        for number in 0..WRONG {
            pairs += u32::from(character.pair(folder, Some(*kind), number, &mut dice)?);
        }
    }
    Ok(pairs)
}

/// One character and who draws it.
struct Cast<'a> {
    engine: &'a LayoutEngine,
    name: String,
    figure: FigureBrief,
    /// The front of its sheet.
    sheet: Raster,
}

impl<'a> Cast<'a> {
    fn invent(engine: &'a LayoutEngine, index: u32, dice: &mut Dice) -> anyhow::Result<Self> {
        let figure = invented(engine, index, dice);
        let sheet = engine.picture(&sheet(&figure))?;
        Ok(Self { engine, name: format!("c{index:03}"), figure, sheet: Arc::unwrap_or_clone(sheet.image) })
    }

    /// A picture of the character as a shot could order it.
    fn brief(&self, dice: &mut Dice) -> PictureBrief {
        let poses = ["stand", "walk", "hands-on-hips", "arms-crossed", "wave", "point", "think", "sit", "cheer", "pray"];
        let facings = [Facing::Front, Facing::Front, Facing::ThreeQuarterLeft, Facing::ThreeQuarterRight, Facing::Left];
        let framings = [Framing::Full, Framing::MediumFull, Framing::Medium, Framing::Medium, Framing::MediumCloseUp, Framing::CloseUp];
        let actor = Actor {
            figure: Arc::new(self.figure.clone()),
            pose: character::slug(dice.pick::<&str>(&poses)),
            expression: *dice.pick(Expression::ALL),
            facing: *dice.pick(&facings),
            x: None,
            depth: 0.0,
            holds: Vec::new(),
        };
        PictureBrief {
            canvas: CANVAS,
            style: StyleBrief { line_weight: 1.0, line_colour: bible::Colour::new(0x22, 0x18, 0x2e), shadow_amount: 1.0 },
            backdrop: self.backdrop(dice),
            framing: *dice.pick(&framings),
            angle: Angle::EyeLevel,
            composition: Composition::Auto,
            actors: vec![actor],
            props: Vec::new(),
        }
    }

    /// Half of the pictures are on a plain ground; the others in a set, by day or at another time.
    fn backdrop(&self, dice: &mut Dice) -> Backdrop {
        use bible::story::{TimeOfDay, Weather};
        if dice.below(2) == 0 {
            let lightness = 0.82 + 0.14 * dice.share();
            return Backdrop::Plain { colour: character::colour(lightness, 0.03 * dice.share(), dice.share()) };
        }
        let sets = ["lantern-street", "river-bank", "school-roof", "shrine-hill", "workshop"];
        let times = [TimeOfDay::Day, TimeOfDay::Day, TimeOfDay::Sunset, TimeOfDay::Dawn, TimeOfDay::Night];
        let weathers = [Weather::Clear, Weather::Overcast];
        Backdrop::Set {
            set: character::slug(dice.pick::<&str>(&sets)),
            colours: std::collections::BTreeMap::new(),
            time: *dice.pick(&times),
            weather: *dice.pick(&weathers),
        }
    }

    fn picture(&self, brief: &PictureBrief) -> anyhow::Result<Picture> {
        let picture = self.engine.picture(brief).with_context(|| format!("drawing {}", self.name))?;
        Ok(Picture { layers: Vec::new(), ..picture })
    }

    /// Writes one pair; `false` when the drift does not show in it: nobody can swap eyes that are not seen.
    fn pair(&self, folder: &Path, kind: Option<Kind>, number: u32, dice: &mut Dice) -> anyhow::Result<bool> {
        let label = if kind.is_some() { "different" } else { "same" };
        // Where the drift cannot show, another shot is tried; a character without a mark has none to lose.
        for _ in 0..6 {
            let brief = self.brief(dice);
            let layout = self.picture(&brief)?;
            let Some(drifted) = kind.map_or(Some(brief.clone()), |kind| kind.drifted(&brief, self.engine, dice)) else { return Ok(false) };
            let painted = if drifted == brief { layout.clone() } else { self.picture(&drifted)? };
            let mild = Treatment::mild(dice).apply(&painted.image)?;
            let image = match kind.and_then(|kind| kind.treatment(dice)) {
                Some(harsh) => harsh.apply(&mild)?,
                None => mild,
            };
            if let Some(kind) = kind
                && !kind.shows(&layout, &painted)
            {
                continue;
            }
            // Right pairs are told apart by what makes them hard: the framing.
            let name = kind.map_or_else(|| format!("right-{}", brief.framing), |kind| kind.name().to_owned());
            let pair = folder.join(label).join(format!("{}.{name}.{number}", self.name));
            std::fs::create_dir_all(&pair)?;
            for file in files_of(&layout, "layout")?.iter().filter(|file| file.name != "layout.pose.png") {
                std::fs::write(pair.join(&file.name), &file.bytes)?;
            }
            write_png(&pair.join("picture.png"), &image)?;
            write_png(&pair.join("reference.png"), &self.sheet)?;
            return Ok(true);
        }
        Ok(false)
    }
}

/// A sheet's first picture: front, neutral, plain.
fn sheet(figure: &FigureBrief) -> PictureBrief {
    let actor = Actor {
        figure: Arc::new(figure.clone()),
        pose: character::slug("stand"),
        expression: Expression::Neutral,
        facing: Facing::Front,
        x: None,
        depth: 0.0,
        holds: Vec::new(),
    };
    PictureBrief {
        canvas: Canvas { width: 480, height: 270 },
        style: StyleBrief { line_weight: 1.0, line_colour: bible::Colour::new(0x22, 0x18, 0x2e), shadow_amount: 1.0 },
        backdrop: Backdrop::Plain { colour: bible::Colour::new(0xee, 0xee, 0xee) },
        framing: Framing::Full,
        angle: Angle::EyeLevel,
        composition: Composition::Auto,
        actors: vec![actor],
        props: Vec::new(),
    }
}

fn write_png(path: &Path, image: &picture::Raster) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    image::save_buffer(path, &image.rgba, image.width, image.height, image::ExtendedColorType::Rgba8)
        .with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_writes_the_same_files_and_another_others() {
        let digest = |seed| {
            let folder = tempfile::tempdir().unwrap();
            let engine = LayoutEngine::new(Catalogue::built_in());
            let mut dice = Dice::of(seed, 0);
            let cast = Cast::invent(&engine, 0, &mut dice).unwrap();
            assert!(cast.pair(folder.path(), Some(Kind::HairHue), 0, &mut dice).unwrap());
            let pair = folder.path().join("different/c000.hair-hue.0");
            let read = |name: &str| bible::Digest::of(&std::fs::read(pair.join(name)).unwrap());
            [read("picture.png"), read("layout.parts.png"), read("reference.png")]
        };
        let first = digest(1);
        assert_eq!(first, digest(1));
        assert_ne!(first, digest(2));
    }
}
