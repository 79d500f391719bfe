//! Light by time of day and weather: what it does to a set, to the people in it, and to the air between.

use bible::Colour;
use bible::story::{TimeOfDay, Weather};
use serde::Deserialize;

/// The light on a place at one time, in one weather.
#[derive(Debug, Clone, PartialEq)]
pub struct Light {
    /// Gain per channel (red, green, blue) in linear light on everything that is lit, people included.
    pub gain: [f32; 3],
    /// How much colour is left in the set, 0 grey to 1 all of it.
    pub saturation: f64,
    /// What distant things fade to.
    pub haze: Colour,
    /// Metres at which 63 % of something is haze.
    pub reach: f64,
    /// How strongly lamps, lanterns and windows show, 0 to 1.
    pub lamps: f64,
    /// A thin bright edge on people; none in flat light.
    pub rim: Option<Rim>,
    /// How dark the shade under people's feet is, 0 to 1.
    pub contact: f64,
    /// How much the corners of the set darken, 0 to 1.
    pub vignette: f64,
}

/// A thin bright edge on the side of a low light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rim {
    /// Its colour.
    pub colour: Colour,
    /// Its width as a share of the head's height.
    pub width: f64,
    /// Where the light stands, seen from the camera: -1 left, 1 right.
    pub from: f64,
}

/// What a set may say differently for a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LightOverride {
    /// Gain per channel in linear light.
    pub gain: Option<[f32; 3]>,
    /// How strongly lamps show, 0 to 1.
    pub lamps: Option<f64>,
    /// Metres at which 63 % of something is haze.
    pub reach: Option<f64>,
    /// Whether people get a bright edge.
    pub rim: Option<bool>,
}

const fn hex(value: u32) -> Colour {
    Colour::new((value >> 16) as u8, (value >> 8) as u8, value as u8)
}

impl Light {
    /// The light out of doors. The values were set by eye on rendered frames, from the rules that noon is
    /// neutral, sunset gains red and loses blue, and night is blue-violet within the lower half of values.
    #[must_use]
    pub fn outdoors(time: TimeOfDay, weather: Weather) -> Self {
        let mut light = match time {
            TimeOfDay::Dawn => Self {
                gain: [0.92, 0.79, 0.86],
                saturation: 0.88,
                haze: hex(0xe9c9cb),
                reach: 220.0,
                lamps: 0.45,
                rim: Some(Rim { colour: hex(0xffe3d2), width: 0.022, from: 1.0 }),
                contact: 0.4,
                vignette: 0.12,
            },
            TimeOfDay::Day => Self {
                gain: [1.0, 1.0, 1.0],
                saturation: 1.0,
                haze: hex(0xcfe0ee),
                reach: 420.0,
                lamps: 0.0,
                rim: None,
                contact: 0.5,
                vignette: 0.1,
            },
            TimeOfDay::Sunset => Self {
                gain: [1.0, 0.72, 0.52],
                saturation: 1.0,
                haze: hex(0xf0b184),
                reach: 260.0,
                lamps: 0.75,
                rim: Some(Rim { colour: hex(0xffdf9e), width: 0.03, from: -1.0 }),
                contact: 0.5,
                vignette: 0.2,
            },
            TimeOfDay::Night => Self {
                gain: [0.19, 0.21, 0.42],
                saturation: 0.8,
                haze: hex(0x393975),
                reach: 320.0,
                lamps: 1.0,
                rim: Some(Rim { colour: hex(0xffd9a0), width: 0.022, from: 1.0 }),
                contact: 0.55,
                vignette: 0.38,
            },
        };
        light.under(time, weather);
        light
    }

    /// The light inside: little of the weather, lamps when it is dark.
    #[must_use]
    pub fn indoors(time: TimeOfDay, weather: Weather) -> Self {
        let outside = Self::outdoors(time, weather);
        let gain = match time {
            TimeOfDay::Dawn => [0.86, 0.76, 0.78],
            TimeOfDay::Day if weather == Weather::Clear || weather == Weather::Petals => [0.97, 0.95, 0.9],
            TimeOfDay::Day => [0.84, 0.85, 0.88],
            TimeOfDay::Sunset => [1.0, 0.74, 0.52],
            TimeOfDay::Night => [0.62, 0.44, 0.3],
        };
        Self { gain, reach: 400.0, saturation: 1.0, lamps: if time == TimeOfDay::Night { 1.0 } else { outside.lamps * 0.8 }, ..outside }
    }

    /// The even light of a studio.
    #[must_use]
    pub fn studio() -> Self {
        Self {
            gain: [1.0; 3],
            saturation: 1.0,
            haze: hex(0xffffff),
            reach: f64::INFINITY,
            lamps: 0.0,
            rim: None,
            contact: 0.3,
            vignette: 0.0,
        }
    }

