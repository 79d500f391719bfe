//! Weather: what falls and drifts, in three depths, from a seed.

use bible::project::Canvas;
use bible::story::Weather;
use tiny_skia::{FillRule, LineCap, Paint, PathBuilder, Pixmap, Stroke, Transform};

use super::light::Light;
use super::random::{between, unit};

/// Whether something is in front of the people or behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Behind the people: small, faint and slow.
    Behind,
    /// In front of them: larger and faster, and few, for faces stay clear.
    Before,
}

/// Whether a weather moves through the picture.
#[must_use]
pub(crate) const fn moves(weather: Weather) -> bool {
    match weather {
        Weather::Rain | Weather::Snow | Weather::Fog | Weather::Petals => true,
        Weather::Clear | Weather::Overcast => false,
    }
}

/// A field of particles at one depth.
struct Field {
    /// How many on a frame.
    count: u64,
    /// Size of one, as a share of the frame's height.
    size: f64,
    /// Frame heights a second: across, down.
    speed: [f64; 2],
    /// Opacity.
    alpha: f32,
}

const fn field(count: u64, size: f64, across: f64, down: f64, alpha: f32) -> Field {
    Field { count, size, speed: [across, down], alpha }
}

/// Draws the weather of one depth at a time in seconds.
pub(crate) fn draw(onto: &mut Pixmap, canvas: Canvas, weather: Weather, light: &Light, depth: Depth, seconds: f64, seed: u64) {
    let fields: &[Field] = match (weather, depth) {
        (Weather::Rain, Depth::Behind) => &[field(260, 0.034, -0.14, 1.5, 0.34), field(120, 0.06, -0.2, 2.1, 0.46)],
        (Weather::Rain, Depth::Before) => &[field(34, 0.14, -0.34, 3.4, 0.4)],
        (Weather::Snow, Depth::Behind) => &[field(210, 0.0032, -0.02, 0.075, 0.65), field(90, 0.0058, -0.03, 0.12, 0.8)],
        (Weather::Snow, Depth::Before) => &[field(20, 0.0125, -0.05, 0.21, 0.8)],
        (Weather::Petals, Depth::Behind) => &[field(44, 0.0075, -0.1, 0.08, 0.85), field(22, 0.012, -0.15, 0.12, 0.95)],
        (Weather::Petals, Depth::Before) => &[field(7, 0.026, -0.27, 0.2, 0.9)],
        (Weather::Fog, Depth::Behind) => {
            fog(onto, canvas, light, seconds, seed);
            return;
        }
        (Weather::Fog, Depth::Before) | (Weather::Clear | Weather::Overcast, _) => return,
    };
    for (number, field) in fields.iter().enumerate() {
        let kind = seed ^ ((number as u64 + 1) << 8) ^ ((depth as u64 + 1) << 16);
        particles(onto, canvas, weather, light, field, seconds, kind);
    }
}

fn particles(onto: &mut Pixmap, canvas: Canvas, weather: Weather, light: &Light, field: &Field, seconds: f64, seed: u64) {
    let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
    let margin = field.size * 2.0 + 0.02;
    let (across, down) = (width / height + 2.0 * margin, 1.0 + 2.0 * margin);
    let size = field.size * height;
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    let bright = f64::from(light.gain[1]).sqrt();
    let tint = |red: f64, green: f64, blue: f64| {
        let blend = |value: f64, gain: f32| (value * (0.35 * bright + 0.65 * f64::from(gain).sqrt())).min(255.0) as u8;
        (blend(red, light.gain[0]), blend(green, light.gain[1]), blend(blue, light.gain[2]))
    };
    let (red, green, blue) = match weather {
        // A drop gathers what light there is: it is never as dark as what it falls past.
        Weather::Rain => {
            let (red, green, blue) = tint(216.0, 228.0, 240.0);
            (red.max(128), green.max(142), blue.max(172))
        }
        Weather::Petals => tint(250.0, 196.0, 208.0),
        _ => tint(252.0, 253.0, 255.0),
    };
    paint.set_color_rgba8(red, green, blue, (field.alpha * 255.0) as u8);
    let mut drops = PathBuilder::new();
    for index in 0..field.count {
        let own = between(seed, index * 8 + 2, 0.8, 1.25);
        let phase = unit(seed, index * 8 + 3) * std::f64::consts::TAU;
        let sway = match weather {
            Weather::Snow => (seconds * 0.9 * own + phase).sin() * 0.012,
            Weather::Petals => (seconds * 1.4 * own + phase).sin() * 0.03,
            _ => 0.0,
        };
        let wrap = |start: f64, speed: f64, extent: f64| (start * extent + speed * own * seconds).rem_euclid(extent) - margin;
        let x = (wrap(unit(seed, index * 8), field.speed[0], across) + sway) * height;
        let y = wrap(unit(seed, index * 8 + 1), field.speed[1], down) * height;
        match weather {
            Weather::Rain => {
                let lean = field.speed[0] / field.speed[1];
                drops.move_to(x as f32, y as f32);
                drops.line_to((x - lean * size) as f32, (y - size) as f32);
            }
            Weather::Snow => drops.push_circle(x as f32, y as f32, (size * own) as f32),
            _ => petal(
                &mut drops,
                x,
                y,
                size * own,
                seconds * between(seed, index * 8 + 4, 1.0, 2.6) + phase,
                seconds * 1.9 * own + phase * 2.0,
            ),
        }
    }
    let Some(path) = drops.finish() else { return };
    if weather == Weather::Rain {
        let stroke = Stroke { width: (height / 720.0 * (0.8 + field.size * 9.0)) as f32, line_cap: LineCap::Round, ..Stroke::default() };
        onto.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
    } else {
        onto.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
    }
}

