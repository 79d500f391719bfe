//! Characters: who they are, what they look like, and how that changes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Slug, StoryTime, Tones};

/// Fields that the studio does not know but keeps: they survive every round trip.
pub type Extra = BTreeMap<String, Value>;

/// One member of the cast, as written in `bible/characters/<slug>.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Character {
    /// The name as the audience hears it, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Other names that scripts use for this character (`GRANDPA`, `MEI (YOUNG)`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Who this is, up to 1,000 characters.
    #[schemars(length(max = 1000))]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Part in the story: protagonist, rival, mentor…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Age in years at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<u16>,
    /// Pronouns as written in English: `she/her`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pronouns: Option<String>,
    /// What the character looks like under the clothes.
    pub visual_traits: VisualTraits,
    /// Colours that every frame must keep, by part: `skin`, `hair`, `iris.left`, `iris.right`, `brow`,
    /// `mouth`, and the slots of ears, tail and marks.
    pub colour_model: BTreeMap<String, Tones>,
    /// Temper and habits.
    #[serde(default, skip_serializing_if = "Personality::is_empty")]
    pub personality: Personality,
    /// How the character sounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
    /// Looks by name; at least the one that `look` names.
    #[serde(default)]
    pub wardrobe: BTreeMap<Slug, Look>,
    /// The look worn unless a shot or the arc says otherwise. Needed as soon as there is a wardrobe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Slug>,
    /// Ties to others in the cast.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relationships: Vec<Relationship>,
    /// How the character changes, in story order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arc: Vec<ArcEntry>,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a character looks like. Names refer to parts of the layout engine's catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VisualTraits {
    /// Proportions: `child`, `teen`, `slim`, `broad`, `elder`, or the four-legged `fox`.
    pub build: Slug,
    /// Standing height in centimetres.
    pub height_cm: f64,
    /// Head shape: a part of the `head` category. A quadruped's head comes with its build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Slug>,
    /// Hair; none for a bald head or an animal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hair: Option<Hair>,
    /// Eye shape: a part of the `eye` category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eyes: Option<Slug>,
    /// Brow shape: a part of the `brow` category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brows: Option<Slug>,
    /// Nose: a part of the `nose` category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nose: Option<Slug>,
    /// Animal ears, if any: a part of the `ear` category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ears: Option<Slug>,
    /// Tail, if any: a part of the `tail` category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<Slug>,
    /// Scars, moles, freckles, face paint: always on the character, whatever the look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Worn>,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A head of hair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hair {
    /// A part of the `hair` category: `bob`, `long-straight`, `ponytail`…
    pub style: Slug,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The character's own side: their left hand is on the viewer's right when they face us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The character's left.
    Left,
    /// The character's right.
    Right,
    /// Left and right alike.
    Both,
    /// In the middle.
    Centre,
}

/// An accessory or mark and the side it is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Worn {
    /// A part of the `accessory` or `mark` category.
    pub part: Slug,
    /// Which side of the character; the part's own default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Colours by slot of the part (`main`, `trim`…).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub colours: BTreeMap<Slug, Tones>,
}

/// One outfit: garments from the skin outwards, and what is worn with them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Look {
    /// What it is and when it is worn.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Garments from the skin outwards.
    #[serde(default)]
    pub garments: Vec<Garment>,
    /// Accessories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accessories: Vec<Worn>,
    /// Another hair style with this look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hair: Option<Hair>,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One garment of a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Garment {
    /// A part of the `garment` category.
    pub part: Slug,
    /// Colours by slot of the part (`main`, `trim`…); part of the colour model as `<part>.<slot>`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub colours: BTreeMap<Slug, Tones>,
}

/// Temper and habits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Personality {
    /// Words for it: `stubborn`, `kind to strangers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<String>,
    /// What they want.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub wants: String,
    /// What they fear.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fears: String,
    /// How they speak.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub speech: String,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Personality {
    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How a character sounds, for scratch voices and for casting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Voice {
    /// For the person who casts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Language and variant of the scratch voice, as espeak-ng names them: `en-us+f3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<String>,
    /// Pitch, 0 (low) to 99 (high).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 99))]
    pub pitch: Option<u8>,
    /// Words a minute, 80 to 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 80, max = 300))]
    pub words_per_minute: Option<u16>,
    /// Who speaks the part in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Languages that they speak it in: `en`, `ja`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// What casting has to know: auditions, dates, who stands in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A directed tie from this character to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Relationship {
    /// The other character.
    pub to: Slug,
    /// What the other is to this one: `sister`, `teacher`, `rival`…
    pub kind: String,
    /// From when; always, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<StoryTime>,
    /// Until when; for good, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<StoryTime>,
    /// What it is like.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Everything else that was written.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A change in a character from a point of the story on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArcEntry {
    /// From when.
    pub at: StoryTime,
    /// What happens to them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What is different from here on: a JSON Merge Patch (RFC 7396) over this character, such as
    /// `{ look: festival, visual_traits: { hair: { style: bob } } }`. It may not touch `name` or `arc`.
    #[serde(default)]
    pub changes: serde_json::Map<String, Value>,
}
