//! Draws a character in poses and from all sides, for artists to look at: a row for each outfit and pose, a
//! column for each direction.
//!
//! ```text
//! cargo run -p layout --example figure -- --out DIR [--brief FIGURE.json] [--poses stand,walk]
//!     [--facings front,right] [--garments yukata,geta/shirt,trousers] [--build slim] [--head-pixels 60] [--cell-width 700]
//! ```

#![expect(clippy::print_stdout, reason = "a command-line tool says what it wrote")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use bible::story::Facing;
use bible::{Colour, Slug, Tones};
use engine::brief::{FigureBrief, GarmentBrief};
use kurbo::Affine;
use layout::figure::{Acting, FigureArt, draw};
use layout::ink::{Canvas, Pen, paint};
use layout::part::Catalogue;
use layout::pose::Pose;
use layout::stage::timing::Eyes;
use tiny_skia::{Color, Pixmap};

fn main() -> Result<(), Box<dyn Error>> {
    let options = options();
    let option = |name: &str, default: &str| options.get(name).cloned().unwrap_or_else(|| default.to_owned());
    let catalogue = Catalogue::built_in();
    let figures: Vec<FigureBrief> = match options.get("brief") {
        Some(path) => vec![serde_json::from_slice(&std::fs::read(path)?)?],
        None => {
            option("garments", "").split('/').map(|outfit| sample(&option("build", "slim"), outfit, &options)).collect::<Result<_, _>>()?
        }
    };
    let all_poses =
        || catalogue.files("poses/").filter_map(|path| path.strip_prefix("poses/")?.strip_suffix(".yaml")).collect::<Vec<_>>().join(",");
    let poses: Vec<Slug> = option("poses", &all_poses()).split(',').map(str::parse).collect::<Result<_, _>>()?;
    let facings: Vec<Facing> = option("facings", "front,three-quarter-right,right,back,three-quarter-left")
        .split(',')
        .map(|facing| serde_json::from_value(facing.into()))
        .collect::<Result<_, _>>()?;
    let expression = serde_json::from_value(option("expression", "neutral").into())?;
    let mouth = serde_json::from_value(option("mouth", "closed").into())?;
    let eyes = if options.contains_key("closed") { Eyes::Closed } else { Eyes::Open };
    let head_pixels: f64 = option("head-pixels", "60").parse()?;
    let out = PathBuf::from(option("out", "."));
    std::fs::create_dir_all(&out)?;

    let scale = head_pixels / 100.0;
    let (cell_width, cell_height) = (option("cell-width", "700").parse::<f64>()? * scale, 860.0 * scale);
    let (width, height) = ((cell_width * facings.len() as f64) as u32, (cell_height * (poses.len() * figures.len()) as f64) as u32);
    let mut sheet = Pixmap::new(width, height).ok_or("an empty sheet")?;
    sheet.fill(Color::from_rgba8(226, 226, 230, 255));
    let pen = Pen { colour: Colour::new(0x22, 0x18, 0x2e), weight: 1.0, resolution: (head_pixels / 86.0).max(0.5) };
    let mut times = Vec::new();
    let rows = figures.iter().flat_map(|figure| poses.iter().map(move |name| (figure, name)));
    for (row, (figure, name)) in rows.enumerate() {
        let pose = catalogue.data::<Pose>("pose", name)?;
        for (column, facing) in facings.iter().enumerate() {
            let acting = Acting { figure, pose: &pose, facing: *facing, holds: &[], pitch: 0.0, breath: 0.0, expression, eyes, mouth };
            let started = Instant::now();
            let art = draw(&catalogue, &acting)?;
            times.push(started.elapsed());
            let place = Affine::translate((cell_width * (column as f64 + 0.5), cell_height * (row as f64 + 0.95))) * Affine::scale(scale);
            show(&mut sheet, &art, place, &pen);
        }
    }
    let path = out.join("figure.png");
    sheet.save_png(&path)?;
    times.sort();
    println!("{}: {} drawings, composed in {:?} at the median", path.display(), times.len(), times[times.len() / 2]);
    Ok(())
}

fn show(sheet: &mut Pixmap, art: &FigureArt, place: Affine, pen: &Pen) {
    for group in &art.groups {
        paint(&mut Canvas { pixels: sheet, parts: None }, &group.marks, place, &art.owners[group.owner].palette, pen);
    }
}

fn options() -> BTreeMap<String, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |index: usize| arguments.get(index + 1).filter(|next| !next.starts_with("--")).cloned().unwrap_or_default();
    arguments.iter().enumerate().filter_map(|(index, word)| Some((word.strip_prefix("--")?.to_owned(), value(index)))).collect()
}

/// Someone to look at when no brief is given.
fn sample(build: &str, garments: &str, options: &BTreeMap<String, String>) -> Result<FigureBrief, Box<dyn Error>> {
    let part = |name: &str| options.get(name).map(|name| name.parse()).transpose();
    let tones = |colour: &str| colour.parse().map(Tones::from_base);
    let garments = garments.split(',').filter(|name| !name.is_empty());
    Ok(FigureBrief {
        character: "sample".parse()?,
        build: build.parse()?,
        height_cm: 165.0,
        head: part("head")?,
        hair: part("hair")?,
        eyes: part("eyes")?,
        brows: part("brows")?,
        nose: part("nose")?,
        ears: None,
        tail: None,
        marks: Vec::new(),
        garments: garments
            .map(|name| Ok(GarmentBrief { part: name.parse()?, colours: BTreeMap::new() }))
            .collect::<Result<_, bible::id::ParseSlugError>>()?,
        accessories: Vec::new(),
        colours: BTreeMap::from([("skin".to_owned(), tones("#f7d8c3")?), ("hair".to_owned(), tones("#3a2b45")?)]),
    })
}
