//! Pairs out of what people said: each picture that they accepted or rejected, beside an accepted picture of who should be in
//! it. A calibration is fitted on them as on [any other pairs](crate::pairs).

use std::collections::BTreeMap;
use std::path::Path;

use bible::Slug;
use engine::brief::{Backdrop, FigureBrief};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Artifact, ArtifactFile, Decision, RecipeKind, VerdictStatus};
use uuid::Uuid;

use crate::gate::{GateReport, by_construction, declared_light, figure_parts};
use crate::pairs::{About, AskedColours};
use crate::{Show, Studio, StudioError, Subject};

/// The picture of a sheet that stands for the others, where it is accepted.
const FRONT: &str = "front";

/// The files of a layout as the studio keeps them beside a picture, and as pairs have them.
const LAYOUT: [(&str, &str); 4] = [
    ("layout.png", "layout.png"),
    ("parts.png", "layout.parts.png"),
    ("parts.json", "layout.parts.json"),
    ("skeletons.json", "layout.skeletons.json"),
];

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Collected {
    /// Pairs that people accepted.
    pub same: usize,
    /// Pairs that people rejected.
    pub different: usize,
    /// What people decided on that makes no pair, by the reason.
    pub left_out: Vec<LeftOut>,
}

/// Pictures that make no pair for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Why, as a sentence.
    pub reason: String,
    /// Of which.
    pub subjects: Vec<String>,
}

/// Somebody in a picture: who, and the digest of how they look.
type Person = (Slug, String);

/// An accepted picture of a sheet.
struct Accepted {
    person: Person,
    slot: Slug,
    artifact: Uuid,
    file: ArtifactFile,
}

impl Accepted {
    /// The front first, the others by name.
    fn rank(&self) -> (bool, &Slug) {
        (self.slot.as_str() != FRONT, &self.slot)
    }
}

/// One picture to be written.
struct Pair {
    who: Slug,
    same: bool,
    kind: RecipeKind,
    picture: ArtifactFile,
    reference: ArtifactFile,
    layout: Vec<(&'static str, ArtifactFile)>,
    /// What was asked for, where no layout says so.
    colours: Option<AskedColours>,
}

impl Studio {
    /// Writes a folder of labelled pairs: what people accepted of a project's pictures, and what they rejected. Pictures of
    /// the layout engine are left out, and so is every picture of which it is not clear whom it was about.
    ///
    /// # Errors
    /// [`StudioError::Unknown`] before the first production, [`StudioError::File`] when the folder is there already or cannot
    /// be written.
    pub async fn collect_pairs(&self, show: &Show, folder: &Path) -> Result<Collected, StudioError> {
        let settings = &show.project.settings;
        let project = self.store.project_by_slug(&settings.slug).await?;
        let unknown = || StudioError::Unknown { what: format!("production of `{}` yet: produce it first", settings.slug), nearest: None };
        let project = project.ok_or_else(unknown)?.id;
        let references = self.accepted_of_sheets(project).await?;
        let mut pairs = Vec::new();
        let mut left_out: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (artifact, decision) in self.said_by_people(project).await? {
            match self.pairs_of(&artifact, &decision, &references).await? {
                Ok(found) => pairs.extend(found),
                Err(reason) => left_out.entry(reason).or_default().push(artifact.subject),
            }
        }
        std::fs::create_dir(folder).map_err(StudioError::file("making", folder))?;
        let mut collected = Collected::default();
        let mut numbers: BTreeMap<(bool, Slug, RecipeKind), usize> = BTreeMap::new();
        for pair in pairs {
            let number = numbers.entry((pair.same, pair.who.clone(), pair.kind)).or_default();
            *number += 1;
            let label = if pair.same { "same" } else { "different" };
            self.write_pair(&folder.join(label).join(format!("{}.{}.{number}", pair.who, pair.kind)), &pair).await?;
            *(if pair.same { &mut collected.same } else { &mut collected.different }) += 1;
        }
        let about = About {
            on: format!("pictures of {} that people decided on", settings.title),
            seed: None,
            valid_for: format!("pictures of {} as they were drawn when people decided on them", settings.title),
            diffusion: true,
        };
        let (path, json) = (folder.join("about.json"), serde_json::to_vec_pretty(&about));
        let json = json.map_err(|source| StudioError::Damaged { what: "what is known of the pairs".to_owned(), source })?;
        std::fs::write(&path, json).map_err(StudioError::file("writing", path))?;
        collected.left_out = left_out.into_iter().map(|(reason, subjects)| LeftOut { reason, subjects }).collect();
        Ok(collected)
    }

