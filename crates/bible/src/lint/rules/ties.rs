//! Relationships that cannot be.

use std::collections::BTreeSet;

use super::super::Finding;
use super::super::kinship::{Kin, Kinship, kinship};
use super::super::material::{Material, character_file, steps};
use super::super::prose::Gender;
use super::super::rule::{
    ENDED_BEFORE_BEGUN, KINSHIP_GENDER, ONE_WAY, PARENT_AGE, PARENT_CYCLE, SELF_TIE, SIBLING_ORDER, TIE_TO_DEAD, TIE_TWICE,
};
use super::lifespan::death;
use crate::character::Relationship;
use crate::lint::Evidence;
use crate::{Character, Slug, StoryTime};

/// Years that a parent is older than their child, at the least: below it the rule reports.
const PARENT_YEARS: u16 = 12;

/// A tie with both sides and its place in the list of the one who tells it.
struct Tie<'a> {
    from: &'a Slug,
    index: usize,
    tie: &'a Relationship,
    own: &'a Character,
    other: &'a Character,
}

impl Tie<'_> {
    fn evidence(&self, material: &Material<'_>) -> Evidence {
        let value = format!("{} is {}", self.tie.to, self.tie.kind);
        material.field(&character_file(self.from), &steps!["relationships", self.index], &value)
    }

    fn begins(&self) -> StoryTime {
        self.tie.since.unwrap_or(StoryTime::BEGINNING)
    }

    /// Whether two ties hold at a common time.
    fn overlaps(&self, other: &Self) -> bool {
        let ends_after = |one: &Self, begin: StoryTime| one.tie.until.is_none_or(|until| until > begin);
        ends_after(self, other.begins()) && ends_after(other, self.begins())
    }
}

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    let mut ties = Vec::new();
    for (from, own) in material.cast() {
        for (index, tie) in own.relationships.iter().enumerate() {
            let place = || material.field(&character_file(from), &steps!["relationships", index], &format!("{} is {}", tie.to, tie.kind));
            if tie.to == *from {
                findings.push(Finding::new(
                    &SELF_TIE,
                    format!("{} is their own {}", own.name, tie.kind),
                    vec![place()],
                    "name another character",
                ));
                continue;
            }
            if let (Some(since), Some(until)) = (tie.since, tie.until)
                && until <= since
            {
                let times = |field: &str, at: StoryTime| {
                    material.field(&character_file(from), &steps!["relationships", index, field], &at.to_string())
                };
                let message = format!("{}'s tie to `{}` ends at {until} and begins at {since}", own.name, tie.to);
                findings.push(Finding::new(
                    &ENDED_BEFORE_BEGUN,
                    message,
                    vec![times("until", until), times("since", since)],
                    "a tie ends after it began",
                ));
            }
            if let Some(other) = material.character(&tie.to) {
                ties.push(Tie { from, index, tie, own, other });
            }
        }
    }
    for tie in &ties {
        if let Some(kin) = kinship(&tie.tie.kind) {
            ages(material, tie, kin, findings);
            gender(material, tie, kin, findings);
            both_ways(material, tie, kin, &ties, findings);
        }
        dead(material, tie, findings);
        let twin = ties.iter().find(|other| {
            other.from == tie.from
                && other.index < tie.index
                && other.tie.to == tie.tie.to
                && other.tie.kind.eq_ignore_ascii_case(&tie.tie.kind)
        });
        if let Some(twin) = twin.filter(|twin| twin.overlaps(tie)) {
            let message = format!("{} says twice that `{}` is {}", tie.own.name, tie.tie.to, tie.tie.kind);
            findings.push(Finding::new(&TIE_TWICE, message, vec![tie.evidence(material), twin.evidence(material)], "keep one of the two"));
        }
    }
    cycles(material, &ties, findings);
}

