//! Colours as the bible writes them, and the three tones of a cel.

use std::fmt;
use std::str::FromStr;

use palette::{FromColor, IntoColor, Lab, Oklab, Srgb};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An opaque colour in sRGB (IEC 61966-2-1), 8 bits a channel, written `#rrggbb` (or `#rgb`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Colour {
    /// Red, 0 to 255, gamma-encoded.
    pub red: u8,
    /// Green, 0 to 255, gamma-encoded.
    pub green: u8,
    /// Blue, 0 to 255, gamma-encoded.
    pub blue: u8,
}

/// Why a text is no colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is no colour: write # and six hex digits, like \"#2b4c7e\" (in quotes, for YAML reads a bare # as a comment)")]
pub struct ParseColourError {
    /// What was given.
    pub got: String,
}

impl Colour {
    /// A colour from its sRGB channels.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// The channels in order red, green, blue.
    #[must_use]
    pub const fn channels(self) -> [u8; 3] {
        [self.red, self.green, self.blue]
    }

    fn srgb(self) -> Srgb<f64> {
        Srgb::new(self.red, self.green, self.blue).into_format()
    }

    /// Oklab (Ottosson 2020): L 0 to 1, a and b about -0.4 to 0.4. For mixing and shading.
    #[must_use]
    pub fn oklab(self) -> [f64; 3] {
        let lab: Oklab<f64> = self.srgb().into_color();
        [lab.l, lab.a, lab.b]
    }

    /// The colour nearest to an Oklab value; channels outside sRGB are clipped.
    #[must_use]
    pub fn from_oklab([lightness, a, b]: [f64; 3]) -> Self {
        let srgb: Srgb<f64> = Srgb::from_color(Oklab::new(lightness, a, b));
        let [red, green, blue] = [srgb.red, srgb.green, srgb.blue].map(|channel| (channel.clamp(0.0, 1.0) * 255.0).round() as u8);
        Self { red, green, blue }
    }

    /// CIELAB under D65: L* 0 to 100. For differences (CIEDE2000).
    #[must_use]
    pub fn cielab(self) -> [f64; 3] {
        let lab: Lab<palette::white_point::D65, f64> = self.srgb().into_color();
        [lab.l, lab.a, lab.b]
    }

    /// A mix in Oklab: `self` at 0, `other` at 1.
    #[must_use]
    pub fn mix(self, other: Self, share: f64) -> Self {
        let (from, to) = (self.oklab(), other.oklab());
        Self::from_oklab(std::array::from_fn(|axis| from[axis] + (to[axis] - from[axis]) * share))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl fmt::Debug for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Colour {
    type Err = ParseColourError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let digits = text.trim().strip_prefix('#')?;
            if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return None;
            }
            let value = u32::from_str_radix(digits, 16).ok()?;
            let byte = |shift: u32| (value >> shift) as u8;
            match digits.len() {
                6 => Some(Self::new(byte(16), byte(8), byte(0))),
                3 => {
                    let double = |shift: u32| (byte(shift) & 15) * 17;
                    Some(Self::new(double(8), double(4), double(0)))
                }
                _ => None,
            }
        };
        parse().ok_or_else(|| ParseColourError { got: text.to_owned() })
    }
}

impl Serialize for Colour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Colour {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Colour".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "sRGB, # and six hex digits; quote it, for YAML reads a bare # as a comment",
            "pattern": "^#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$"
        })
    }
}

/// The tones of one part in the colour model (色指定): base, shadow and highlight.
///
/// Written as one colour (`hair: "#2b2f4a"`: shadow and highlight follow from it) or in full
/// (`hair: { base: "#2b2f4a", shadow: "#1c1f35", highlight: "#5b6190" }`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Tones {
    /// The lit colour.
    pub base: Colour,
    /// The colour in shadow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Colour>,
    /// The colour where the material shines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highlight: Option<Colour>,
}

impl Tones {
    /// Tones that follow from a base.
    #[must_use]
    pub const fn from_base(base: Colour) -> Self {
        Self { base, shadow: None, highlight: None }
    }

    /// The shadow as written, or else the base 22 % darker in Oklab lightness, drawn towards
    /// blue-violet with a little more chroma, as cel shading does.
    #[must_use]
    pub fn shadow(&self) -> Colour {
        self.shadow.unwrap_or_else(|| {
            let [lightness, a, b] = self.base.oklab();
            Colour::from_oklab([lightness * 0.78, a * 1.05 + 0.008, b * 1.05 - 0.02])
        })
    }

    /// The highlight as written, or else the base lifted a third of the way to white in Oklab.
    #[must_use]
    pub fn highlight(&self) -> Colour {
        self.highlight.unwrap_or_else(|| self.base.mix(Colour::new(255, 255, 255), 0.35))
    }

    /// The line drawn around this part (色トレス): a dark shift of the base.
    #[must_use]
    pub fn line(&self) -> Colour {
        let [lightness, a, b] = self.base.oklab();
        Colour::from_oklab([(lightness * 0.42).min(0.36), a * 0.9 + 0.006, b * 0.9 - 0.01])
    }
}

impl<'de> Deserialize<'de> for Tones {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            base: Colour,
            #[serde(default)]
            shadow: Option<Colour>,
            #[serde(default)]
            highlight: Option<Colour>,
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Tones;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a colour like \"#2b4c7e\", or base, shadow and highlight colours")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Tones, E> {
                text.parse().map(Tones::from_base).map_err(E::custom)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Tones, A::Error> {
                let full = Full::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Tones { base: full.base, shadow: full.shadow, highlight: full.highlight })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl schemars::JsonSchema for Tones {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Tones".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let colour = generator.subschema_for::<Colour>();
        schemars::json_schema!({
            "description": "One colour (shadow and highlight follow), or all three tones of a cel",
            "oneOf": [
                colour,
                {
                    "type": "object",
                    "required": ["base"],
                    "properties": { "base": colour, "shadow": colour, "highlight": colour },
                    "additionalProperties": false
                }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_a_hash_sign_and_hex_digits() {
        assert_eq!("#2B4c7e".parse(), Ok(Colour::new(0x2b, 0x4c, 0x7e)));
        assert_eq!("#f0a".parse(), Ok(Colour::new(0xff, 0x00, 0xaa)));
        for bad in ["", "red", "#12345", "#12345g", "2b4c7e", "#+12345", "#１２３"] {
            assert!(bad.parse::<Colour>().is_err(), "{bad}");
        }
    }

    #[test]
    fn oklab_reads_back_exactly() {
        for colour in [Colour::new(0, 0, 0), Colour::new(255, 255, 255), Colour::new(18, 200, 77)] {
            assert_eq!(Colour::from_oklab(colour.oklab()), colour);
        }
    }

    #[test]
    fn a_derived_shadow_is_darker_and_bluer_than_its_base() {
        let tones = Tones::from_base(Colour::new(0xf3, 0xd2, 0xb8));
        let (base, shadow) = (tones.base.oklab(), tones.shadow().oklab());
        assert!(shadow[0] < base[0] * 0.85 && shadow[2] < base[2]);
        assert!(tones.highlight().oklab()[0] > base[0]);
    }
}
