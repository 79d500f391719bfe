//! Recipes, and the artifacts that came of them.

use std::fmt;
use std::str::FromStr;

use bible::Digest;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::database::{Store, micros};
use crate::entity::{artifact, placement, recipe};
use crate::error::{Doing, is_duplicate};
use crate::placement::placement_row;
use crate::verdict::latest_decider;
use crate::{Decision, NewEvent, Page, PageRequest, Placement, StoreError, VerdictStatus, attempt};

/// What a recipe makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecipeKind {
    /// A picture of a character sheet.
    Sheet,
    /// A shot's clip and key pictures.
    Shot,
    /// The frames between two shots.
    Transition,
    /// A shot's film, drawn between its key pictures.
    Film,
}

impl RecipeKind {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sheet => "sheet",
            Self::Shot => "shot",
            Self::Transition => "transition",
            Self::Film => "film",
        }
    }
}

impl fmt::Display for RecipeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for RecipeKind {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        [Self::Sheet, Self::Shot, Self::Transition, Self::Film]
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or_else(|| StoreError::damaged("a recipe's kind", format_args!("{word:?}")))
    }
}

/// A file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactFile {
    /// Its name within the artifact: `frame-0000.png`, `clip.mp4`.
    pub name: String,
    /// The blob.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
}

/// What was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    /// Its id.
    pub id: Uuid,
    /// In which project.
    pub project: Uuid,
    /// From which recipe.
    pub recipe: Digest,
    /// Of which kind.
    pub kind: RecipeKind,
    /// What it was of when it was made.
    pub subject: String,
    /// Who drew it.
    pub engine: String,
    /// In which version.
    pub engine_version: String,
    /// The seed, where there was one.
    pub seed: Option<u64>,
    /// Version of the bible that it was drawn from.
    pub bible: Digest,
    /// Picture width in pixels.
    pub width: u32,
    /// Picture height in pixels.
    pub height: u32,
    /// Frames of its clip; 1 for a picture.
    pub frames: u32,
    /// Its files.
    pub files: Vec<ArtifactFile>,
    /// Seconds that the attempt took which made it.
    pub seconds: f64,
    /// Attempts that it took.
    pub attempts: u32,
    /// The verdict that counts.
    pub status: VerdictStatus,
    /// The measured score.
    pub score: Option<f64>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Something made, ready to be written down.
#[derive(Debug, Clone)]
pub struct NewArtifact {
    /// The attempt that made it, which succeeds with this.
    pub attempt: Uuid,
    /// The artifact; its `status` and `score` are those of the decision.
    pub artifact: Artifact,
    /// The recipe in full, for drawing it again.
    pub document: Value,
    /// The first verdict.
    pub decision: Decision,
}

/// A filter for lists of artifacts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArtifactFilter {
    /// Only this kind.
    pub kind: Option<RecipeKind>,
    /// Only with this verdict.
    pub status: Option<VerdictStatus>,
}

impl TryFrom<artifact::Model> for Artifact {
    type Error = StoreError;

    fn try_from(row: artifact::Model) -> Result<Self, StoreError> {
        let number =
            |what: &str, value: i64| u32::try_from(value).map_err(|error| StoreError::damaged(format!("an artifact's {what}"), error));
        Ok(Self {
            id: row.id,
            project: row.project_id,
            recipe: row.recipe.parse().map_err(|error| StoreError::damaged("an artifact's recipe", error))?,
            kind: row.kind.parse()?,
            subject: row.subject,
            engine: row.engine,
            engine_version: row.engine_version,
            seed: row.seed.map(i64::cast_unsigned),
            bible: row.bible.parse().map_err(|error| StoreError::damaged("an artifact's bible", error))?,
            width: number("width", row.width.into())?,
            height: number("height", row.height.into())?,
            frames: number("frames", row.frames)?,
            files: serde_json::from_value(row.files).map_err(|error| StoreError::damaged("an artifact's files", error))?,
            seconds: row.seconds,
            attempts: number("attempts", row.attempts.into())?,
            status: row.status.parse()?,
            score: row.score,
            created_at: row.created_at,
        })
    }
}

fn row(made: &Artifact) -> Result<artifact::ActiveModel, StoreError> {
    let files = serde_json::to_value(&made.files).map_err(|error| StoreError::damaged("an artifact's files", error))?;
    Ok(artifact::ActiveModel {
        id: Set(made.id),
        project_id: Set(made.project),
        recipe: Set(made.recipe.to_string()),
        kind: Set(made.kind.word().to_owned()),
        subject: Set(made.subject.clone()),
        engine: Set(made.engine.clone()),
        engine_version: Set(made.engine_version.clone()),
        seed: Set(made.seed.map(u64::cast_signed)),
        bible: Set(made.bible.to_string()),
        width: Set(made.width.cast_signed()),
        height: Set(made.height.cast_signed()),
        frames: Set(made.frames.into()),
        files: Set(files),
        seconds: Set(made.seconds),
        attempts: Set(made.attempts.cast_signed()),
        status: Set(made.status.word().to_owned()),
        score: Set(made.score),
        created_at: Set(micros(made.created_at)),
    })
}