fn ages(material: &Material<'_>, tie: &Tie<'_>, kin: Kinship, findings: &mut Vec<Finding>) {
    let (Some(own), Some(other)) = (tie.own.age, tie.other.age) else { return };
    let age = |slug: &Slug, age: u16| material.field(&character_file(slug), &steps!["age"], &age.to_string());
    let places = || vec![tie.evidence(material), age(tie.from, own), age(&tie.tie.to, other)];
    let (least, older, younger) = match kin.kin {
        Kin::Parent => (PARENT_YEARS, other, own),
        Kin::Child => (PARENT_YEARS, own, other),
        Kin::Grandparent => (2 * PARENT_YEARS, other, own),
        Kin::Grandchild => (2 * PARENT_YEARS, own, other),
        Kin::Sibling => {
            if kin.twin && own != other && kin.by_blood {
                let message = format!("{} and {} are twins of {own} and {other}", tie.own.name, tie.other.name);
                findings.push(Finding::new(&SIBLING_ORDER, message, places(), "mend an age, or the word"));
            } else if let Some(said) = kin.older
                && (if said { other < own } else { other > own })
            {
                let message = format!("{} ({other}) is {}'s {} ({own})", tie.other.name, tie.own.name, tie.tie.kind);
                findings.push(Finding::new(&SIBLING_ORDER, message, places(), "mend an age, or the word"));
            }
            return;
        }
        _ => return,
    };
    if kin.by_blood && older < younger.saturating_add(least) {
        let message = format!("{} ({other}) is the {} of {} ({own})", tie.other.name, tie.tie.kind, tie.own.name);
        let fix =
            format!("at least {least} years lie between them: mend an age, or write that they are no blood relatives (`adoptive`, `step`)");
        findings.push(Finding::new(&PARENT_AGE, message, places(), fix));
    }
}

fn gender(material: &Material<'_>, tie: &Tie<'_>, kin: Kinship, findings: &mut Vec<Finding>) {
    let (Some(said), Some(pronouns)) = (kin.gender, tie.other.pronouns.as_deref()) else { return };
    if Gender::of(pronouns).is_some_and(|known| known != said) {
        let there = material.field(&character_file(&tie.tie.to), &steps!["pronouns"], pronouns);
        let message = format!("{} is {}'s {} here, and their pronouns are {pronouns}", tie.other.name, tie.own.name, tie.tie.kind);
        findings.push(Finding::new(&KINSHIP_GENDER, message, vec![tie.evidence(material), there], "mend the one that is wrong"));
    }
}

