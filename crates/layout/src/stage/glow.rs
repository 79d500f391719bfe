//! Glow: the soft light of lamps, lanterns and windows, on the air around them and on people near them.

use engine::EngineError;
use tiny_skia::Pixmap;

use super::camera::Camera;
use super::light::to_linear;
use super::pixels::quads_mut;
use super::scenery::Scenery;
use super::set::Lamp;

/// The glow is computed at one pixel for this many of the frame's, each way; it is smooth.
const COARSE: u32 = 4;

/// How much farther than its visible glow a lamp lights people.
const REACH: f64 = 2.6;

/// Most that lamps add to a channel of the light on people, so that nobody is brighter at night than by day.
const MOST: f64 = 0.62;

/// The colour that the corners of the frame darken to: the blue-violet black of the outer line.
const CORNER: [f32; 3] = [12.0, 8.0, 26.0];

/// The glow of all lamps and the darkening of the corners as a coarse premultiplied picture. `flicker` gives the
/// brightness of each lamp, about 1.
pub(crate) fn glow(scenery: &Scenery, camera: &Camera, flicker: &dyn Fn(usize, &Lamp) -> f64) -> Result<Pixmap, EngineError> {
    let (width, height) = (camera.canvas.width.div_ceil(COARSE), camera.canvas.height.div_ceil(COARSE));
    let mut light = vec![[0.0_f32; 4]; (width * height) as usize];
    for (index, lamp) in lamps(scenery) {
        if camera.sees(lamp.at[2]) {
            let strength = lamp.strength * scenery.light().lamps * flicker(index, lamp);
            add_lamp(&mut light, width, height, camera, lamp, strength as f32);
        }
    }
    let mut pixmap = Pixmap::new(width, height).ok_or_else(|| EngineError::Impossible {
        reason: format!("a canvas of {} x {} pixels; both sides must be above 0", camera.canvas.width, camera.canvas.height),
    })?;
    let vignette = scenery.light().vignette as f32;
    for (index, target) in quads_mut(&mut pixmap).iter_mut().enumerate() {
        let (x, y) = (index as u32 % width, index as u32 / width);
        let dx = (x as f32 + 0.5) / width as f32 * 2.0 - 1.0;
        let dy = (y as f32 + 0.5) / height as f32 * 2.0 - 1.0;
        // 0 within an oval around the middle, 1 in the corners.
        let out = ((dx * dx * 0.55 + dy * dy * 0.45 - 0.3) / 0.7).clamp(0.0, 1.0);
        let dark = vignette * out * (2.0 - out);
        let [red, green, blue, alpha] = light[index];
        let keep = 1.0 - alpha;
        let mix = |light: f32, corner: f32| ((light + corner * dark * keep) + 0.5) as u8;
        let colours = [mix(red, CORNER[0]), mix(green, CORNER[1]), mix(blue, CORNER[2])];
        let alpha = ((alpha + dark * keep) * 255.0 + 0.5) as u8;
        *target = [colours[0].min(alpha), colours[1].min(alpha), colours[2].min(alpha), alpha];
    }
    Ok(pixmap)
}

/// The lamps that burn, with their place in the set's list.
fn lamps(scenery: &Scenery) -> impl Iterator<Item = (usize, &Lamp)> {
    scenery.design().lamps.iter().enumerate().filter(|(_, lamp)| scenery.light().lamps > 0.0 && lamp.when.contains(scenery.time()))
}

fn add_lamp(light: &mut [[f32; 4]], width: u32, height: u32, camera: &Camera, lamp: &Lamp, strength: f32) {
    let [x, y] = camera.project(lamp.at[0], lamp.at[1], lamp.at[2]).map(|pixel| (pixel / f64::from(COARSE)) as f32);
    let radius = (lamp.radius * camera.scale(lamp.at[2]) / f64::from(COARSE)) as f32;
    if !(radius > 0.2 && x + radius > 0.0 && x - radius < width as f32 && y + radius > 0.0 && y - radius < height as f32) {
        return;
    }
    let colour = lamp.colour.channels().map(f32::from);
    let rows = (y - radius).max(0.0) as u32..((y + radius).ceil().max(0.0) as u32).min(height);
    for row in rows {
        let columns = (x - radius).max(0.0) as u32..((x + radius).ceil().max(0.0) as u32).min(width);
        for column in columns {
            let (dx, dy) = ((column as f32 + 0.5 - x) / radius, (row as f32 + 0.5 - y) / radius);
            let away = dx * dx + dy * dy;
            if away >= 1.0 {
                continue;
            }
            // Bright at the source and long in its fall, without an edge where it ends.
            let fall = (1.0 - away) * (1.0 - away) / (1.0 + 5.0 * away);
            let alpha = strength * fall;
            let pixel = &mut light[(row * width + column) as usize];
            let keep = 1.0 - pixel[3];
            for channel in 0..3 {
                pixel[channel] += colour[channel] * alpha * keep;
            }
            pixel[3] += alpha * keep;
        }
    }
}

/// What lamps add to the light on someone, per channel in linear light, and on which side (-1 left, 1 right) most of it comes from.
#[must_use]
pub(crate) fn lamplight(scenery: &Scenery, at: [f64; 3]) -> ([f32; 3], f64) {
    let mut sum = [0.0_f64; 3];
    let (mut side, mut total) = (0.0, 0.0);
    for (_, lamp) in lamps(scenery) {
        let apart: [f64; 3] = std::array::from_fn(|axis| lamp.at[axis] - at[axis]);
        let away = apart.iter().map(|metres| metres * metres).sum::<f64>() / (lamp.radius * REACH).powi(2);
        if away >= 1.0 {
            continue;
        }
        let strength = lamp.strength * scenery.light().lamps * (1.0 - away) * (1.0 - away);
        for (channel, value) in sum.iter_mut().zip(lamp.colour.channels()) {
            *channel += to_linear(value) * strength;
        }
        side += strength * apart[0].signum() * apart[0].abs().min(1.0);
        total += strength;
    }
    let brightest = sum.iter().copied().fold(0.0, f64::max);
    let limit = if brightest > 0.0 { MOST * (1.0 - (-brightest / MOST).exp()) / brightest } else { 0.0 };
    (sum.map(|channel| (channel * limit) as f32), if total > 0.0 { side / total } else { 0.0 })
}
