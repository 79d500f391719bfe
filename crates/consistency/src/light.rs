//! Taking the declared light away again: from what is seen back to the colour model.

use bible::Colour;
use palette::color_difference::Ciede2000;
use palette::{FromColor, Lab, LinSrgb, white_point::D65};

/// CIELAB under D65.
pub(crate) type Cielab = Lab<D65, f64>;

/// The light on a part: gain per channel in linear light.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Light([f64; 3]);

impl Light {
    /// `None` when a gain is not a number, or not above zero.
    pub(crate) fn new(gains: [f32; 3]) -> Option<Self> {
        gains.iter().all(|gain| gain.is_finite() && *gain > 0.0).then(|| Self(gains.map(f64::from)))
    }

    /// What a colour seen under this light, as gamma-encoded channels 0 to 255, is without it: linear
    /// light, above 1 where the light is dim.
    pub(crate) fn remove(self, seen: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|channel| decode(seen[channel]) / self.0[channel])
    }

    /// What is left of a colour after it went through this light and the light was removed again: the
    /// colour itself, but for channels that the light drove over the top. Both sides of a comparison
    /// pass this way, so that a clipped channel is never held against a picture.
    pub(crate) fn survivor(self, colour: Colour) -> [f64; 3] {
        let channels = colour.channels();
        std::array::from_fn(|channel| (decode(f64::from(channels[channel])) * self.0[channel]).min(1.0) / self.0[channel])
    }

    /// How far off (CIEDE2000) a right picture can be under this light by rounding to 8 bits alone: the
    /// most that half a code value up or down makes of `colour`.
    pub(crate) fn rounding(self, colour: Colour) -> f64 {
        let survivor = self.survivor(colour);
        let exact = lab(survivor);
        let codes: [f64; 3] = std::array::from_fn(|channel| encode(survivor[channel] * self.0[channel]));
        (0..8)
            .map(|corner: u32| {
                let moved = std::array::from_fn(|channel| {
                    let step = if corner >> channel & 1 == 1 { 0.5 } else { -0.5 };
                    (codes[channel] + step).clamp(0.0, 255.0)
                });
                difference(exact, lab(self.remove(moved)))
            })
            .fold(0.0, f64::max)
    }
}

/// The CIELAB value of linear sRGB.
pub(crate) fn lab([red, green, blue]: [f64; 3]) -> Cielab {
    Lab::from_color(LinSrgb::new(red, green, blue))
}

/// CIEDE2000.
pub(crate) fn difference(one: Cielab, other: Cielab) -> f64 {
    one.difference(other)
}

/// The nearest 8-bit colour to linear sRGB, clipped.
pub(crate) fn colour(linear: [f64; 3]) -> Colour {
    let [red, green, blue] = linear.map(|value| encode(value.clamp(0.0, 1.0)).round() as u8);
    Colour::new(red, green, blue)
}

/// sRGB (IEC 61966-2-1) from gamma-encoded 0 to 255 to linear 0 to 1.
pub(crate) fn decode(code: f64) -> f64 {
    let value = code / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// sRGB from linear 0 to 1 to gamma-encoded 0 to 255.
fn encode(linear: f64) -> f64 {
    255.0 * if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_put_on_and_taken_away_leaves_the_colour() {
        let night = Light::new([0.25, 0.3, 0.55]).unwrap();
        let hair = Colour::new(0x8b, 0x2f, 0x4a);
        let seen = std::array::from_fn(|channel| encode(decode(f64::from(hair.channels()[channel])) * night.0[channel]));
        assert_eq!(colour(night.remove(seen)), hair);
    }

    #[test]
    fn a_channel_that_the_light_clips_is_not_held_against_the_picture() {
        let sunset = Light::new([1.8, 1.0, 0.7]).unwrap();
        let skin = Colour::new(0xf3, 0xd2, 0xb8);
        let seen: [f64; 3] =
            std::array::from_fn(|channel| encode((decode(f64::from(skin.channels()[channel])) * sunset.0[channel]).min(1.0)));
        assert!(difference(lab(sunset.remove(seen)), lab(sunset.survivor(skin))) < 0.01);
    }

    #[test]
    fn rounding_matters_more_the_darker_it_gets() {
        let blue = Colour::new(0x2b, 0x2f, 0x4a);
        let margins = [1.0, 0.3, 0.05].map(|gain| Light::new([gain; 3]).unwrap().rounding(blue));
        assert!(margins.is_sorted() && margins[0] < 1.0 && margins[2] > 2.0, "{margins:?}");
    }

    #[test]
    fn differences_are_ciede2000() {
        // Sharma, Wu & Dalal (2005), test pair 1 and 25.
        let pair = |one: [f64; 3], other: [f64; 3]| difference(Lab::new(one[0], one[1], one[2]), Lab::new(other[0], other[1], other[2]));
        assert!((pair([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485]) - 2.0425).abs() < 1e-4);
        assert!((pair([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387]) - 1.2644).abs() < 1e-4);
    }

    #[test]
    fn no_light_at_all_is_no_light_to_measure_by() {
        for gains in [[0.0, 1.0, 1.0], [f32::NAN, 1.0, 1.0], [-1.0, 1.0, 1.0]] {
            assert!(Light::new(gains).is_none());
        }
    }
}
