//! Templates, as they come with the program and as people bring them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod broken;
mod filled;
mod inputs;
mod own;
mod server;

use std::io::Read;

use comfyui::ObjectInfo;
use comfyui::template::{Shelf, Template, Values};
use serde_json::{Map, Value, json};

fn shelf() -> Shelf {
    Shelf::built_in().unwrap_or_else(|errors| panic!("{errors}"))
}

/// The classes of a real server (0.33.0), without custom packs.
fn info() -> ObjectInfo {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/object_info.json.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    ObjectInfo::read(&serde_json::from_str::<Map<String, Value>>(&text).unwrap())
}

/// Values for everything that a template requires.
fn least(template: &Template) -> Values {
    let mut values = Values::new();
    for slot in template.slots().iter().filter(|slot| slot.required) {
        values.set(&slot.name, sample(&slot.slot.takes));
    }
    values
}

/// Values for everything that a template can take, each list with one item.
fn most(template: &Template) -> Values {
    let mut values = least(template);
    for slot in template.slots().iter().filter(|slot| slot.default.is_none()) {
        values.set(&slot.name.replace("[]", ".0"), sample(&slot.slot.takes));
    }
    // Its default is for an empty canvas only.
    if template.slots().iter().any(|slot| slot.name == "image") && template.slots().iter().any(|slot| slot.name == "denoise") {
        values.set("denoise", json!(0.5));
    }
    for group in template.groups() {
        if values.get(group).is_none() {
            values.set(group, json!({}));
        }
    }
    values
}

fn sample(takes: &comfyui::template::Takes) -> Value {
    use comfyui::template::Takes;
    match takes {
        Takes::Text => json!("1girl, silver hair"),
        Takes::Seed => json!(u64::MAX - 1),
        Takes::Whole { min, multiple, plus, .. } => json!((min - plus + multiple - 1).div_euclid(*multiple) * multiple + plus),
        Takes::Number { min, max } => json!(min.max(0.5_f64.min(*max))),
        Takes::Flag => json!(true),
        Takes::Choice(options) => json!(options.first().map_or("auto", String::as_str)),
        Takes::Model(kind) => json!(format!("some-{kind}.safetensors")),
        Takes::Image | Takes::Mask | Takes::Film => json!("example.png"),
        Takes::Size { multiple, .. } => json!({"width": 512 / multiple * multiple, "height": 512 / multiple * multiple}),
        Takes::Area => json!({"x": 8, "y": 16, "width": 64, "height": 64}),
    }
}
