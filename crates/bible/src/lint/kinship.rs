//! What words for relatives mean.

use super::prose::Gender;

/// A tie of blood or marriage, seen from one side: what the other is to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kin {
    Parent,
    Child,
    Grandparent,
    Grandchild,
    Sibling,
    Spouse,
    Cousin,
    ParentsSibling,
    SiblingsChild,
}

impl Kin {
    /// What this one is to the other.
    pub(super) const fn converse(self) -> Self {
        match self {
            Self::Parent => Self::Child,
            Self::Child => Self::Parent,
            Self::Grandparent => Self::Grandchild,
            Self::Grandchild => Self::Grandparent,
            Self::Sibling => Self::Sibling,
            Self::Spouse => Self::Spouse,
            Self::Cousin => Self::Cousin,
            Self::ParentsSibling => Self::SiblingsChild,
            Self::SiblingsChild => Self::ParentsSibling,
        }
    }

    /// Whether both sides have the same word for it.
    pub(super) fn symmetric(self) -> bool {
        self == self.converse()
    }
}

/// A word for a relative, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinship {
    pub(super) kin: Kin,
    /// Of the other, when the word says it.
    pub(super) gender: Option<Gender>,
    /// Whether the other is the older one, when the word says it.
    pub(super) older: Option<bool>,
    /// Whether ages follow from it: not for adoption and second marriages.
    pub(super) by_blood: bool,
    /// Born on the same day.
    pub(super) twin: bool,
}

/// Understands `sister`, `older brother`, `stepmother`; none for anything else, however near (`landlady`).
pub(super) fn kinship(kind: &str) -> Option<Kinship> {
    let text = kind.to_lowercase().replace('-', " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let (last, before) = words.split_last()?;
    let (step, word) = match last.strip_prefix("step") {
        Some(word) if !word.is_empty() => (true, word),
        _ => (false, *last),
    };
    use Gender::{Female, Male};
    let (kin, gender) = match word {
        "mother" | "mom" | "mum" | "mama" => (Kin::Parent, Some(Female)),
        "father" | "dad" | "papa" => (Kin::Parent, Some(Male)),
        "parent" => (Kin::Parent, None),
        "daughter" => (Kin::Child, Some(Female)),
        "son" => (Kin::Child, Some(Male)),
        "child" => (Kin::Child, None),
        "grandmother" | "grandma" | "granny" => (Kin::Grandparent, Some(Female)),
        "grandfather" | "grandpa" => (Kin::Grandparent, Some(Male)),
        "grandparent" => (Kin::Grandparent, None),
        "granddaughter" => (Kin::Grandchild, Some(Female)),
        "grandson" => (Kin::Grandchild, Some(Male)),
        "grandchild" => (Kin::Grandchild, None),
        "sister" => (Kin::Sibling, Some(Female)),
        "brother" => (Kin::Sibling, Some(Male)),
        "sibling" | "twin" => (Kin::Sibling, None),
        "wife" => (Kin::Spouse, Some(Female)),
        "husband" => (Kin::Spouse, Some(Male)),
        "spouse" => (Kin::Spouse, None),
        "cousin" => (Kin::Cousin, None),
        "aunt" => (Kin::ParentsSibling, Some(Female)),
        "uncle" => (Kin::ParentsSibling, Some(Male)),
        "niece" => (Kin::SiblingsChild, Some(Female)),
        "nephew" => (Kin::SiblingsChild, Some(Male)),
        _ => return None,
    };
    let mut found = Kinship { kin, gender, older: None, by_blood: !step, twin: word == "twin" };
    for modifier in before {
        match *modifier {
            "older" | "elder" | "big" => found.older = Some(true),
            "younger" | "little" | "baby" | "kid" => found.older = Some(false),
            "twin" => found.twin = true,
            "adoptive" | "adopted" | "foster" | "step" => found.by_blood = false,
            "half" | "only" | "his" | "her" | "their" => {}
            _ => return None,
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_relatives_are_understood_and_others_are_left_alone() {
        let brother = kinship("older brother").unwrap();
        assert_eq!((brother.kin, brother.gender, brother.older), (Kin::Sibling, Some(Gender::Male), Some(true)));
        assert!(!kinship("stepmother").unwrap().by_blood && !kinship("foster father").unwrap().by_blood);
        assert!(kinship("twin sister").unwrap().twin);
        for other in ["landlady", "den mother", "friend", "the one who kept the light on", "godmother", "great grandmother", ""] {
            assert_eq!(kinship(other), None, "{other}");
        }
        assert_eq!(Kin::Parent.converse().converse(), Kin::Parent);
    }
}