/// What came of writing an artifact down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Production {
    /// It is new.
    New,
    /// Somebody else had made the same recipe first; theirs counts.
    Known(Uuid),
    /// It takes the place of an older one.
    Instead(Uuid),
}

impl Store {
    /// Writes down what was made: recipe, artifact, verdict, the end of the attempt, where the show uses it,
    /// and the event, all in one transaction.
    ///
    /// The same recipe twice in a project keeps the first where both have the same files, or somebody else has decided on the
    /// first since. Otherwise it was drawn again on purpose: the new one takes its place, and the first is kept with all that
    /// was said of it under a recipe of its own, which says that it is this artifact.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(&self, new: NewArtifact, placement: Placement) -> Result<Production, StoreError> {
        const DOING: &str = "write down an artifact";
        let (again, placed) = (new.clone(), placement.clone());
        let written = self.transaction(DOING, move |transaction| Box::pin(write(new, placement, transaction))).await;
        match written {
            Err(StoreError::Refused { source, .. }) if is_duplicate(&source) => {
                self.transaction(DOING, move |transaction| Box::pin(write_again(again, placed, transaction))).await
            }
            written => written.map(|()| Production::New),
        }
    }

    /// The artifact of an id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn artifact(&self, id: Uuid) -> Result<Option<Artifact>, StoreError> {
        artifact::Entity::find_by_id(id).one(&self.reader).await.doing("find an artifact")?.map(Artifact::try_from).transpose()
    }

    /// The artifacts that exist for these recipes, in no particular order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn artifacts_of_recipes(&self, project: Uuid, recipes: &[Digest]) -> Result<Vec<Artifact>, StoreError> {
        let mut found = Vec::new();
        for some in recipes.chunks(500) {
            let rows = artifact::Entity::find()
                .filter(artifact::Column::ProjectId.eq(project))
                .filter(artifact::Column::Recipe.is_in(some.iter().map(Digest::to_string)))
                .all(&self.reader)
                .await
                .doing("find artifacts")?;
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        Ok(found)
    }

    /// What the show uses, artifact by artifact.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn placed_artifacts(&self, project: Uuid) -> Result<Vec<(String, Artifact)>, StoreError> {
        let rows = placement::Entity::find()
            .select_only()
            .columns([placement::Column::Subject, placement::Column::ArtifactId])
            .filter(placement::Column::ProjectId.eq(project))
            .order_by_asc(placement::Column::Subject)
            .into_tuple::<(String, Uuid)>()
            .all(&self.reader)
            .await
            .doing("read placements")?;
        let all =
            artifact::Entity::find().filter(artifact::Column::ProjectId.eq(project)).all(&self.reader).await.doing("read artifacts")?;
        let by_id: std::collections::HashMap<Uuid, artifact::Model> = all.into_iter().map(|row| (row.id, row)).collect();
        // Two subjects may use the same artifact; both get a copy.
        let placed = rows.into_iter().filter_map(|(subject, id)| Some((subject, by_id.get(&id)?.clone())));
        placed.map(|(subject, row)| Artifact::try_from(row).map(|artifact| (subject, artifact))).collect()
    }

    /// Artifacts of a project, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn artifacts(&self, project: Uuid, filter: ArtifactFilter, page: PageRequest) -> Result<Page<Artifact>, StoreError> {
        let mut query = artifact::Entity::find().filter(artifact::Column::ProjectId.eq(project));
        if let Some(kind) = filter.kind {
            query = query.filter(artifact::Column::Kind.eq(kind.word()));
        }
        if let Some(status) = filter.status {
            query = query.filter(artifact::Column::Status.eq(status.word()));
        }
        if let Some(after) = page.after {
            query = query.filter(artifact::Column::Id.gt(after));
        }
        let rows = query.order_by_asc(artifact::Column::Id).limit(page.limit + 1).all(&self.reader).await.doing("list artifacts")?;
        let artifacts: Vec<Artifact> = rows.into_iter().map(Artifact::try_from).collect::<Result<_, _>>()?;
        Ok(Page::of(artifacts, page, |artifact| artifact.id))
    }

    /// A recipe in full.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recipe(&self, digest: Digest) -> Result<Option<Value>, StoreError> {
        let found = recipe::Entity::find_by_id(digest.to_string()).one(&self.reader).await.doing("find a recipe")?;
        Ok(found.map(|row| row.document))
    }

    /// Mean seconds a frame of this kind of artifact took, over the last 200; none when none was made yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn seconds_per_frame(&self, project: Uuid, kind: RecipeKind) -> Result<Option<f64>, StoreError> {
        let made = artifact::Entity::find()
            .select_only()
            .columns([artifact::Column::Seconds, artifact::Column::Frames])
            .filter(artifact::Column::ProjectId.eq(project))
            .filter(artifact::Column::Kind.eq(kind.word()))
            .order_by_desc(artifact::Column::Id)
            .limit(200)
            .into_tuple::<(f64, i64)>()
            .all(&self.reader)
            .await
            .doing("read measured times")?;
        let (seconds, frames) = made.iter().fold((0.0, 0), |(seconds, frames), (took, of)| (seconds + took, frames + of));
        Ok((frames > 0).then(|| seconds / frames as f64))
    }
}