    fn under(&mut self, time: TimeOfDay, weather: Weather) {
        let dark = time == TimeOfDay::Night;
        let (gain, saturation, reach, haze) = match weather {
            Weather::Clear | Weather::Petals => return,
            Weather::Overcast => ([0.84, 0.87, 0.92], 0.8, 180.0, hex(0xcfd6dc)),
            Weather::Rain => ([0.66, 0.72, 0.8], 0.72, 60.0, hex(0xb4c0ca)),
            Weather::Snow => ([0.88, 0.93, 1.0], 0.66, 45.0, hex(0xe3e9ef)),
            Weather::Fog => ([0.86, 0.89, 0.92], 0.66, 11.0, hex(0xd3d9dd)),
        };
        for (channel, factor) in self.gain.iter_mut().zip(gain) {
            *channel *= factor;
        }
        self.saturation *= saturation;
        self.reach = self.reach.min(reach);
        // The air takes the colour of the hour, but its lightness from the weather.
        self.haze = if dark { self.haze.mix(hex(0x6c719c), 0.35) } else { self.haze.mix(haze, 0.65) };
        self.lamps = (self.lamps + 0.25).min(1.0);
        self.rim = if dark { self.rim } else { None };
        self.contact *= 0.55;
    }

    /// Applies what a set says differently.
    #[must_use]
    pub fn with(mut self, other: &LightOverride) -> Self {
        self.gain = other.gain.unwrap_or(self.gain);
        self.lamps = other.lamps.unwrap_or(self.lamps);
        self.reach = other.reach.unwrap_or(self.reach);
        if other.rim == Some(false) {
            self.rim = None;
        }
        self
    }

    /// The share of haze in front of something `metres` behind the plane of action, 0 to 1. Sets are painted with
    /// clear air up to there.
    #[must_use]
    pub fn haze_at(&self, metres: f64) -> f64 {
        1.0 - (-metres.max(0.0) / self.reach).exp()
    }

    /// A colour of the set as it is seen in this light with a share of haze.
    #[must_use]
    pub fn grade(&self, colour: Colour, haze: f64) -> Colour {
        let linear = colour.channels().map(to_linear);
        let grey = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        let haze_colour = self.haze.channels().map(to_linear);
        let [red, green, blue] = std::array::from_fn(|channel| {
            let lit = (grey + (linear[channel] - grey) * self.saturation) * f64::from(self.gain[channel]);
            to_srgb(lit + (haze_colour[channel] - lit) * haze)
        });
        Colour::new(red, green, blue)
    }
}

/// An 8-bit sRGB channel in linear light, 0 to 1 (IEC 61966-2-1).
#[must_use]
pub fn to_linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// Linear light as an 8-bit sRGB channel; clipped to 0 to 1.
#[must_use]
pub fn to_srgb(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let value = if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (value * 255.0).round() as u8
}

/// A colour under a gain per channel in linear light.
#[must_use]
pub fn lit(colour: Colour, gain: [f32; 3]) -> Colour {
    let [red, green, blue] = colour.channels();
    let apply = |channel: u8, gain: f32| to_srgb(to_linear(channel) * f64::from(gain));
    Colour::new(apply(red, gain[0]), apply(green, gain[1]), apply(blue, gain[2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn night_keeps_every_colour_in_the_lower_half_and_turns_white_blue() {
        let night = Light::outdoors(TimeOfDay::Night, Weather::Clear);
        let white = night.grade(Colour::new(255, 255, 255), 0.0);
        assert!(white.cielab()[0] < 55.0 && white.blue > white.red + 20, "{white}");
    }

    #[test]
    fn noon_in_clear_air_changes_nothing() {
        let noon = Light::outdoors(TimeOfDay::Day, Weather::Clear);
        for colour in [Colour::new(200, 30, 90), Colour::new(0, 255, 17), Colour::new(128, 128, 128)] {
            assert_eq!(noon.grade(colour, 0.0), colour);
            assert_eq!(lit(colour, noon.gain), colour);
        }
    }

    #[test]
    fn distance_fades_to_the_colour_of_the_air() {
        for weather in Weather::ALL {
            let light = Light::outdoors(TimeOfDay::Day, *weather);
            assert!(light.haze_at(5.0) < light.haze_at(50.0));
            assert_eq!(light.grade(Colour::new(10, 20, 30), 1.0), light.haze);
        }
        assert!(Light::outdoors(TimeOfDay::Day, Weather::Fog).haze_at(30.0) > 0.85);
    }
}
