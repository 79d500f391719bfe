//! Who is in the scene, where they are, and what they are doing.

use std::collections::BTreeMap;

use bible::Slug;
use bible::story::{CastMember, Expression, Facing};

use super::draft::member;
use crate::acting::rules;
use crate::names::Names;

/// The stage of one scene.
#[derive(Debug, Clone, Default)]
pub(super) struct Stage {
    /// Everyone seen so far, in order of appearance: the first has the left of the picture, the second
    /// the right, and they keep it (180° line).
    seats: Vec<Slug>,
    /// Who is there now.
    present: Vec<Slug>,
    /// Poses that stay.
    poses: BTreeMap<Slug, Slug>,
    /// What is in hands.
    holds: BTreeMap<Slug, Vec<Slug>>,
    /// Who was last named, for `she` and `he`.
    subject: Option<Slug>,
}

/// What someone does in a piece of action.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Acted {
    pub(super) character: Slug,
    pub(super) pose: Option<Slug>,
    pub(super) expression: Option<Expression>,
}

impl Stage {
    /// Someone is seen.
    pub(super) fn enter(&mut self, character: &Slug) {
        if !self.seats.contains(character) {
            self.seats.push(character.clone());
        }
        if !self.present.contains(character) {
            self.present.push(character.clone());
        }
    }

    /// Someone is gone.
    pub(super) fn leave(&mut self, character: &Slug) {
        self.present.retain(|who| who != character);
        self.poses.remove(character);
    }

    pub(super) fn present(&self) -> &[Slug] {
        &self.present
    }

    /// Where someone is across the frame when `count` are in it, and where they look.
    pub(super) fn seat(&self, character: &Slug, count: usize) -> (f64, Facing) {
        let seat = self.seats.iter().position(|who| who == character).unwrap_or(0);
        match (seat % 3, count) {
            // Alone in the frame: look room in front of the eyes.
            (0, ..=1) => (-0.18, Facing::ThreeQuarterRight),
            (1, ..=1) => (0.18, Facing::ThreeQuarterLeft),
            (_, ..=1) => (0.0, Facing::ThreeQuarterLeft),
            (0, 2) => (-0.42, Facing::ThreeQuarterRight),
            (1, 2) => (0.42, Facing::ThreeQuarterLeft),
            // The third of the scene with one other: beside them, facing the middle.
            (_, 2) => (0.1, Facing::ThreeQuarterLeft),
            (0, _) => (-0.6, Facing::ThreeQuarterRight),
            (1, _) => (0.6, Facing::ThreeQuarterLeft),
            (_, _) => (0.0, Facing::Front),
        }
    }

    /// Someone at rest on this stage: the pose that stays and what they hold.
    pub(super) fn member(&self, character: &Slug, stand: &Slug) -> CastMember {
        let pose = self.poses.get(character).unwrap_or(stand);
        CastMember { holds: self.holds.get(character).cloned().unwrap_or_default(), ..member(character, pose.clone()) }
    }

    /// Reads what a piece of action says of everyone in it, and remembers what stays.
    pub(super) fn act(&mut self, text: &str, names: &Names) -> Vec<Acted> {
        let mut acted: Vec<Acted> = Vec::new();
        for sentence in sentences(text) {
            let mentioned = names.cast_in(sentence);
            let pronoun = mentioned.is_empty() && has_pronoun(sentence);
            let mut people: Vec<(usize, Slug)> = mentioned;
            if pronoun && let Some(subject) = self.subject.clone().filter(|who| self.present.contains(who)) {
                people.push((0, subject));
            }
            if let Some((_, first)) = people.first() {
                self.subject = Some(first.clone());
            }
            for (index, (at, who)) in people.iter().enumerate() {
                self.enter(who);
                // What stands between this name and the next is about this one.
                let from = if index == 0 { 0 } else { *at };
                let to = people.get(index + 1).map_or(sentence.len(), |(next, _)| *next);
                let own = sentence.get(from..to).unwrap_or(sentence);
                let pose = rules().pose(own);
                let expression = rules().expression(own);
                if let Some(posed) = &pose {
                    if posed.stays {
                        self.poses.insert(who.clone(), posed.pose.clone());
                    } else {
                        self.poses.remove(who);
                    }
                }
                self.hands(who, own, names);
                match acted.iter_mut().find(|known| known.character == *who) {
                    Some(known) => {
                        known.pose = pose.map(|posed| posed.pose).or(known.pose.take());
                        known.expression = expression.or(known.expression);
                    }
                    None => acted.push(Acted { character: who.clone(), pose: pose.map(|posed| posed.pose), expression }),
                }
            }
        }
        acted
    }

    /// Who leaves in a piece of action.
    pub(super) fn leaving(&self, text: &str, names: &Names) -> Vec<Slug> {
        let mut gone = Vec::new();
        for sentence in sentences(text).into_iter().filter(|sentence| rules().exits(sentence)) {
            match names.cast_in(sentence).first() {
                Some((_, who)) => gone.push(who.clone()),
                None if has_pronoun(sentence) => gone.extend(self.subject.clone()),
                None => {}
            }
        }
        gone
    }

    fn hands(&mut self, who: &Slug, text: &str, names: &Names) {
        if rules().drops(text) {
            self.holds.remove(who);
        }
        if let Some(at) = rules().takes(text)
            && let Some((_, prop)) = names.props_in(text).into_iter().find(|(place, _)| *place > at)
        {
            // A thing is in one hand at a time.
            for held in self.holds.values_mut() {
                held.retain(|known| *known != prop);
            }
            let held = self.holds.entry(who.clone()).or_default();
            held.push(prop);
            // Two hands: the oldest goes.
            if held.len() > 2 {
                held.remove(0);
            }
        }
    }
}

/// The sentences of a text, with their signs.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut ended = false;
    for (at, sign) in text.char_indices() {
        let ends = matches!(sign, '.' | '!' | '?' | '…' | '。' | '！' | '？');
        let closes = matches!(sign, '"' | '\'' | '”' | '’' | '」' | '』' | ')');
        if ended && !ends && !closes {
            // A full stop inside of a word or number (`3.5`, `e.g.x`) ends nothing.
            let wide = text[start..at].ends_with(['。', '！', '？', '」', '』']);
            if sign.is_whitespace() || wide {
                sentences.push(text[start..at].trim());
                start = at;
            }
            ended = false;
        }
        ended |= ends;
    }
    sentences.push(text[start..].trim());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

fn has_pronoun(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    lower
        .split(|sign: char| !sign.is_alphabetic())
        .any(|word| matches!(word, "she" | "he" | "her" | "him" | "his" | "they" | "them" | "彼女" | "彼"))
}

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn sentences_end_at_their_signs_and_not_inside_numbers() {
        assert_eq!(sentences("She runs 3.5 km. \"Stop!\" He does… Done"), ["She runs 3.5 km.", "\"Stop!\"", "He does…", "Done"]);
        assert_eq!(sentences("暗い。明が来る！"), ["暗い。", "明が来る！"]);
        assert!(sentences("  ").is_empty());
    }
}