/// Kinship is known to both sides, and both tell the same.
fn both_ways(material: &Material<'_>, tie: &Tie<'_>, kin: Kinship, ties: &[Tie<'_>], findings: &mut Vec<Finding>) {
    let back: Vec<(&Tie<'_>, Kin)> = ties
        .iter()
        .filter(|other| other.from == &tie.tie.to && other.tie.to == *tie.from)
        .filter_map(|other| Some((other, kinship(&other.tie.kind)?.kin)))
        .collect();
    if back.iter().any(|(_, other)| *other == kin.kin.converse()) {
        return;
    }
    match back.first() {
        // Each of the two would report the other: the first by name does.
        Some((other, _)) if tie.from < other.from => {
            let message = format!("{} calls {} {}, and is called {}", tie.own.name, tie.other.name, tie.tie.kind, other.tie.kind);
            findings.push(Finding::new(
                &ONE_WAY,
                message,
                vec![tie.evidence(material), other.evidence(material)],
                "mend the one that is wrong",
            ));
        }
        None if kin.kin.symmetric() => {
            let there = material.field(&character_file(&tie.tie.to), &steps!["relationships"], &tie.other.name);
            let message = format!("{} has a {} in {}, who does not know of it", tie.own.name, tie.tie.kind, tie.other.name);
            let fix = format!("add a tie from `{}` to `{}`", tie.tie.to, tie.from);
            findings.push(Finding::new(&ONE_WAY, message, vec![tie.evidence(material), there], fix));
        }
        _ => {}
    }
}

fn dead(material: &Material<'_>, tie: &Tie<'_>, findings: &mut Vec<Finding>) {
    let Some(since) = tie.tie.since else { return };
    for (slug, who) in [(&tie.tie.to, tie.other), (tie.from, tie.own)] {
        if let Some(end) = death(material, slug)
            && since > end.at
        {
            let message = format!("a tie with {} begins at {since}, after their death at {}", who.name, end.at);
            findings.push(Finding::new(
                &TIE_TO_DEAD,
                message,
                vec![tie.evidence(material), end.evidence],
                "let it begin earlier, or leave it out",
            ));
        }
    }
}

/// Parents of parents that lead back to where they began.
fn cycles(material: &Material<'_>, ties: &[Tie<'_>], findings: &mut Vec<Finding>) {
    // (child, parent, tie)
    let mut edges: Vec<(&Slug, &Slug, &Tie<'_>)> = Vec::new();
    for tie in ties {
        match kinship(&tie.tie.kind).map(|kin| kin.kin) {
            Some(Kin::Parent | Kin::Grandparent) => edges.push((tie.from, &tie.tie.to, tie)),
            Some(Kin::Child | Kin::Grandchild) => edges.push((&tie.tie.to, tie.from, tie)),
            _ => {}
        }
    }
    let mut reported: BTreeSet<BTreeSet<&Slug>> = BTreeSet::new();
    for (child, parent, _) in &edges {
        // The shortest way from the parent up to the child.
        let mut ways: Vec<Vec<usize>> = vec![Vec::new()];
        let mut seen: BTreeSet<&Slug> = [*parent].into();
        let mut found = None;
        let mut open = 0;
        while open < ways.len() && found.is_none() {
            let way = ways[open].clone();
            let here = way.last().map_or(*parent, |edge| edges[*edge].1);
            open += 1;
            if here == *child {
                found = Some(way);
                break;
            }
            for (index, (from, to, _)) in edges.iter().enumerate() {
                if *from == here && seen.insert(to) {
                    ways.push(way.iter().copied().chain([index]).collect());
                }
            }
        }
        let Some(way) = found else { continue };
        let circle: BTreeSet<&Slug> = way.iter().map(|edge| edges[*edge].1).chain([*parent]).collect();
        if reported.insert(circle.clone()) {
            let names: Vec<String> = circle.iter().map(|slug| format!("`{slug}`")).collect();
            let first = edges.iter().find(|(one, other, _)| one == child && other == parent).map(|(.., tie)| tie.evidence(material));
            let evidence = first.into_iter().chain(way.iter().map(|edge| edges[*edge].2.evidence(material))).collect();
            let message = format!("{} are ancestors of each other", names.join(" and "));
            findings.push(Finding::new(&PARENT_CYCLE, message, evidence, "one of these ties points the wrong way"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::fixture::{Desk, count};

    fn two(rin: &str, mio: &str) -> Desk {
        Desk::new().character("rin", &format!("name: Rin\n{rin}")).character("mio", &format!("name: Mio\n{mio}"))
    }

    #[test]
    fn nobody_is_tied_to_themselves() {
        let desk = two("relationships: [{ to: mio, kind: friend }]\n", "");
        assert_eq!(desk.found("EL010"), 0);
        let report =
            desk.lint_changed(|project| project.bible.characters.get_mut("rin").unwrap().relationships[0].to = "rin".parse().unwrap());
        assert_eq!(count(&report, "EL010"), 1);
    }

    #[test]
    fn a_parent_who_is_too_young_is_reported_whoever_tells_it() {
        assert_eq!(two("age: 20\nrelationships: [{ to: mio, kind: mother }]\n", "age: 18\n").found("EL011"), 1);
        assert_eq!(two("age: 20\nrelationships: [{ to: mio, kind: son }]\n", "age: 18\n").found("EL011"), 1);
        assert_eq!(two("age: 20\nrelationships: [{ to: mio, kind: grandmother }]\n", "age: 40\n").found("EL011"), 1);
        assert_eq!(two("age: 20\nrelationships: [{ to: mio, kind: mother }]\n", "age: 45\n").found("EL011"), 0);
        assert_eq!(two("age: 20\nrelationships: [{ to: mio, kind: stepmother }]\n", "age: 25\n").found("EL011"), 0);
    }

    #[test]
    fn an_older_sister_is_older() {
        let mio = "relationships: [{ to: rin, kind: sister }]\n";
        assert_eq!(two("age: 20\nrelationships: [{ to: mio, kind: older sister }]\n", &format!("age: 18\n{mio}")).found("EL012"), 1);
        assert_eq!(two("age: 20\nrelationships: [{ to: mio, kind: twin }]\n", &format!("age: 18\n{mio}")).found("EL012"), 1);
        assert_eq!(two("age: 20\nrelationships: [{ to: mio, kind: younger sister }]\n", &format!("age: 18\n{mio}")).found("EL012"), 0);
    }

    #[test]
    fn a_sister_who_knows_nothing_of_it_is_reported_and_a_friend_is_not() {
        assert_eq!(two("relationships: [{ to: mio, kind: sister }]\n", "").found("EL013"), 1);
        assert_eq!(two("relationships: [{ to: mio, kind: sister }]\n", "relationships: [{ to: rin, kind: aunt }]\n").found("EL013"), 1);
        assert_eq!(two("relationships: [{ to: mio, kind: sister }]\n", "relationships: [{ to: rin, kind: brother }]\n").found("EL013"), 0);
        assert_eq!(two("relationships: [{ to: mio, kind: friend }]\n", "").found("EL013"), 0);
        assert_eq!(two("relationships: [{ to: mio, kind: mother }]\n", "").found("EL013"), 0);
    }

    #[test]
    fn a_sister_is_not_he() {
        let back = "relationships: [{ to: rin, kind: sibling }]\n";
        assert_eq!(two("relationships: [{ to: mio, kind: sister }]\n", &format!("pronouns: he/him\n{back}")).found("EL014"), 1);
        assert_eq!(two("relationships: [{ to: mio, kind: sister }]\n", &format!("pronouns: she/her\n{back}")).found("EL014"), 0);
        assert_eq!(two("relationships: [{ to: mio, kind: sister }]\n", &format!("pronouns: they/them\n{back}")).found("EL014"), 0);
    }

    #[test]
    fn nobody_is_their_own_grandmother() {
        let circle = two("relationships: [{ to: mio, kind: mother }]\n", "relationships: [{ to: rin, kind: grandmother }]\n");
        assert_eq!(circle.found("EL015"), 1);
        let line = two("relationships: [{ to: mio, kind: mother }]\n", "relationships: [{ to: rin, kind: daughter }]\n");
        assert_eq!(line.found("EL015"), 0);
    }

    #[test]
    fn a_tie_ends_after_it_began() {
        let desk = two("relationships: [{ to: mio, kind: rival, since: S01E02, until: S01E03 }]\n", "");
        assert_eq!(desk.found("EL016"), 0);
        let report = desk.lint_changed(|project| {
            let tie = &mut project.bible.characters.get_mut("rin").unwrap().relationships[0];
            std::mem::swap(&mut tie.since, &mut tie.until);
        });
        assert_eq!(count(&report, "EL016"), 1);
    }

    #[test]
    fn nobody_meets_the_dead() {
        let mio = "arc: [{ at: S01E02, note: She dies., changes: { status: dead } }]\n";
        assert_eq!(two("relationships: [{ to: mio, kind: rival, since: S01E03 }]\n", mio).found("EL017"), 1);
        assert_eq!(two("relationships: [{ to: mio, kind: rival, since: S01E01 }]\n", mio).found("EL017"), 0);
    }

    #[test]
    fn one_tie_is_written_once_for_one_time() {
        let ties =
            |one: &str, other: &str| format!("relationships: [{{ to: mio, kind: rival{one} }}, {{ to: mio, kind: rival{other} }}]\n");
        assert_eq!(two(&ties("", ", since: S01E03"), "").found("EL018"), 1);
        assert_eq!(two(&ties(", until: S01E02", ", since: S01E03"), "").found("EL018"), 0);
    }
}
