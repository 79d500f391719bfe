//! Slots: what of a graph is set from outside, and what each takes.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::registry::ModelKind;

/// Something that is set from outside.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Slot {
    /// What it takes.
    pub takes: Takes,
    /// Where it goes.
    pub into: Vec<Into>,
    /// Whether it has to be given where no default is.
    pub required: bool,
    /// Inside a group or list: whether it is the whole template's slot of this name.
    pub shared: bool,
    /// What it is for.
    pub about: String,
    /// What it is when not given.
    pub default: Option<Sourced>,
}

/// What a slot takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Takes {
    /// Text.
    Text,
    /// A seed of 64 bits.
    Seed,
    /// A whole number `multiple * n + plus` within bounds.
    Whole {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// Step.
        multiple: i64,
        /// What is added to the step: 1 for the `4n+1` frames of Wan.
        plus: i64,
    },
    /// A number within bounds.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// True or false.
    Flag,
    /// One of these; of what the node offers when there are none.
    Choice(Vec<String>),
    /// A model file.
    Model(ModelKind),
    /// A picture in the server's input folder.
    Image,
    /// A film in the server's input folder.
    Film,
    /// A picture whose white is what is meant, in the server's input folder.
    Mask,
    /// `width` and `height` in pixels, each a multiple.
    Size {
        /// Smallest side.
        min: u32,
        /// Largest side.
        max: u32,
        /// Step of both sides.
        multiple: u32,
    },
    /// `x`, `y`, `width` and `height` in pixels.
    Area,
}

/// A value with where it comes from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sourced {
    /// The value.
    pub value: Value,
    /// Who says so.
    pub source: String,
}

/// Where a slot's value goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Into {
    /// As it is.
    Whole(Place),
    /// Field by field: `width`, `height`, `x`, `y`; `minus` for a number with its sign turned.
    Fields(BTreeMap<Field, Place>),
}

/// A field of a slot's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// Of a size or area.
    Width,
    /// Of a size or area.
    Height,
    /// Of an area.
    X,
    /// Of an area.
    Y,
    /// The number with its sign turned.
    Minus,
}

/// An input of a node: `sample.seed`, `12:3.format.codec`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Place {
    /// The node.
    pub node: String,
    /// The input.
    pub input: String,
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('.') {
            Some((node, input)) if !node.is_empty() && !input.is_empty() => Ok(Self { node: node.to_owned(), input: input.to_owned() }),
            _ => Err(format!("`{text}` is no place: write node.input, as in `3.seed`")),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.node, self.input)
    }
}

/// A slot as it is written; which fields belong to which type is checked when it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    r#type: String,
    #[serde(default)]
    into: Vec<Into>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    shared: bool,
    #[serde(default)]
    about: String,
    default: Option<Sourced>,
    kind: Option<ModelKind>,
    min: Option<f64>,
    max: Option<f64>,
    multiple: Option<u32>,
    plus: Option<u32>,
    options: Option<Vec<String>>,
}

/// The largest seed that every sampler takes. Servers accept one more, and add 1 for the noise of ancestral samplers.
const LARGEST_SEED: u64 = u64::MAX - 1;

/// The largest side that servers' nodes take.
const LARGEST_SIDE: f64 = 16_384.0;