    /// The pairs that something makes which a person decided on; why it makes none, otherwise.
    async fn pairs_of(
        &self,
        artifact: &Artifact,
        decision: &Decision,
        references: &[Accepted],
    ) -> Result<Result<Vec<Pair>, String>, StudioError> {
        let none = |reason: &str| Ok(Err(reason.to_owned()));
        if by_construction(&artifact.engine) {
            return none("the layout engine drew it, so who is in it is known without measuring");
        }
        let Ok(report) = serde_json::from_value::<GateReport>(decision.report.clone()) else {
            return none("nothing was measured of it");
        };
        let named = |name: &String| artifact.files.iter().find(|file| file.name == *name && file.media_type == "image/png");
        let pictures: Vec<&ArtifactFile> = report.pictures.iter().filter_map(|picture| named(&picture.picture)).collect();
        let same = decision.status == VerdictStatus::Accepted;
        match pictures.len() {
            0 => return none("it has no picture of its own"),
            1 => {}
            _ if same => {}
            _ => return none("several pictures were rejected together, and which of them was wrong is not known"),
        }
        let people = self.people_of(artifact).await?;
        let [person] = &people[..] else {
            return none("not exactly one person is in it, so whom it was about is not known");
        };
        let fitting = references.iter().filter(|known| known.person == *person && known.artifact != artifact.id);
        let Some(reference) = fitting.min_by(|one, other| one.rank().cmp(&other.rank())) else {
            return Ok(Err(format!("no other accepted picture of a sheet shows {} as they look in it", person.0)));
        };
        let colours = self.colours_of(artifact, person).await?;
        let pair = |picture: &ArtifactFile| {
            let layout = layout_of(artifact, picture.name.trim_end_matches(".png"));
            Pair {
                who: person.0.clone(),
                same,
                kind: artifact.kind,
                picture: picture.clone(),
                reference: reference.file.clone(),
                colours: colours.clone().filter(|_| layout.is_empty()),
                layout,
            }
        };
        Ok(Ok(pictures.into_iter().map(pair).collect()))
    }

    /// The colours that something was asked to have, by its recipe; none under a light that nobody declared.
    async fn colours_of(&self, artifact: &Artifact, person: &Person) -> Result<Option<AskedColours>, StudioError> {
        let document = self.store.recipe(artifact.recipe).await?.unwrap_or_default();
        let brief = &document["recipe"]["brief"];
        let backdrop = Backdrop::deserialize(&brief.get("picture").unwrap_or(brief)["backdrop"]);
        let figure = FigureBrief::deserialize(&document["figures"][&person.1]);
        Ok(figure
            .ok()
            .zip(backdrop.ok())
            .and_then(|(figure, backdrop)| Some(AskedColours { light: declared_light(&backdrop).ok()?, parts: figure_parts(&figure) })))
    }

    /// Who is in the pictures of something, by its recipe.
    async fn people_of(&self, artifact: &Artifact) -> Result<Vec<Person>, StudioError> {
        let document = self.store.recipe(artifact.recipe).await?.unwrap_or_default();
        let brief = &document["recipe"]["brief"];
        // A shot's brief has that of its first picture in it.
        let actors = brief.get("picture").unwrap_or(brief)["actors"].as_array().cloned().unwrap_or_default();
        let person = |actor: &Value| Some((actor["character"].as_str()?.parse().ok()?, actor["figure"].as_str()?.to_owned()));
        Ok(actors.iter().filter_map(person).collect())
    }

    async fn accepted_of_sheets(&self, project: Uuid) -> Result<Vec<Accepted>, StudioError> {
        let mut accepted = Vec::new();
        for placed in self.store.placements(project).await?.into_iter().filter(|placed| placed.status == VerdictStatus::Accepted) {
            let Ok(Subject::Sheet { slot, .. }) = placed.subject.parse() else { continue };
            let Some(artifact) = self.store.artifact(placed.artifact).await? else { continue };
            let Some(file) = artifact.files.iter().find(|file| file.media_type == "image/png").cloned() else { continue };
            let people = self.people_of(&artifact).await?;
            accepted.extend(people.into_iter().map(|person| Accepted {
                person,
                slot: slot.clone(),
                artifact: artifact.id,
                file: file.clone(),
            }));
        }
        Ok(accepted)
    }

    async fn write_pair(&self, folder: &Path, pair: &Pair) -> Result<(), StudioError> {
        std::fs::create_dir_all(folder).map_err(StudioError::file("making", folder))?;
        let files = [("picture.png", &pair.picture), ("reference.png", &pair.reference)];
        for (name, file) in files.into_iter().chain(pair.layout.iter().map(|(name, file)| (*name, file))) {
            let (path, bytes) = (folder.join(name), self.blobs.get(file.digest).await?);
            std::fs::write(&path, bytes).map_err(StudioError::file("writing", path))?;
        }
        if let Some(colours) = &pair.colours {
            let unwritable = |source| StudioError::Damaged { what: format!("what {} should look like", pair.who), source };
            let (path, json) = (folder.join(AskedColours::FILE), serde_json::to_vec_pretty(colours).map_err(unwritable)?);
            std::fs::write(&path, json).map_err(StudioError::file("writing", path))?;
        }
        Ok(())
    }
}

/// The files of the layout that a picture was painted over; nothing where it was not, or not all is there.
fn layout_of(artifact: &Artifact, stem: &str) -> Vec<(&'static str, ArtifactFile)> {
    let kept = |suffix: &str| artifact.files.iter().find(|file| file.name == format!("{stem}.{suffix}")).cloned();
    let found: Vec<_> = LAYOUT.iter().filter_map(|(suffix, name)| Some((*name, kept(suffix)?))).collect();
    let needed = |name: &str| found.iter().any(|(known, _)| *known == name);
    // Of somebody without a body there is no skeleton.
    if LAYOUT[..3].iter().all(|(_, name)| needed(name)) { found } else { Vec::new() }
}
