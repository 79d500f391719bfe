//! Draws a picture with everything that comes with it, and says how long it took:
//!
//! ```text
//! cargo run -p layout --example picture -- --out DIR [--brief PICTURE.json] [--set lantern-street] [--time night]
//!     [--weather clear] [--framing medium] [--angle eye-level] [--composition auto] [--cast 2] [--pose stand]
//!     [--layers] [--times 9]
//! ```
//!
//! Writes `picture.png`, `parts.png` (a colour for each part), `skeletons.png`, and with `--layers` each layer.

#![expect(clippy::print_stdout, reason = "a command-line tool says what it wrote")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bible::Tones;
use bible::project::Canvas;
use bible::story::{Expression, Facing};
use engine::Engine;
use engine::brief::{Actor, Backdrop, FigureBrief, GarmentBrief, PictureBrief, StyleBrief};
use engine::picture::{PartMap, Raster};
use layout::LayoutEngine;
use layout::part::Catalogue;
use serde::de::DeserializeOwned;

fn main() -> Result<(), Box<dyn Error>> {
    let options = options();
    let brief: PictureBrief = match options.get("brief") {
        Some(path) => serde_json::from_slice(&std::fs::read(path)?)?,
        None => staged(&options)?,
    };
    let out = PathBuf::from(options.get("out").map_or(".", String::as_str));
    std::fs::create_dir_all(&out)?;
    let engine = LayoutEngine::new(Catalogue::built_in());
    let cold = Instant::now();
    let picture = engine.picture(&brief)?;
    let cold = cold.elapsed();
    let mut times = Vec::new();
    for _ in 0..options.get("times").map_or(Ok(1), |times| times.parse())? {
        let started = Instant::now();
        engine.picture(&brief)?;
        times.push(started.elapsed());
    }
    times.sort();
    write(&out.join("picture.png"), &picture.image)?;
    if let Some(parts) = &picture.parts {
        write(&out.join("parts.png"), &coloured(parts))?;
        for (index, entry) in parts.parts.iter().enumerate() {
            let seen = parts.indices.iter().filter(|at| usize::from(**at) == index).count();
            println!("{index:3} {} {} {seen} pixels", entry.owner.as_ref().map_or("-", |owner| owner.as_str()), entry.part);
        }
    }
    if let Some(map) = layout::pose_map(&picture.skeletons, picture.image.width, picture.image.height) {
        write(&out.join("skeletons.png"), &map)?;
    }
    if options.contains_key("layers") {
        for (index, layer) in picture.layers.iter().enumerate() {
            write(&out.join(format!("layer-{index}-{}.png", layer.name)), &layer.image)?;
        }
    }
    println!("{}: first {cold:.1?}, then {:.1?} at the median", out.display(), times.get(times.len() / 2).unwrap_or(&cold));
    Ok(())
}

/// A picture made of what the flags say.
fn staged(options: &BTreeMap<String, String>) -> Result<PictureBrief, Box<dyn Error>> {
    let cast = options.get("cast").map_or(Ok(2), |count| count.parse::<usize>())?;
    let pose = options.get("pose").map_or("stand", String::as_str);
    let facings =
        if cast == 1 { [Facing::ThreeQuarterRight; 3] } else { [Facing::ThreeQuarterRight, Facing::ThreeQuarterLeft, Facing::Front] };
    let looks = [
        ("mio", "teen", 152.0, "yukata,geta", "#f7d8c3", "#3a2b45", "bob"),
        ("haru", "slim", 176.0, "shirt,trousers,sneakers", "#efc8a8", "#5a3a28", "messy-short"),
        ("ume", "elder", 148.0, "kimono,sandals", "#ecccb8", "#c8c4cc", "bun"),
    ];
    let mut actors = Vec::new();
    for ((name, build, height, garments, skin, hair_colour, hair), facing) in looks.into_iter().zip(facings).take(cast) {
        let drawn = |category: &str, part: &str| -> Result<_, Box<dyn Error>> {
            let known = Catalogue::built_in().names(category).any(|known| known == part);
            Ok(if known { Some(part.parse()?) } else { None })
        };
        let tones = |colour: &str| colour.parse().map(Tones::from_base);
        actors.push(Actor {
            figure: Arc::new(FigureBrief {
                character: name.parse()?,
                build: build.parse()?,
                height_cm: height,
                head: drawn("head", "young")?,
                hair: drawn("hair", hair)?,
                eyes: drawn("eye", "round")?,
                brows: drawn("brow", "soft")?,
                nose: drawn("nose", "small")?,
                ears: None,
                tail: None,
                marks: Vec::new(),
                garments: garments
                    .split(',')
                    .map(|part| Ok(GarmentBrief { part: part.parse()?, colours: BTreeMap::new() }))
                    .collect::<Result<_, bible::id::ParseSlugError>>()?,
                accessories: Vec::new(),
                colours: BTreeMap::from([
                    ("skin".to_owned(), tones(skin)?),
                    ("hair".to_owned(), tones(hair_colour)?),
                    ("iris.left".to_owned(), tones("#4f8f7a")?),
                    ("iris.right".to_owned(), tones("#4f8f7a")?),
                ]),
            }),
            pose: pose.parse()?,
            expression: Expression::Neutral,
            facing,
            x: None,
            depth: 0.0,
            holds: Vec::new(),
        });
    }
    Ok(PictureBrief {
        canvas: Canvas::default(),
        style: StyleBrief { line_weight: 1.0, line_colour: "#22182e".parse()?, shadow_amount: 1.0 },
        backdrop: Backdrop::Set {
            set: word(options, "set", "lantern-street")?,
            colours: BTreeMap::new(),
            time: word(options, "time", "night")?,
            weather: word(options, "weather", "clear")?,
        },
        framing: word(options, "framing", "medium")?,
        angle: word(options, "angle", "eye-level")?,
        composition: word(options, "composition", "auto")?,
        actors,
        props: Vec::new(),
    })
}

/// A word of the shot list's vocabulary.
fn word<T: DeserializeOwned>(options: &BTreeMap<String, String>, name: &str, default: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(options.get(name).map_or(default, String::as_str).into())
}

/// Every part in a colour of its own.
fn coloured(map: &PartMap) -> Raster {
    let colour = |index: u8| {
        let turned = f64::from(index) * 0.618_034 * std::f64::consts::TAU;
        let channel = |offset: f64| (128.0 + 110.0 * (turned + offset).cos()) as u8;
        if index == 0 { [24, 24, 28, 255] } else { [channel(0.0), channel(2.1), channel(4.2), 255] }
    };
    Raster { width: map.width, height: map.height, rgba: map.indices.iter().flat_map(|index| colour(*index)).collect() }
}

fn options() -> BTreeMap<String, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |index: usize| arguments.get(index + 1).filter(|next| !next.starts_with("--")).cloned().unwrap_or_default();
    arguments.iter().enumerate().filter_map(|(index, word)| Some((word.strip_prefix("--")?.to_owned(), value(index)))).collect()
}

fn write(path: &Path, raster: &Raster) -> Result<(), Box<dyn Error>> {
    let file = std::fs::File::create(path)?;
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), raster.width, raster.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&raster.rgba)?;
    Ok(())
}
