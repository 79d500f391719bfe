//! Draws a four-legged character from all sides: a row for each pose, or for each face with `--faces`.
//!
//! ```text
//! cargo run -p layout --example creature -- --out DIR [--poses stand,sit] [--facings front,right] [--faces]
//!     [--mouths] [--head-pixels 60] [--orange]
//! ```

#![expect(clippy::print_stdout, reason = "a command-line tool says what it wrote")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use bible::story::{Expression, Facing};
use bible::{Colour, Tones};
use engine::brief::{FigureBrief, MouthShape};
use kurbo::Affine;
use layout::creature::build::AnyBuild;
use layout::creature::{Acting, Face, draw};
use layout::ink::{Canvas, Pen, paint};
use layout::part::Catalogue;
use layout::stage::timing::Eyes;
use tiny_skia::{Color, Pixmap};

fn main() -> Result<(), Box<dyn Error>> {
    let options = options();
    let option = |name: &str, default: &str| options.get(name).cloned().unwrap_or_else(|| default.to_owned());
    let catalogue = Catalogue::built_in();
    let figure = sample(options.contains_key("orange"))?;
    let build = catalogue.data::<AnyBuild>("build", &figure.build)?;
    let AnyBuild::Quadruped(build) = &*build else { return Err("this build goes on two legs".into()) };
    let poses = option("poses", "stand,sit");
    let facings: Vec<Facing> = option("facings", "front,three-quarter-right,right,back,three-quarter-left")
        .split(',')
        .map(|facing| serde_json::from_value(facing.into()))
        .collect::<Result<_, _>>()?;
    let rows: Vec<(&str, Face)> = if options.contains_key("faces") {
        faces().into_iter().map(|face| ("sit", face)).collect()
    } else {
        poses.split(',').map(|pose| (pose, Face::default())).collect()
    };
    let scale = option("head-pixels", "60").parse::<f64>()? / 100.0;
    let (cell_width, cell_height) = (480.0 * scale, 460.0 * scale);
    let (width, height) = ((cell_width * facings.len() as f64) as u32, (cell_height * rows.len() as f64) as u32);
    let mut sheet = Pixmap::new(width, height).ok_or("an empty sheet")?;
    sheet.fill(Color::from_rgba8(150, 168, 190, 255));
    let pen = Pen { colour: Colour::new(0x22, 0x18, 0x2e), weight: 1.0, resolution: (scale * 100.0 / 86.0).max(0.5) };
    let mut times = Vec::new();
    for (row, (pose, face)) in rows.into_iter().enumerate() {
        for (column, facing) in facings.iter().enumerate() {
            let (name, stride) = match pose.split_once('@') {
                Some((name, phase)) => (name, Some(phase.parse()?)),
                None => (pose, None),
            };
            let acting = Acting { figure: &figure, pose: name, from: None, stride, facing: *facing, face, pitch: 0.0, breath: 0.0 };
            let started = Instant::now();
            let art = draw(&catalogue, build, &acting)?;
            times.push(started.elapsed());
            let place = Affine::translate((cell_width * (column as f64 + 0.5), cell_height * (row as f64 + 0.93))) * Affine::scale(scale);
            for group in &art.groups {
                paint(&mut Canvas { pixels: &mut sheet, parts: None }, &group.marks, place, &art.owners[group.owner].palette, &pen);
            }
        }
    }
    std::fs::create_dir_all(option("out", "."))?;
    let path = PathBuf::from(option("out", ".")).join("creature.png");
    sheet.save_png(&path)?;
    times.sort();
    println!("{}: {} drawings, composed in {:?} at the median", path.display(), times.len(), times[times.len() / 2]);
    Ok(())
}

fn faces() -> Vec<Face> {
    let expressions =
        [Expression::Neutral, Expression::Happy, Expression::Sad, Expression::Angry, Expression::Surprised, Expression::Determined];
    let mouths = [MouthShape::A, MouthShape::I, MouthShape::U, MouthShape::E, MouthShape::O];
    let mut faces: Vec<Face> = expressions.into_iter().map(|expression| Face { expression, ..Face::default() }).collect();
    faces.extend(mouths.into_iter().map(|mouth| Face { mouth, ..Face::default() }));
    faces.extend([Eyes::Half, Eyes::Closed].into_iter().map(|eyes| Face { eyes, ..Face::default() }));
    faces
}

fn options() -> BTreeMap<String, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |index: usize| arguments.get(index + 1).filter(|next| !next.starts_with("--")).cloned().unwrap_or_default();
    arguments.iter().enumerate().filter_map(|(index, word)| Some((word.strip_prefix("--")?.to_owned(), value(index)))).collect()
}

/// A white fox with vermilion marks, or one in the part's own colours.
fn sample(orange: bool) -> Result<FigureBrief, Box<dyn Error>> {
    let tones = |base: &str, shadow: &str| -> Result<Tones, bible::colour::ParseColourError> {
        Ok(Tones { shadow: Some(shadow.parse()?), ..Tones::from_base(base.parse()?) })
    };
    let white =
        [("fur", "#fbf1e0", "#d9bfc4"), ("belly", "#fffaf0", "#e2ced0"), ("tail", "#fbf1e0", "#d9bfc4"), ("tip", "#f08a3c", "#c85a34")];
    let colours = white.into_iter().filter(|_| !orange);
    Ok(FigureBrief {
        character: "kon".parse()?,
        build: "fox".parse()?,
        height_cm: 62.0,
        head: None,
        hair: None,
        eyes: None,
        brows: None,
        nose: None,
        ears: None,
        tail: Some("fox".parse()?),
        marks: Vec::new(),
        garments: Vec::new(),
        accessories: Vec::new(),
        colours: colours.map(|(slot, base, shadow)| Ok((slot.to_owned(), tones(base, shadow)?))).collect::<Result<_, Box<dyn Error>>>()?,
    })
}
