//! Who and what a script means by a name.

use std::collections::BTreeMap;

use bible::source::nearest;
use bible::{Project, Slug};

/// The names of the cast and of the props.
#[derive(Debug)]
pub(crate) struct Names {
    /// Upper-case name, alias or slug to character.
    cast: BTreeMap<String, Slug>,
    /// First and last words of names that have several, where only one character has them.
    words: BTreeMap<String, Option<Slug>>,
    /// What to look for in action, longest first.
    seen: Vec<(String, Slug)>,
    props: Vec<(String, Slug)>,
    /// Upper-case names of those who are heard but not seen.
    extras: BTreeMap<String, Slug>,
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// One of the cast.
    Cast(Slug),
    /// A voice that nobody sees.
    Extra(Slug),
}

impl Speaker {
    pub(crate) fn slug(&self) -> &Slug {
        match self {
            Self::Cast(slug) | Self::Extra(slug) => slug,
        }
    }
}

impl Names {
    pub(crate) fn of(project: &Project, extras: &[String]) -> Self {
        let mut names =
            Self { cast: BTreeMap::new(), words: BTreeMap::new(), seen: Vec::new(), props: Vec::new(), extras: BTreeMap::new() };
        for (slug, character) in &project.bible.characters {
            for name in std::iter::once(&character.name).chain(&character.aliases) {
                names.cast.insert(upper(name), slug.clone());
                names.seen.push((name.trim().to_owned(), slug.clone()));
            }
            names.cast.entry(upper(&slug.as_str().replace('-', " "))).or_insert_with(|| slug.clone());
            let words: Vec<&str> = character.name.split_whitespace().collect();
            if let [first, .., last] = words.as_slice() {
                for word in [first, last] {
                    let owner = names.words.entry(upper(word)).or_insert_with(|| Some(slug.clone()));
                    if owner.as_ref() != Some(slug) {
                        *owner = None;
                    }
                }
            }
        }
        for (slug, prop) in &project.bible.props {
            names.props.push((prop.name.to_lowercase(), slug.clone()));
            names.props.push((slug.as_str().replace('-', " "), slug.clone()));
        }
        for extra in extras {
            let slug = Slug::nearest(extra).or_else(|| Slug::nearest("voice"));
            if let Some(slug) = slug {
                names.extras.insert(upper(extra), slug);
            }
        }
        let longest_first = |list: &mut Vec<(String, Slug)>| list.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        longest_first(&mut names.seen);
        longest_first(&mut names.props);
        names
    }

    /// The speakers of a cue: `MEI`, `MEI (YOUNG)`, `MEI AND KIT`.
    ///
    /// # Errors
    /// The part of the cue that is nobody.
    pub(crate) fn speakers(&self, name: &str, extension: Option<&str>) -> Result<Vec<Speaker>, String> {
        if let Some(extension) = extension
            && let Some(slug) = self.cast.get(&upper(&format!("{name} ({extension})")))
        {
            return Ok(vec![Speaker::Cast(slug.clone())]);
        }
        if let Some(speaker) = self.speaker(name) {
            return Ok(vec![speaker]);
        }
        let upper = upper(name);
        let parts: Vec<&str> = upper
            .split(" AND ")
            .flat_map(|part| part.split(['&', '/', ',', '＆', '、']))
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        if parts.len() < 2 {
            return Err(name.to_owned());
        }
        parts.into_iter().map(|part| self.speaker(part).ok_or_else(|| part.to_owned())).collect()
    }

    fn speaker(&self, name: &str) -> Option<Speaker> {
        let name = upper(name);
        let cast = self.cast.get(&name).or_else(|| self.words.get(&name)?.as_ref());
        cast.map(|slug| Speaker::Cast(slug.clone())).or_else(|| self.extras.get(&name).map(|slug| Speaker::Extra(slug.clone())))
    }

    /// The name that was likely meant.
    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.cast.keys().chain(self.extras.keys()).map(String::as_str))
    }

    /// Lets action speak of someone by a name that a cue has used (`MEI` for Mei Tanaka).
    pub(crate) fn learn(&mut self, cue: &str) {
        let Some(Speaker::Cast(slug)) = self.speaker(cue) else { return };
        let name: String = cue.trim().chars().take(1).chain(cue.trim().to_lowercase().chars().skip(1)).collect();
        if !self.seen.iter().any(|(known, _)| *known == name) {
            self.seen.push((name, slug));
        }
    }

    /// The characters that a text names, with the place of each mention, in order. Names count as
    /// written (`Kit`, not `kit`) or in capitals.
    pub(crate) fn cast_in(&self, text: &str) -> Vec<(usize, Slug)> {
        let mut found: Vec<(usize, usize, Slug)> = Vec::new();
        for (name, slug) in &self.seen {
            let capitals = name.to_uppercase();
            let both = if capitals == *name { vec![name.as_str()] } else { vec![name.as_str(), capitals.as_str()] };
            for form in both {
                for at in whole_words(text, form) {
                    let end = at + form.len();
                    if !found.iter().any(|(from, to, _)| at < *to && *from < end) {
                        found.push((at, end, slug.clone()));
                    }
                }
            }
        }
        found.sort();
        found.into_iter().map(|(at, _, slug)| (at, slug)).collect()
    }

    /// The props that a text names, with the place of each mention.
    pub(crate) fn props_in(&self, text: &str) -> Vec<(usize, Slug)> {
        let text = text.to_lowercase();
        let mut found: Vec<(usize, Slug)> = Vec::new();
        for (name, slug) in &self.props {
            if let Some(at) = whole_words(&text, name).next()
                && !found.iter().any(|(_, known)| known == slug)
            {
                found.push((at, slug.clone()));
            }
        }
        found.sort();
        found
    }
}

fn upper(name: &str) -> String {
    // Some write `MEI:` on a line of its own.
    name.trim().trim_end_matches(':').to_uppercase()
}

/// Where `word` stands in `text` as a word of its own. Scripts without spaces have no word borders.
fn whole_words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let letter = |sign: char| sign.is_alphanumeric() && (sign.is_lowercase() || sign.is_uppercase() || sign.is_ascii_digit());
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        !word.is_empty()
            && text[..*at].chars().next_back().is_none_or(|sign| !letter(sign))
            && text[at + word.len()..].chars().next().is_none_or(|sign| !letter(sign))
    })
}
