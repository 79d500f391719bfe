//! Pictures: one moment of a shot with its layers, part map and skeletons.

use std::sync::Arc;

use engine::EngineError;
use engine::picture::{Layer, PartEntry, PartMap, Picture, Raster, Skeleton};
use tiny_skia::Pixmap;

use super::backdrop::Backdrop;
use super::cast::{Cel, LIGHT_INDEX, Standing};
use super::pixels::{lay_at, lay_coarse, lay_over, quads, straight};
use super::pixmap;
use super::shot::{Shot, still};
use super::weather::{self, Depth};

/// Something that stands in the picture.
struct Item {
    name: String,
    standing: Standing,
    anchor: [f64; 2],
    depth: f64,
    place: [f64; 3],
    actor: Option<usize>,
}

/// Paints the picture of a shot.
pub(crate) fn picture(shot: &Shot<'_>, backdrop: &Backdrop) -> Result<Picture, EngineError> {
    let camera = shot.staging.camera;
    let canvas = shot.brief.canvas;
    let mut items = items(shot)?;
    let mut map = PartMap {
        width: canvas.width,
        height: canvas.height,
        indices: vec![0; (canvas.width * canvas.height) as usize],
        parts: vec![entry("background"), entry("light")],
    };
    let mut skeletons: Vec<(usize, Skeleton)> = Vec::new();
    let mut image = backdrop.whole.clone();
    let mut layers = backdrop_layers(backdrop, canvas)?;
    if weather::moves(shot.weather) {
        let mut behind = pixmap(canvas)?;
        weather::draw(&mut behind, canvas, shot.weather, &shot.light, Depth::Behind, 0.0, 0);
        lay_over(&mut image, &behind);
        layers.push(Layer { name: "weather.behind".to_owned(), image: straight(behind) });
    }
    let mut next = u16::from(LIGHT_INDEX) + 1;
    for item in &mut items {
        let look = shot.look(item.actor, item.place);
        next = item.standing.number(next, look.gain, &mut map.parts);
        let scale = camera.scale(item.depth);
        if let (Some(actor), Some(joints)) = (item.actor, item.standing.joints(item.anchor, scale)) {
            skeletons.push((actor, Skeleton { character: shot.brief.actors[actor].figure.character.clone(), joints }));
        }
        let Some(cel) = item.standing.paint(&look, scale, shot.window(item.anchor, [0.0; 2]), true) else { continue };
        let mut layer = pixmap(canvas)?;
        let [left, top] = corner(&cel, item.anchor);
        lay_at(&mut image, &cel.pixmap, left, top);
        lay_at(&mut layer, &cel.pixmap, left, top);
        mark_parts(&mut map, &cel, [left, top]);
        layers.push(Layer { name: item.name.clone(), image: straight(layer) });
    }
    if let Some(foreground) = &backdrop.foreground {
        lay_over(&mut image, foreground);
        cover(&mut map, foreground, 0);
        layers.push(Layer { name: "foreground".to_owned(), image: straight(foreground.clone()) });
    }
    if weather::moves(shot.weather) {
        let mut before = pixmap(canvas)?;
        weather::draw(&mut before, canvas, shot.weather, &shot.light, Depth::Before, 0.0, 0);
        lay_over(&mut image, &before);
        cover(&mut map, &before, LIGHT_INDEX);
        layers.push(Layer { name: "weather".to_owned(), image: straight(before) });
    }
    skeletons.sort_by_key(|(actor, _)| *actor);
    Ok(Picture {
        image: Arc::new(straight(image)),
        parts: Some(map),
        layers,
        skeletons: skeletons.into_iter().map(|(_, skeleton)| skeleton).collect(),
        layout: None,
        making: None,
    })
}

/// Actors and props from the farthest to the nearest.
fn items(shot: &Shot<'_>) -> Result<Vec<Item>, EngineError> {
    let camera = shot.staging.camera;
    let mut items = Vec::new();
    for (index, actor) in shot.brief.actors.iter().enumerate() {
        let [x, depth] = shot.staging.places[index];
        items.push(Item {
            name: format!("actor.{}", actor.figure.character),
            standing: shot.figure(index, &still(actor))?,
            anchor: whole(camera.project(x, 0.0, depth)),
            depth,
            place: [x, 0.0, depth],
            actor: Some(index),
        });
    }
    for (index, prop) in shot.brief.props.iter().enumerate() {
        let place = shot.prop_place(index);
        items.push(Item {
            name: format!("prop.{}", prop.prop.prop),
            standing: Standing::prop(shot.catalogue, prop)?,
            anchor: whole(camera.project(place[0], place[1], place[2])),
            depth: place[2],
            place,
            actor: None,
        });
    }
    // Stable, and the most important of several at one depth last, so that nobody stands before them.
    items.reverse();
    items.sort_by(|a, b| b.depth.total_cmp(&a.depth));
    items.retain(|item| camera.sees(item.depth));
    Ok(items)
}

/// The nearest whole pixel: what stands still is drawn on the pixel grid.
pub(crate) fn whole(point: [f64; 2]) -> [f64; 2] {
    point.map(f64::round)
}

/// The corner of a cel in pixels of the frame.
pub(crate) fn corner(cel: &Cel, anchor: [f64; 2]) -> [i32; 2] {
    [anchor[0] as i32 + cel.corner[0], anchor[1] as i32 + cel.corner[1]]
}

fn entry(part: &str) -> PartEntry {
    PartEntry { owner: None, part: part.to_owned(), tones: None, light: [1.0; 3] }
}

fn backdrop_layers(backdrop: &Backdrop, canvas: bible::project::Canvas) -> Result<Vec<Layer>, EngineError> {
    let layer = |name: &str, image: Raster| Layer { name: name.to_owned(), image };
    let mut layers = vec![layer("backdrop.far", straight(backdrop.far.clone()))];
    if let Some(near) = &backdrop.near {
        layers.push(layer("backdrop.near", straight(near.clone())));
    }
    if let Some(light) = &backdrop.light {
        let mut whole = pixmap(canvas)?;
        lay_coarse(&mut whole, light);
        layers.push(layer("light", straight(whole)));
    }
    Ok(layers)
}

/// Enters a cel into the part map.
fn mark_parts(map: &mut PartMap, cel: &Cel, [left, top]: [i32; 2]) {
    let Some(parts) = &cel.parts else { return };
    let (width, height) = (map.width as i32, map.height as i32);
    let columns = cel.pixmap.width() as usize;
    let (first, end) = ((-left).clamp(0, columns as i32) as usize, (width - left).clamp(0, columns as i32) as usize);
    if first >= end {
        return;
    }
    let rows = parts.chunks_exact(columns).zip(quads(&cel.pixmap).chunks_exact(columns));
    for (y, (parts, pixels)) in (top..).zip(rows).filter(|(y, _)| (0..height).contains(y)) {
        let target = &mut map.indices[(y * width + left + first as i32) as usize..];
        for ((target, part), pixel) in target.iter_mut().zip(&parts[first..end]).zip(&pixels[first..end]) {
            // Shade on the ground is dark air: it changes what is behind it, but shows no part.
            if *part != 0 || pixel[3] > 200 {
                *target = *part;
            }
        }
    }
}

/// Gives every pixel that something in front covers to an entry.
fn cover(map: &mut PartMap, layer: &Pixmap, index: u8) {
    for (part, pixel) in map.indices.iter_mut().zip(quads(layer)) {
        if pixel[3] > 12 {
            *part = index;
        }
    }
}
