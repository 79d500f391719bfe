//! What the lint looks for, by stable ids.

use serde::{Serialize, Serializer};

use super::Level;

/// One rule. Its id never changes its meaning and is never used again once a rule is gone.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `EL001`.
    pub id: &'static str,
    /// `contradicting-age`.
    pub name: &'static str,
    /// How serious its findings are.
    pub level: Level,
    /// What it reports, in a sentence.
    pub summary: &'static str,
}

impl Rule {
    /// Whether a suppression means this rule: by id, by name or by both (`EL001-contradicting-age`).
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.trim();
        name.eq_ignore_ascii_case(self.id)
            || name.eq_ignore_ascii_case(self.name)
            || name.split_once('-').is_some_and(|(id, rest)| id.eq_ignore_ascii_case(self.id) && rest.eq_ignore_ascii_case(self.name))
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}-{}", self.id, self.name))
    }
}

macro_rules! rules {
    ($($constant:ident = $id:literal $name:literal $level:ident $summary:literal;)+) => {
        $(pub(super) static $constant: Rule = Rule { id: $id, name: $name, level: Level::$level, summary: $summary };)+
        /// Every rule, in order of id.
        pub static RULES: &[&Rule] = &[$(&$constant),+];
    };
}

rules! {
    BROKEN = "EL000" "broken-source" Error "A file cannot be read as what it is; contradictions are looked for once it can.";
    AGE = "EL001" "contradicting-age" Warning "Prose gives another age than the character's `age` at that point of the story.";
    PRONOUNS = "EL002" "contradicting-pronouns" Warning "Prose calls a character by other pronouns than theirs.";
    HOME = "EL003" "contradicting-home" Warning "Prose names another town than the character's own fields.";
    COLOUR = "EL004" "contradicting-colour" Warning "Prose gives hair or eyes another colour than the colour model.";
    SIDE = "EL005" "wrong-side" Warning "An eye, a mark or an accessory is named on the side where it is not.";
    HEIGHT = "EL006" "contradicting-height" Warning "Prose gives another height than `height_cm`.";
    UNKNOWN_CHARACTER = "EL007" "unknown-character" Error "Something refers to a character that the bible has not.";
    MISSPELT_NAME = "EL008" "misspelt-name" Warning "A name in a script is one letter away from somebody's in the cast.";
    SAME_NAME = "EL009" "same-name" Error "Two characters share a name or an alias.";
    SELF_TIE = "EL010" "self-relationship" Error "A character is tied to themselves.";
    PARENT_AGE = "EL011" "impossible-parent-age" Warning "A parent or grandparent is too young for their child or grandchild.";
    SIBLING_ORDER = "EL012" "contradicting-sibling-order" Warning "An older sibling is the younger one by their ages, or the other way round.";
    ONE_WAY = "EL013" "one-way-kinship" Warning "A tie of blood or marriage is known to one side only, or the two sides tell it differently.";
    KINSHIP_GENDER = "EL014" "contradicting-kinship" Warning "A tie's word does not fit the other's pronouns.";
    PARENT_CYCLE = "EL015" "parent-cycle" Error "Somebody is their own ancestor.";
    ENDED_BEFORE_BEGUN = "EL016" "ended-before-begun" Error "A tie ends before it begins.";
    TIE_TO_DEAD = "EL017" "tie-after-death" Warning "A tie begins after one of the two has died.";
    TIE_TWICE = "EL018" "tie-twice" Warning "The same tie is written twice for the same time.";
    AFTER_DEATH = "EL019" "present-after-death" Error "A character is seen in a scene after the one in which they die.";
    BEFORE_INTRODUCTION = "EL020" "before-introduction" Warning "A character is seen before they are introduced.";
    WARDROBE_JUMP = "EL021" "wardrobe-jump" Warning "Clothes change within a scene or between scenes that go on without a break.";
    INJURY_JUMP = "EL022" "injury-jump" Warning "A wound or a bandage changes sides, or is gone without a word.";
    COLOUR_MISSING = "EL023" "colour-missing" Warning "A part that is drawn has no colour in the colour model.";
    TIME_JUMP = "EL024" "time-jump" Warning "The light changes although the scene goes on, or is another than the heading's.";
    PLACE_JUMP = "EL025" "place-jump" Warning "The shot list puts a scene elsewhere than its heading.";
    WEATHER_JUMP = "EL026" "weather-jump" Warning "The weather changes although the scene goes on in the same place.";
    ARC_ORDER = "EL027" "arc-out-of-order" Warning "An arc is not written in story order.";
    ARC_NO_EFFECT = "EL028" "arc-without-effect" Warning "An arc entry changes values to what they are already.";
    UNKNOWN_PROP = "EL029" "unknown-prop" Error "A shot uses a prop that the bible has not.";
    UNSEEN_SPEAKER = "EL030" "unseen-speaker" Warning "Somebody speaks in a scene in which no shot shows them.";
    UNUSED_CHARACTER = "EL031" "unused-character" Note "A character is in no scene.";
    UNUSED_PLACE = "EL032" "unused-place" Note "A location or prop is in no scene.";
    UNUSED_LOOK = "EL033" "unused-look" Note "A look is never worn.";
    TWICE_IN_SHOT = "EL034" "twice-in-shot" Error "A character is in one shot twice.";
    EYELINE = "EL035" "eyelines-do-not-meet" Warning "Two who speak with each other look to the same side in their single shots.";
    NO_REASON = "EL900" "suppression-without-reason" Warning "A suppression gives no reason.";
    SUPPRESSES_NOTHING = "EL901" "suppresses-nothing" Warning "A suppression suppresses nothing, or names no rule.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_unique_and_in_order() {
        assert!(RULES.windows(2).all(|pair| pair[0].id < pair[1].id));
        let names: std::collections::BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
        assert!(AGE.is_called("el001") && AGE.is_called("contradicting-age") && AGE.is_called("EL001-contradicting-age"));
        assert!(!AGE.is_called("EL002"));
    }
}