impl TryFrom<Written> for Slot {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { r#type: kind_of_slot, into, required, shared, about, default, kind, min, max, multiple, plus, options } = written;
        let given = [
            ("kind", kind.is_some()),
            ("min", min.is_some()),
            ("max", max.is_some()),
            ("multiple", multiple.is_some()),
            ("plus", plus.is_some()),
            ("options", options.is_some()),
        ];
        let only = |allowed: &[&str]| match given.iter().find(|(name, given)| *given && !allowed.contains(name)) {
            Some((name, _)) => Err(format!("a slot of type `{kind_of_slot}` has no `{name}`")),
            None => Ok(()),
        };
        #[expect(clippy::cast_possible_truncation, reason = "bounds written by hand are far below 2^53")]
        let whole = |value: Option<f64>, default: f64| value.unwrap_or(default) as i64;
        let side = |value: Option<f64>, default: f64| u32::try_from(whole(value, default)).map_err(|_| "a side is above 0".to_owned());
        let takes = match kind_of_slot.as_str() {
            "text" => only(&[]).map(|()| Takes::Text),
            "seed" => only(&[]).map(|()| Takes::Seed),
            "flag" => only(&[]).map(|()| Takes::Flag),
            "image" => only(&[]).map(|()| Takes::Image),
            "mask" => only(&[]).map(|()| Takes::Mask),
            "film" => only(&[]).map(|()| Takes::Film),
            "area" => only(&[]).map(|()| Takes::Area),
            "whole" => only(&["min", "max", "multiple", "plus"]).map(|()| Takes::Whole {
                min: whole(min, 0.0),
                max: whole(max, f64::from(i32::MAX)),
                multiple: multiple.unwrap_or(1).max(1).into(),
                plus: plus.unwrap_or(0).into(),
            }),
            "number" => only(&["min", "max"]).map(|()| Takes::Number { min: min.unwrap_or(f64::MIN), max: max.unwrap_or(f64::MAX) }),
            "choice" => only(&["options"]).map(|()| Takes::Choice(options.unwrap_or_default())),
            "size" => only(&["min", "max", "multiple"]).and_then(|()| {
                Ok(Takes::Size { min: side(min, 16.0)?, max: side(max, LARGEST_SIDE)?, multiple: multiple.unwrap_or(8).max(1) })
            }),
            "model" => only(&["kind"]).and_then(|()| {
                let kinds = || ModelKind::ALL.map(ModelKind::word).join(", ");
                kind.map(Takes::Model).ok_or_else(|| format!("a model slot says its `kind`: {}", kinds()))
            }),
            other => Err(format!(
                "there is no slot type `{other}`; there are text, seed, whole, number, flag, choice, model, image, mask, film, size, area"
            )),
        }?;
        let fields = |into: &Into| match into {
            Into::Whole(_) => Vec::new(),
            Into::Fields(fields) => fields.keys().copied().collect(),
        };
        for field in into.iter().flat_map(fields) {
            let fits = match field {
                Field::Width | Field::Height => matches!(takes, Takes::Size { .. } | Takes::Area),
                Field::X | Field::Y => matches!(takes, Takes::Area),
                Field::Minus => matches!(takes, Takes::Whole { .. } | Takes::Number { .. }),
            };
            if !fits {
                return Err(format!("a slot of type `{kind_of_slot}` has no field {field:?}").to_lowercase());
            }
        }
        if matches!(takes, Takes::Size { .. } | Takes::Area) && into.iter().any(|into| matches!(into, Into::Whole(_))) {
            return Err("a size goes into inputs field by field: write `into: [{ width: node.width, height: node.height }]`".to_owned());
        }
        Ok(Self { takes, into, required, shared, about, default })
    }
}

