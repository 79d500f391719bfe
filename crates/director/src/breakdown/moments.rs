//! What happens in a scene, one thing after the other.

use bible::Slug;
use bible::fountain::{Kind, SceneElements, plain};
use bible::source::{Position, SourceError};

use super::transition_of;
use crate::names::{Names, Speaker};

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Moment {
    /// A paragraph of action.
    Action {
        text: String,
        /// Line of the script, from 1.
        line: u32,
    },
    /// A spoken line.
    Speech(Speech),
}

/// A spoken line: one dialogue element of the script.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Speech {
    /// Its number among the spoken lines of the scene, from 1; 0 for one that the script does not have.
    pub(super) number: u32,
    /// Who says it; several when they speak as one.
    pub(super) speakers: Vec<Speaker>,
    pub(super) manner: String,
    pub(super) text: String,
    pub(super) off_screen: bool,
    /// Said at the same time as the one before.
    pub(super) dual: bool,
    /// Line of the script, from 1; 0 for one that the script does not have.
    pub(super) line: u32,
}

impl Moment {
    pub(super) fn action(&self) -> Option<&str> {
        match self {
            Self::Action { text, .. } => Some(text),
            Self::Speech(_) => None,
        }
    }
}

/// The moments of a scene. Cues of nobody known are reported, with the nearest name.
pub(super) fn moments(scene: &SceneElements<'_>, names: &Names, file: &str, problems: &mut Vec<SourceError>) -> Vec<Moment> {
    let mut moments = Vec::new();
    let mut cue: Option<(Vec<Speaker>, bool, bool)> = None;
    let mut manner = String::new();
    let mut number = 0;
    for element in scene.elements {
        match &element.kind {
            Kind::Character(who) => {
                manner.clear();
                let speakers = match names.speakers(&who.name, who.extension.as_deref()) {
                    Ok(speakers) => speakers,
                    Err(name) => {
                        problems.push(unknown(&name, names, file, element.line));
                        Vec::new()
                    }
                };
                cue = Some((speakers, who.off_screen(), who.dual));
            }
            Kind::Parenthetical(text) => manner = plain(text),
            Kind::Dialogue(text) | Kind::Lyrics(text) if cue.is_some() => {
                let Some((speakers, off_screen, dual)) = &mut cue else { continue };
                number += 1;
                let text = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
                let sung = matches!(element.kind, Kind::Lyrics(_)) && manner.is_empty();
                let manner = if sung { "singing".to_owned() } else { std::mem::take(&mut manner) };
                if !text.is_empty() && !speakers.is_empty() {
                    let (speakers, off_screen, dual) = (speakers.clone(), *off_screen, std::mem::take(dual));
                    moments.push(Moment::Speech(Speech { number, speakers, manner, text, off_screen, dual, line: element.line }));
                }
            }
            Kind::Action(text) | Kind::Lyrics(text) | Kind::Centred(text) => {
                cue = None;
                let text = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
                if !text.is_empty() && transition_of(&text).is_none() {
                    moments.push(Moment::Action { text, line: element.line });
                }
            }
            // What is hidden, or only concerns the page, does not end a speech.
            Kind::Blank { .. } | Kind::Note | Kind::Boneyard(_) | Kind::PageBreak => {}
            Kind::TitlePage(_) | Kind::Scene(_) | Kind::Dialogue(_) | Kind::Transition(_) | Kind::Section { .. } | Kind::Synopsis(_) => {
                cue = None;
            }
        }
    }
    moments
}

fn unknown(name: &str, names: &Names, file: &str, line: u32) -> SourceError {
    let fix = match names.nearest(name) {
        Some(near) => format!("did you mean {near}? Or add {name:?} to a character's `aliases`"),
        None => {
            let slug = Slug::nearest(name).map_or_else(|| "name".to_owned(), |slug| slug.to_string());
            format!("add bible/characters/{slug}.yaml, or, for a voice that nobody sees, `Extras: {name}` to the title page")
        }
    };
    SourceError::new(file, Position::new(line, 1), format!("{name} is no character of the bible"), fix)
}
