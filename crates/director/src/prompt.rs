//! From a brief to a prompt, in the dialect of a family of models.
//!
//! Everything comes from the brief and the tables of `rules/prompt.yaml`, in a fixed order, so the same brief always
//! gives the same prompt. Tags say what is visible in the framing: what is not would be drawn into it. Sentences keep
//! who somebody is in one clause that is the same, byte for byte, in every shot, and say what differs behind it. What a
//! brief has and a prompt leaves out is listed with why.
//!
//! It knows families by name and nothing else of who draws.

mod sentences;
mod tags;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use bible::{Project, Slug};
use engine::correction::NamedPart;
use engine::{ClipBrief, PictureBrief};
use serde::Serialize;

use words::{Dialect, words};

/// What a prompt says beyond the brief.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Show {
    /// Pronouns by character: `she/her`.
    pub pronouns: BTreeMap<Slug, String>,
    /// The show's look in words, for models that read sentences.
    pub style: String,
}

impl Show {
    /// What a project says of it.
    #[must_use]
    pub fn of(project: &Project) -> Self {
        let pronouns = project.bible.characters.iter().filter_map(|(slug, character)| Some((slug.clone(), character.pronouns.clone()?)));
        Self { pronouns: pronouns.collect(), style: project.bible.style.description.trim().to_owned() }
    }
}

/// A prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prompt {
    /// The whole picture.
    pub positive: String,
    /// What to keep away from; empty where the family takes none.
    pub negative: String,
    /// The picture without what is each person's own, for use with `regions`.
    pub scene: String,
    /// What is each person's own, in the order of the brief.
    pub regions: Vec<Region>,
    /// What the brief has and the prompt does not.
    pub left_out: Vec<LeftOut>,
}

/// What is one person's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Region {
    /// Who.
    pub character: Slug,
    /// What is said of them.
    pub prompt: String,
}

/// Something that is not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// What.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// There is no family of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no family of models `{family}` that prompts are written for; there are {known}")]
pub struct UnknownFamily {
    /// What was asked for.
    pub family: String,
    /// What there is.
    pub known: String,
}

/// Whether prompts are written for a family.
///
/// # Errors
/// [`UnknownFamily`].
pub fn known(family: &str) -> Result<(), UnknownFamily> {
    dialect(family).map(drop)
}

/// Stands for everything that decides a prompt beside the brief: changes when the tables do, or the way they are used.
#[must_use]
pub fn stamp() -> String {
    const VERSION: u32 = 1;
    format!("{VERSION} {}", words::digest().short())
}

fn dialect(family: &str) -> Result<&'static Dialect, UnknownFamily> {
    let families = &words().families;
    families.get(family).ok_or_else(|| UnknownFamily {
        family: family.to_owned(),
        known: families.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
    })
}

/// The prompt of a picture for a family of models. What to `stress` is what an earlier picture got wrong: tags get more
/// weight, and sentences say it once more at the end of what is said of somebody.
///
/// # Errors
/// [`UnknownFamily`].
pub fn picture(brief: &PictureBrief, show: &Show, family: &str, stress: &[NamedPart]) -> Result<Prompt, UnknownFamily> {
    let dialect = dialect(family)?;
    Ok(match dialect.prompts {
        words::Prompts::Tags => tags::prompt(brief, show, dialect, stress),
        words::Prompts::Sentences => sentences::prompt(brief, show, dialect, stress),
    })
}

/// Whether a part of somebody, or a piece of it (`sailor-top.trim`), is to be stressed.
fn is_stressed(stress: &[NamedPart], owner: &Slug, part: &str) -> bool {
    stress.iter().any(|named| {
        named.owner == *owner && (named.part == part || named.part.strip_prefix(part).is_some_and(|rest| rest.starts_with('.')))
    })
}

/// The prompt of a film that begins with a picture: motion and camera only, since the picture says the rest.
///
/// # Errors
/// [`UnknownFamily`].
pub fn motion(clip: &ClipBrief, show: &Show, family: &str) -> Result<Prompt, UnknownFamily> {
    let dialect = dialect(family)?;
    let positive = sentences::motion(clip, show);
    Ok(Prompt { scene: positive.clone(), positive, negative: dialect.negative.join(", "), regions: Vec::new(), left_out: Vec::new() })
}
