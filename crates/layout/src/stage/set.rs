//! Sets: places as data, a `set.yaml` and one drawing for each layer of depth. See `sets/README.md`.

use std::collections::BTreeMap;

use bible::story::{TimeOfDay, Weather};
use bible::{Colour, Slug, Tones};
use engine::EngineError;
use serde::Deserialize;

use super::camera::Draught;
use super::light::{Light, LightOverride};

/// What a `set.yaml` says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetDesign {
    /// What it is, for people choosing.
    pub description: String,
    /// How the drawings relate to metres.
    pub drawn: Drawn,
    /// Whether walls keep the weather out.
    #[serde(default)]
    pub indoors: bool,
    /// Where the light stands at each time, seen from the camera: -1 left to 1 right.
    #[serde(default)]
    pub light_from: BTreeMap<TimeOfDay, f64>,
    /// What the light does differently here.
    #[serde(default)]
    pub light: BTreeMap<TimeOfDay, LightOverride>,
    /// Slots of the set with the tones that its drawings have.
    #[serde(default)]
    pub slots: BTreeMap<String, Tones>,
    /// The layers from back to front.
    pub layers: Vec<LayerDesign>,
    /// Lamps, lanterns and windows that shed light.
    #[serde(default)]
    pub lamps: Vec<Lamp>,
}

/// How a set's drawings relate to metres.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// Size of the drawings in units.
    pub size: [f64; 2],
    /// Units across to the vanishing point.
    pub centre: f64,
    /// Units down to the horizon.
    pub horizon: f64,
    /// Units per metre at the plane of action, where people stand unless told otherwise.
    pub per_metre: f64,
    /// Metres from the eye that the set was drawn for to the plane of action.
    pub distance: f64,
    /// Metres from the ground to that eye.
    pub height: f64,
    /// Units across that the widest framing shows.
    pub widest: f64,
}

impl Drawn {
    /// The same for the camera.
    #[must_use]
    pub const fn draught(&self) -> Draught {
        Draught {
            centre: self.centre,
            horizon: self.horizon,
            units_per_metre: self.per_metre,
            distance: self.distance,
            height: self.height,
        }
    }
}

/// One layer of depth.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerDesign {
    /// Its name, and that of its drawing: `<name>.svg`.
    pub name: Slug,
    /// What it is.
    #[serde(default)]
    pub kind: LayerKind,
    /// Metres behind the plane of action; negative in front of it.
    #[serde(default)]
    pub depth: f64,
    /// Seen through a window: in the light of the outside even if the set is inside.
    #[serde(default)]
    pub outside: bool,
    /// The times at which it exists; always, when empty.
    #[serde(default)]
    pub when: Vec<TimeOfDay>,
}

/// What a layer of depth is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerKind {
    /// Something upright at one depth.
    #[default]
    Board,
    /// The ground: every row of its drawing is at the depth that perspective gives it.
    Floor,
    /// The sky of the hour, shared by all sets; has no drawing of its own.
    Sky,
}

/// A lamp, lantern or window that sheds light.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lamp {
    /// Metres right of the middle, above the ground, behind the plane of action.
    pub at: [f64; 3],
    /// Colour of the light.
    #[serde(default = "lantern_light")]
    pub colour: Colour,
    /// Metres that its glow reaches.
    pub radius: f64,
    /// How bright it is in its middle, 0 to 1.
    pub strength: f64,
    /// How much it flickers, 0 to 1.
    #[serde(default = "lantern_flicker")]
    pub flicker: f64,
    /// The times at which it burns.
    #[serde(default = "evening")]
    pub when: Times,
}

/// Times of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times([bool; 4]);

impl Times {
    /// Whether the time is among them.
    #[must_use]
    pub const fn contains(self, time: TimeOfDay) -> bool {
        self.0[time as usize]
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let times = Vec::<TimeOfDay>::deserialize(deserializer)?;
        let mut set = [false; 4];
        for time in times {
            set[time as usize] = true;
        }
        Ok(Self(set))
    }
}

fn lantern_light() -> Colour {
    Colour::new(0xff, 0xb3, 0x5c)
}

fn lantern_flicker() -> f64 {
    0.12
}

fn evening() -> Times {
    let mut times = [false; 4];
    times[TimeOfDay::Sunset as usize] = true;
    times[TimeOfDay::Night as usize] = true;
    Times(times)
}

