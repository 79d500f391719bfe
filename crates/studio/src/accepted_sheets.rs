//! The accepted pictures of a project's sheets, as far as the store knows them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bible::Digest;
use bible::render::Control;
use serde_json::Value;
use store::VerdictStatus;
use uuid::Uuid;

use crate::people::GATE;
use crate::rendering::Rendering;
use crate::showing::{AcceptedFile, DecidedBy};
use crate::{Show, Studio, StudioError, Subject};

/// What is accepted of sheets, and with what those shots were drawn that people decided on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct AcceptedSheets {
    pictures: BTreeMap<String, AcceptedPicture>,
    decided: BTreeMap<String, Decided>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct AcceptedPicture {
    recipe: Digest,
    file: AcceptedFile,
}

/// Something that a person decided on: its recipe, and by which pictures its people were shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) recipe: Digest,
    pub(crate) people: Vec<DecidedBy>,
}

impl AcceptedSheets {
    /// Pictures that are accepted as they are drawn from these recipes, each with a file of these bytes.
    #[cfg(test)]
    pub(crate) fn of<'a>(pictures: impl IntoIterator<Item = (&'a Subject, Digest, &'a str)>) -> Self {
        let picture = |(subject, recipe, bytes): (&Subject, Digest, &str)| {
            let file = AcceptedFile { artifact: Uuid::nil(), file: Digest::of(bytes.as_bytes()) };
            (subject.to_string(), AcceptedPicture { recipe, file })
        };
        Self { pictures: pictures.into_iter().map(picture).collect(), decided: BTreeMap::new() }
    }

    /// The same, and a person has decided on something of this recipe.
    #[cfg(test)]
    pub(crate) fn and_decided(mut self, subject: &Subject, recipe: Digest, document: &Value) -> Self {
        let people = decided_by(document).unwrap_or_default();
        self.decided.insert(subject.to_string(), Decided { recipe, people });
        self
    }

    /// A picture as it is accepted; none where what is accepted was drawn from another recipe.
    pub(crate) fn picture(&self, subject: &str, recipe: Digest) -> Option<&AcceptedFile> {
        self.pictures.get(subject).filter(|picture| picture.recipe == recipe).map(|picture| &picture.file)
    }

    /// What a person decided on.
    pub(crate) fn decided(&self, subject: &str) -> Option<&Decided> {
        self.decided.get(subject)
    }

    /// The same without what people decided on: whether more of the sheets is accepted than before.
    pub(crate) fn same_pictures(&self, other: &Self) -> bool {
        self.pictures == other.pictures
    }
}

impl Studio {
    /// How a show is drawn, with the pictures of its sheets that are accepted where these show a model who people are; none
    /// when the built-in engine draws it.
    pub(crate) async fn rendering_of(&self, show: &Show) -> Result<Option<Rendering>, StudioError> {
        let Some(rendering) = Rendering::of(show)? else { return Ok(None) };
        if !rendering.wants(Control::References) {
            return Ok(Some(rendering));
        }
        let sheets = match self.store.project_by_slug(&show.project.settings.slug).await? {
            Some(project) => self.accepted_sheets(project.id).await?,
            None => AcceptedSheets::default(),
        };
        Ok(Some(rendering.with_sheets(Arc::new(sheets))))
    }

    /// What is accepted of a project's sheets.
    pub(crate) async fn accepted_sheets(&self, project: Uuid) -> Result<AcceptedSheets, StudioError> {
        let placed = self.store.placements(project).await?;
        let mut accepted: HashMap<Uuid, (String, Digest)> = HashMap::new();
        let mut shots = Vec::new();
        for placed in placed {
            match placed.subject.parse() {
                Ok(Subject::Sheet { .. }) if placed.status == VerdictStatus::Accepted => {
                    accepted.insert(placed.artifact, (placed.subject, placed.recipe));
                }
                Ok(Subject::Shot(_)) => shots.push(placed),
                _ => {}
            }
        }
        let recipes: Vec<Digest> = accepted.values().map(|(_, recipe)| *recipe).collect();
        let mut sheets = AcceptedSheets::default();
        for artifact in self.store.artifacts_of_recipes(project, &recipes).await? {
            let Some((subject, recipe)) = accepted.remove(&artifact.id) else { continue };
            let Some(file) = artifact.files.iter().find(|file| file.media_type == "image/png") else { continue };
            let file = AcceptedFile { artifact: artifact.id, file: file.digest };
            sheets.pictures.insert(subject, AcceptedPicture { recipe, file });
        }
        let artifacts: Vec<Uuid> = shots.iter().map(|placed| placed.artifact).collect();
        let verdicts = self.store.latest_verdicts(&artifacts).await?;
        for placed in shots {
            if verdicts.get(&placed.artifact).is_none_or(|verdict| verdict.decided_by == GATE) {
                continue;
            }
            let Some(document) = self.store.recipe(placed.recipe).await? else { continue };
            // One that was drawn before references were asked for names none.
            if let Some(people) = decided_by(&document) {
                sheets.decided.insert(placed.subject, Decided { recipe: placed.recipe, people });
            }
        }
        Ok(sheets)
    }
}

/// By which pictures people are shown in a stored recipe.
fn decided_by(document: &Value) -> Option<Vec<DecidedBy>> {
    serde_json::from_value(document.get("recipe")?.get("references")?.clone()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stored_recipe_says_by_which_pictures_people_are_shown() {
        let file = Digest::of(b"front");
        let document = json!({ "recipe": { "references": [{ "character": "mei", "picture": "sheet mei/everyday/front", "file": file }] } });
        let known = decided_by(&document).unwrap();
        let again = serde_json::from_value::<Vec<DecidedBy>>(document["recipe"]["references"].clone()).unwrap();
        assert_eq!((known.len(), known), (1, again));
        assert_eq!(decided_by(&json!({ "recipe": {} })), None);
        let awaited = json!({ "recipe": { "references": [{ "character": "mei", "picture": "sheet mei/everyday/front", "file": null }] } });
        assert_eq!(decided_by(&awaited), None, "what waited was never drawn");
    }

    #[test]
    fn a_picture_that_was_accepted_as_it_was_before_is_not_accepted_as_it_is_now() {
        let (front, recipe): (Subject, _) = ("sheet mei/everyday/front".parse().unwrap(), Digest::of(b"recipe"));
        let sheets = AcceptedSheets::of([(&front, recipe, "front")]);
        assert_eq!(sheets.picture("sheet mei/everyday/front", recipe).unwrap().file, Digest::of(b"front"));
        assert_eq!(sheets.picture("sheet mei/everyday/front", Digest::of(b"another")), None);
        assert!(!sheets.same_pictures(&AcceptedSheets::default()) && sheets.same_pictures(&sheets.clone()));
    }
}
