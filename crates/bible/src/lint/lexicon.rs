//! Who is meant by the words of a sentence.

use std::collections::{BTreeMap, BTreeSet};

use super::prose::Word;
use crate::{Project, Slug};

/// The names of the cast, for a walk over words.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    /// Upper-case name to its owner; none when two share it.
    names: BTreeMap<String, Option<Slug>>,
    /// Words of names of things that are nobody: places, props, the show itself.
    others: BTreeSet<String>,
    /// Words in the longest name.
    longest: usize,
}

/// Somebody named in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    /// Index of the first word.
    pub(super) first: usize,
    /// How many words.
    pub(super) count: usize,
    /// Who.
    pub(super) who: Slug,
}

impl Lexicon {
    pub(super) fn of(project: &Project) -> Self {
        let mut lexicon = Self { longest: 1, ..Self::default() };
        for (slug, character) in &project.bible.characters {
            for name in std::iter::once(&character.name).chain(&character.aliases) {
                lexicon.add(name, slug);
            }
            let words: Vec<&str> = character.name.split_whitespace().collect();
            if let [first, .., last] = words.as_slice() {
                lexicon.add(first, slug);
                lexicon.add(last, slug);
            }
        }
        let places = project.bible.locations.values().flat_map(|place| std::iter::once(&place.name).chain(&place.aliases));
        let props = project.bible.props.values().map(|prop| &prop.name);
        for name in places.chain(props).chain([&project.settings.title]) {
            lexicon.others.extend(name.split_whitespace().map(key));
        }
        lexicon
    }

    fn add(&mut self, name: &str, slug: &Slug) {
        let words: Vec<String> = name.split_whitespace().map(key).collect();
        if words.is_empty() {
            return;
        }
        self.longest = self.longest.max(words.len());
        let owner = self.names.entry(words.join(" ")).or_insert_with(|| Some(slug.clone()));
        if owner.as_ref() != Some(slug) {
            *owner = None;
        }
    }

    /// Whether a word is (part of) a name of the cast, of a place or of a prop.
    pub(super) fn knows(&self, word: &str) -> bool {
        let word = key(word);
        self.names.contains_key(&word)
            || self.others.contains(&word)
            || self.names.keys().any(|name| name.split(' ').any(|part| part == word))
    }

    /// Whose name a whole text is.
    pub(super) fn owner(&self, name: &str) -> Option<&Slug> {
        let words: Vec<String> = name.split_whitespace().map(key).collect();
        self.names.get(&words.join(" "))?.as_ref()
    }

    /// Every name, upper-case.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Everybody that a sentence names, longest names first. A name begins with a capital.
    pub(super) fn mentions(&self, words: &[Word<'_>]) -> Vec<Mention> {
        let mut found = Vec::new();
        let mut first = 0;
        while first < words.len() {
            let mut step = 1;
            if words[first].capitalised() {
                for count in (1..=self.longest.min(words.len() - first)).rev() {
                    let name = words[first..first + count].iter().map(|word| key(word.text)).collect::<Vec<_>>().join(" ");
                    if let Some(Some(who)) = self.names.get(&name) {
                        found.push(Mention { first, count, who: who.clone() });
                        step = count;
                        break;
                    }
                }
            }
            first += step;
        }
        found
    }
}

fn key(word: &str) -> String {
    word.trim_matches(|sign: char| !sign.is_alphanumeric()).to_uppercase()
}