async fn write(new: NewArtifact, placement: Placement, transaction: &sea_orm::DatabaseTransaction) -> Result<(), StoreError> {
    const DOING: &str = "write down an artifact";
    let NewArtifact { attempt, artifact, document, decision } = new;
    let recipe = recipe::ActiveModel {
        digest: Set(artifact.recipe.to_string()),
        kind: Set(artifact.kind.word().to_owned()),
        document: Set(document),
        created_at: Set(micros(artifact.created_at)),
    };
    let same = OnConflict::column(recipe::Column::Digest).do_nothing().to_owned();
    recipe::Entity::insert(recipe).on_conflict(same).exec_without_returning(transaction).await.doing(DOING)?;
    artifact::Entity::insert(row(&artifact)?).exec_without_returning(transaction).await.doing(DOING)?;
    decision.write(artifact.id, transaction).await?;
    attempt::succeed(transaction, attempt, decision.decided_at).await?;
    put_placement(placement, transaction).await?;
    let kind = if decision.status == VerdictStatus::Accepted { "artifact.accepted" } else { "artifact.judged" };
    let payload =
        serde_json::json!({ "artifact": artifact.id, "recipe": artifact.recipe, "status": decision.status, "score": decision.score });
    NewEvent { at: decision.decided_at, project: Some(artifact.project), kind, subject: artifact.subject, payload }.write(transaction).await
}

/// Writes down what was made from a recipe that something was made from before.
async fn write_again(new: NewArtifact, placement: Placement, transaction: &sea_orm::DatabaseTransaction) -> Result<Production, StoreError> {
    const DOING: &str = "write down an artifact again";
    let known = artifact::Entity::find()
        .filter(artifact::Column::ProjectId.eq(new.artifact.project))
        .filter(artifact::Column::Recipe.eq(new.artifact.recipe.to_string()))
        .one(transaction)
        .await
        .doing(DOING)?;
    let row = known.ok_or_else(|| StoreError::damaged("an artifact", "its recipe is taken and it is not there"))?;
    let known = Artifact::try_from(row.clone())?;
    let decided_by = latest_decider(known.id, transaction).await?;
    if known.files == new.artifact.files || decided_by.is_some_and(|who| who != new.decision.decided_by) {
        attempt::succeed(transaction, new.attempt, new.decision.decided_at).await?;
        put_placement(Placement { artifact: known.id, ..placement }, transaction).await?;
        return Ok(Production::Known(known.id));
    }
    let mut document = new.document.clone();
    if let Some(recipe) = document.get_mut("recipe").and_then(Value::as_object_mut) {
        recipe.insert("artifact".to_owned(), serde_json::json!(known.id));
    }
    let aside = Digest::of_json(&document["recipe"]).map_err(|error| StoreError::damaged("a recipe", error))?;
    let recipe = recipe::ActiveModel {
        digest: Set(aside.to_string()),
        kind: Set(known.kind.word().to_owned()),
        document: Set(document),
        created_at: Set(micros(known.created_at)),
    };
    recipe::Entity::insert(recipe).exec_without_returning(transaction).await.doing(DOING)?;
    let mut row: artifact::ActiveModel = row.into();
    row.recipe = Set(aside.to_string());
    artifact::Entity::update(row).exec(transaction).await.doing(DOING)?;
    write(new, placement, transaction).await?;
    Ok(Production::Instead(known.id))
}

pub(crate) async fn put_placement(placement: Placement, transaction: &sea_orm::DatabaseTransaction) -> Result<(), StoreError> {
    use placement::Column;
    let key = [Column::ProjectId, Column::Subject];
    let values = [Column::Recipe, Column::ArtifactId, Column::Reads, Column::Bible, Column::PlacedAt];
    let conflict = OnConflict::columns(key).update_columns(values).to_owned();
    let insert = placement::Entity::insert(placement_row(placement)?).on_conflict(conflict);
    insert.exec_without_returning(transaction).await.doing("place an artifact").map(drop)
}