/// A cherry petal with its notch, turned in the picture by `turn` and about its length by `roll`.
fn petal(path: &mut PathBuilder, x: f64, y: f64, size: f64, turn: f64, roll: f64) {
    let (sine, cosine) = turn.sin_cos();
    let flat = 0.25 + 0.75 * roll.cos().abs();
    let at = |along: f64, out: f64| {
        let (along, out) = (along * size, out * size * flat);
        ((x + along * cosine - out * sine) as f32, (y + along * sine + out * cosine) as f32)
    };
    let start = at(-1.0, 0.0);
    path.move_to(start.0, start.1);
    let mut curve = |first: (f32, f32), second: (f32, f32), to: (f32, f32)| path.cubic_to(first.0, first.1, second.0, second.1, to.0, to.1);
    curve(at(-0.5, -0.75), at(0.6, -0.8), at(1.0, -0.22));
    curve(at(0.9, -0.1), at(0.75, -0.04), at(0.7, 0.0));
    curve(at(0.75, 0.04), at(0.9, 0.1), at(1.0, 0.22));
    curve(at(0.6, 0.8), at(-0.5, 0.75), at(-1.0, 0.0));
    path.close();
}

/// Banks of fog that drift over the ground, behind the people.
fn fog(onto: &mut Pixmap, canvas: Canvas, light: &Light, seconds: f64, seed: u64) {
    let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
    let [red, green, blue] = light.haze.channels();
    for bank in 0..7_u64 {
        let row = between(seed, bank * 4 + 900, 0.42, 0.9);
        let half = [between(seed, bank * 4 + 901, 0.5, 0.95) * height, between(seed, bank * 4 + 902, 0.06, 0.13) * height];
        let extent = width + 2.0 * half[0];
        let speed = between(seed, bank * 4 + 904, 0.008, 0.022) * height;
        let x = (unit(seed, bank * 4 + 903) * extent + speed * seconds).rem_euclid(extent) - half[0];
        let stops = [(0.0, 0.34), (0.5, 0.17), (1.0, 0.0)].map(|(at, alpha): (f32, f32)| {
            tiny_skia::GradientStop::new(at, tiny_skia::Color::from_rgba8(red, green, blue, (alpha * 255.0) as u8))
        });
        let squash = Transform::from_row(half[0] as f32, 0.0, 0.0, half[1] as f32, x as f32, (row * height) as f32);
        let centre = tiny_skia::Point::from_xy(0.0, 0.0);
        let Some(shader) = tiny_skia::RadialGradient::new(centre, 0.0, centre, 1.0, stops.to_vec(), tiny_skia::SpreadMode::Pad, squash)
        else {
            continue;
        };
        let paint = Paint { shader, anti_alias: false, ..Paint::default() };
        if let Some(area) = tiny_skia::Rect::from_xywh(
            (x - half[0]) as f32,
            (row * height - half[1]) as f32,
            (half[0] * 2.0) as f32,
            (half[1] * 2.0) as f32,
        ) {
            onto.fill_rect(area, &paint, Transform::identity(), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bible::story::TimeOfDay;

    const CANVAS: Canvas = Canvas { width: 320, height: 180 };

    fn drawn(weather: Weather, depth: Depth, seconds: f64, seed: u64) -> Pixmap {
        let mut pixmap = Pixmap::new(CANVAS.width, CANVAS.height).unwrap();
        draw(&mut pixmap, CANVAS, weather, &Light::outdoors(TimeOfDay::Day, weather), depth, seconds, seed);
        pixmap
    }

    fn painted(pixmap: &Pixmap) -> usize {
        pixmap.pixels().iter().filter(|pixel| pixel.alpha() > 10).count()
    }

    #[test]
    fn weather_moves_and_is_the_same_for_the_same_seed() {
        for weather in [Weather::Rain, Weather::Snow, Weather::Petals, Weather::Fog] {
            let first = drawn(weather, Depth::Behind, 1.0, 5);
            assert!(painted(&first) > 60, "{weather}");
            assert_eq!(first, drawn(weather, Depth::Behind, 1.0, 5));
            assert_ne!(first, drawn(weather, Depth::Behind, 1.5, 5));
            assert_ne!(first, drawn(weather, Depth::Behind, 1.0, 6));
        }
    }

    #[test]
    fn it_never_stops_falling() {
        for weather in [Weather::Rain, Weather::Snow, Weather::Petals] {
            for seconds in [0.0, 9.0, 240.0] {
                assert!(painted(&drawn(weather, Depth::Behind, seconds, 1)) > 40, "{weather} after {seconds} s");
            }
        }
    }

    #[test]
    fn faces_stay_clear() {
        for weather in [Weather::Rain, Weather::Snow, Weather::Petals, Weather::Fog] {
            let before = painted(&drawn(weather, Depth::Before, 3.0, 4));
            assert!(before < 320 * 180 / 20, "{weather} covers {before} pixels in front of people");
        }
    }
}