impl SetDesign {
    /// Reads a `set.yaml`; `path` is for errors.
    ///
    /// # Errors
    /// [`EngineError::BrokenPart`] when it is no such file or its numbers make no picture.
    pub fn read(path: &str, bytes: &[u8]) -> Result<Self, EngineError> {
        let broken = |reason: String| EngineError::BrokenPart { path: path.to_owned(), reason };
        let design: Self = crate::yaml::read(bytes).map_err(broken)?;
        design.check().map_err(broken)?;
        Ok(design)
    }

    fn check(&self) -> Result<(), String> {
        let drawn = &self.drawn;
        for (name, value) in [
            ("drawn.size[0]", drawn.size[0]),
            ("drawn.size[1]", drawn.size[1]),
            ("drawn.per_metre", drawn.per_metre),
            ("drawn.distance", drawn.distance),
            ("drawn.height", drawn.height),
            ("drawn.widest", drawn.widest),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return Err(format!("{name} is {value}; it must be above 0"));
            }
        }
        if drawn.widest > drawn.size[0] {
            return Err(format!("drawn.widest is {}, wider than the drawings' {}", drawn.widest, drawn.size[0]));
        }
        if self.layers.is_empty() {
            return Err("there are no layers; a set has at least one".to_owned());
        }
        for layer in &self.layers {
            if layer.kind == LayerKind::Board && (!layer.depth.is_finite() || layer.depth <= -drawn.distance) {
                return Err(format!(
                    "layer `{}` is at {} m, behind the camera; its depth must be above {}",
                    layer.name, layer.depth, -drawn.distance
                ));
            }
        }
        for (index, lamp) in self.lamps.iter().enumerate() {
            if !(lamp.radius > 0.0
                && lamp.radius.is_finite()
                && lamp.at.iter().all(|metres| metres.is_finite())
                && lamp.at[2] > -drawn.distance)
            {
                return Err(format!("lamps[{index}] needs a radius above 0 and a place in front of the camera"));
            }
        }
        Ok(())
    }

    /// The light at a time in a weather.
    #[must_use]
    pub fn light_at(&self, time: TimeOfDay, weather: Weather) -> Light {
        let mut light = if self.indoors { Light::indoors(time, weather) } else { Light::outdoors(time, weather) };
        if let Some(other) = self.light.get(&time) {
            light = light.with(other);
        }
        if let (Some(rim), Some(from)) = (&mut light.rim, self.light_from.get(&time)) {
            rim.from = from.clamp(-1.0, 1.0);
        }
        light
    }

    /// The layers that exist at a time, from back to front.
    pub fn layers_at(&self, time: TimeOfDay) -> impl Iterator<Item = &LayerDesign> {
        self.layers.iter().filter(move |layer| layer.when.is_empty() || layer.when.contains(&time))
    }
}

/// The drawing of the sky: `skies/<name>.svg`.
#[must_use]
pub const fn sky(time: TimeOfDay, weather: Weather) -> &'static str {
    match weather {
        Weather::Clear | Weather::Petals => time.word(),
        Weather::Overcast | Weather::Rain | Weather::Snow | Weather::Fog => "overcast",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "
description: A field
drawn: { size: [2400, 1200], centre: 1200, horizon: 780, per_metre: 120, distance: 9, height: 1.5, widest: 1600 }
layers: [{ name: sky, kind: sky }, { name: stars, depth: 500, when: [night] }, { name: ground, kind: floor }]
lamps: [{ at: [0, 2, 1], radius: 2, strength: 0.5, when: [night] }]
";

    #[test]
    fn a_layer_exists_at_the_times_it_names() {
        let design = SetDesign::read("sets/field/set.yaml", SMALL.as_bytes()).unwrap();
        let names = |time| design.layers_at(time).map(|layer| layer.name.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(TimeOfDay::Day), ["sky", "ground"]);
        assert_eq!(names(TimeOfDay::Night), ["sky", "stars", "ground"]);
        assert!(design.lamps[0].when.contains(TimeOfDay::Night) && !design.lamps[0].when.contains(TimeOfDay::Sunset));
    }

    #[test]
    fn a_set_that_makes_no_picture_is_refused_with_its_file_and_field() {
        for (from, to, said) in [
            ("per_metre: 120", "per_metre: 0", "drawn.per_metre"),
            ("widest: 1600", "widest: 9000", "drawn.widest"),
            ("depth: 500", "depth: -9", "`stars`"),
            ("radius: 2", "radius: 0", "lamps[0]"),
            ("kind: floor", "kind: flor", "layers[2].kind"),
        ] {
            let error = SetDesign::read("sets/field/set.yaml", SMALL.replace(from, to).as_bytes()).unwrap_err().to_string();
            assert!(error.contains("sets/field/set.yaml") && error.contains(said), "{error}");
        }
    }
}