impl Takes {
    /// In words, for messages and listings.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Seed => format!("a seed from 0 to {LARGEST_SEED}"),
            Self::Whole { min, max, multiple: 1, plus: 0 } => format!("a whole number from {min} to {max}"),
            Self::Whole { min, max, multiple, plus: 0 } => format!("a multiple of {multiple} from {min} to {max}"),
            Self::Whole { min, max, multiple, plus } => format!("a whole number {multiple}n+{plus} from {min} to {max}"),
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::Flag => "true or false".to_owned(),
            Self::Choice(options) if options.is_empty() => "one of what the node offers".to_owned(),
            Self::Choice(options) => format!("one of {}", options.join(", ")),
            Self::Model(kind) => format!("the name of a {kind} file"),
            Self::Image => "a picture's name".to_owned(),
            Self::Mask => "a mask's name".to_owned(),
            Self::Film => "a film's name".to_owned(),
            Self::Size { min, max, multiple } => {
                format!("{{width, height}} in pixels, multiples of {multiple} from {min} to {max}")
            }
            Self::Area => "{x, y, width, height} in pixels".to_owned(),
        }
    }

    /// Whether a value is of this type and within its bounds.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        match self {
            // A name of nothing is no file.
            Self::Model(_) | Self::Image | Self::Mask | Self::Film => value.as_str().is_some_and(|name| !name.is_empty()),
            Self::Text => value.is_string(),
            Self::Seed => value.as_u64().is_some_and(|seed| seed <= LARGEST_SEED),
            Self::Whole { min, max, multiple, plus } => {
                value.as_i64().is_some_and(|number| (*min..=*max).contains(&number) && (number - plus).rem_euclid(*multiple) == 0)
            }
            Self::Number { min, max } => value.as_f64().is_some_and(|number| (*min..=*max).contains(&number)),
            Self::Flag => value.is_boolean(),
            Self::Choice(options) => value.as_str().is_some_and(|text| options.is_empty() || options.iter().any(|option| option == text)),
            Self::Size { min, max, multiple } => has_fields(value, &["width", "height"], |side| {
                (u64::from(*min)..=u64::from(*max)).contains(&side) && side % u64::from(*multiple) == 0
            }),
            Self::Area => {
                has_fields(value, &["x", "y", "width", "height"], |side| side <= LARGEST_SIDE as u64)
                    && ["width", "height"].iter().all(|side| value[side] != 0)
            }
        }
    }
}

fn has_fields(value: &Value, names: &[&str], fits: impl Fn(u64) -> bool) -> bool {
    value.as_object().is_some_and(|fields| {
        fields.len() == names.len() && names.iter().all(|name| fields.get(*name).and_then(Value::as_u64).is_some_and(&fits))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn slot(written: Value) -> Result<Slot, String> {
        serde_json::from_value(written).map_err(|error| error.to_string())
    }

    #[test]
    fn a_seed_takes_64_bits_but_for_the_one_that_ancestral_samplers_choke_on() {
        let seed = slot(json!({"type": "seed", "into": ["3.seed"]})).unwrap().takes;
        assert!(
            seed.accepts(&json!(u64::MAX - 1))
                && !seed.accepts(&json!(u64::MAX))
                && !seed.accepts(&json!(-1))
                && !seed.accepts(&json!(1.5))
                && !seed.accepts(&json!("1"))
        );
    }

    #[test]
    fn frames_follow_their_rule() {
        let frames = slot(json!({"type": "whole", "min": 1, "max": 257, "multiple": 4, "plus": 1})).unwrap().takes;
        assert!(frames.accepts(&json!(81)) && frames.accepts(&json!(1)) && !frames.accepts(&json!(80)) && !frames.accepts(&json!(261)));
        assert_eq!(frames.text(), "a whole number 4n+1 from 1 to 257");
    }

    #[test]
    fn a_size_is_two_multiples() {
        let size = slot(json!({"type": "size", "multiple": 16, "into": [{"width": "5.width", "height": "5.height"}]})).unwrap().takes;
        assert!(size.accepts(&json!({"width": 832, "height": 1216})));
        for wrong in [json!({"width": 833, "height": 1216}), json!({"width": 832}), json!({"width": 0, "height": 16}), json!([832, 1216])] {
            assert!(!size.accepts(&wrong), "{wrong}");
        }
    }

    #[test]
    fn fields_that_mean_nothing_are_refused_with_the_right_ones() {
        assert_eq!(slot(json!({"type": "text", "min": 3})).unwrap_err(), "a slot of type `text` has no `min`");
        assert!(slot(json!({"type": "model"})).unwrap_err().contains("checkpoint"));
        assert!(slot(json!({"type": "nmber"})).unwrap_err().contains("number"));
        assert!(slot(json!({"type": "size", "into": ["5.width"]})).unwrap_err().contains("field by field"));
        assert!(
            slot(json!({"type": "seed", "into": ["seed"]})).unwrap_err().contains("3.seed")
                || slot(json!({"type": "seed", "into": ["seed"]})).is_err()
        );
    }
}
