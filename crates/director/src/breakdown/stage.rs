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
    /// What everyone does in this paragraph, for those who are only meant along (`beside her`).
    doing: BTreeMap<Slug, Slug>,
    /// Who spoke, the latest last.
    spoke: Vec<Slug>,
    /// Which way people go in this scene.
    way: Option<Facing>,
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

    /// From left to right: the first of the scene is leftmost, the second rightmost, the others between.
    fn rank(&self, character: &Slug) -> usize {
        match self.seats.iter().position(|who| who == character) {
            Some(0) => 0,
            Some(1) => 100,
            Some(seat) => 50 + seat % 10,
            None => 50,
        }
    }

    /// Where someone of `people` is across the frame, and where they look.
    pub(super) fn seat(&self, character: &Slug, people: &[Slug]) -> (f64, Facing) {
        let left = people.iter().filter(|who| self.rank(who) < self.rank(character)).count();
        let toward = |looks_left: bool| if looks_left { Facing::ThreeQuarterLeft } else { Facing::ThreeQuarterRight };
        match people.len() {
            0 | 1 => {
                // Look room in front of the eyes, which are on whoever is spoken with.
                let partner = self.partner(character);
                let looks_left = partner.map_or(self.rank(character) >= 50, |who| self.rank(&who) < self.rank(character));
                (if looks_left { 0.18 } else { -0.18 }, toward(looks_left))
            }
            2 => (if left == 0 { -0.42 } else { 0.42 }, toward(left > 0)),
            count => {
                let place = left as f64 / (count - 1) as f64;
                let facing = if count == 3 && left == 1 { Facing::Front } else { toward(place > 0.5) };
                ((place * 2.0 - 1.0) * 0.65, facing)
            }
        }
    }

    /// Whom someone speaks with: the one who spoke last, or else somebody who is there.
    pub(super) fn partner(&self, character: &Slug) -> Option<Slug> {
        let other = |who: &&Slug| *who != character && self.present.contains(who);
        self.spoke.iter().rev().find(other).or_else(|| self.present.iter().find(other)).cloned()
    }

    /// Somebody has spoken.
    pub(super) fn speaks(&mut self, character: &Slug) {
        self.spoke.retain(|who| who != character);
        self.spoke.push(character.clone());
    }

    /// Which way people in motion go: the same in the whole scene, or they would seem to turn back.
    pub(super) fn way(&mut self, first: &Slug) -> Facing {
        let left = self.rank(first) >= 50;
        *self.way.get_or_insert(if left { Facing::Left } else { Facing::Right })
    }

    /// A new paragraph begins.
    pub(super) fn paragraph(&mut self) {
        self.doing.clear();
    }

    /// Someone at rest on this stage: the pose that stays and what they hold.
    pub(super) fn member(&self, character: &Slug, stand: &Slug) -> CastMember {
        let holds = self.holds.get(character).cloned().unwrap_or_default();
        let pose = self.poses.get(character).cloned().unwrap_or_else(|| stand.clone());
        CastMember { holds, ..member(character, pose) }
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
            let beside = self.subject.clone().filter(|who| is_object(sentence) && !pronoun && self.present.contains(who));
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
                if let Some(posed) = &pose {
                    self.doing.insert(who.clone(), posed.pose.clone());
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
            if let Some(beside) = beside.filter(|who| !acted.iter().any(|known| known.character == *who)) {
                let pose = self.doing.get(&beside).cloned();
                acted.push(Acted { character: beside, pose, expression: None });
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

/// Whether somebody is only meant along: `Kit trots beside her.`
fn is_object(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    words.windows(2).enumerate().any(|(index, pair)| {
        let relates = matches!(
            pair[0],
            "beside"
                | "to"
                | "at"
                | "with"
                | "behind"
                | "after"
                | "toward"
                | "towards"
                | "near"
                | "past"
                | "follows"
                | "around"
                | "before"
                | "by"
                | "next"
        );
        let object = pair[1].trim_end_matches(|sign: char| !sign.is_alphabetic());
        let closed = object.len() < pair[1].len() || index + 2 == words.len() || words[index + 2] == "and";
        relates && matches!(object, "her" | "him" | "them") && closed
    })
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
