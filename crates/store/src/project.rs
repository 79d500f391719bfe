//! Projects that the studio knows.

use bible::{Digest, Slug};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::database::{Store, micros};
use crate::entity::{placement, project};
use crate::error::{Doing, is_duplicate};
use crate::{NewEvent, StoreError};

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: Uuid,
    /// The name that refers to it.
    pub slug: Slug,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Version of the bible as last loaded; the blob of this digest holds it as JSON.
    pub bible: Digest,
    /// When it was first loaded.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl TryFrom<project::Model> for Project {
    type Error = StoreError;

    fn try_from(row: project::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            slug: row.slug.parse().map_err(|error| StoreError::damaged("a project's slug", error))?,
            title: row.title,
            description: row.description,
            bible: row.bible.parse().map_err(|error| StoreError::damaged("a bible's digest", error))?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl Store {
    /// Makes a project known, or notes its new title and bible; the slug decides which it is. Gives the
    /// project as it is then, with the id that it already had.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_project(&self, project: &Project) -> Result<Project, StoreError> {
        const DOING: &str = "note a project";
        if let Some(known) = self.project_by_slug(&project.slug).await?
            && known.bible == project.bible
            && known.title == project.title
            && known.description == project.description
        {
            return Ok(known);
        }
        let row = project::ActiveModel {
            id: Set(project.id),
            slug: Set(project.slug.to_string()),
            title: Set(project.title.clone()),
            description: Set(project.description.clone()),
            bible: Set(project.bible.to_string()),
            created_at: Set(micros(project.created_at)),
            updated_at: Set(micros(project.updated_at)),
        };
        let (slug, bible, at) = (project.slug.clone(), project.bible, project.updated_at);
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let columns = [project::Column::Title, project::Column::Description, project::Column::Bible, project::Column::UpdatedAt];
                let conflict = OnConflict::column(project::Column::Slug).update_columns(columns).to_owned();
                project::Entity::insert(row).on_conflict(conflict).exec_without_returning(transaction).await.doing(DOING)?;
                let found = project::Entity::find().filter(project::Column::Slug.eq(slug.as_str())).one(transaction).await.doing(DOING)?;
                let noted = Project::try_from(found.ok_or_else(|| StoreError::damaged("a project", "it was just written and is gone"))?)?;
                let payload = serde_json::json!({ "bible": bible });
                NewEvent { at, project: Some(noted.id), kind: "bible.loaded", subject: slug.to_string(), payload }
                    .write(transaction)
                    .await?;
                Ok(noted)
            })
        })
        .await
    }

    /// Makes a new project known. Says whether it was new: false when there is one of its slug already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_project(&self, project: &Project) -> Result<bool, StoreError> {
        const DOING: &str = "make a project";
        let row = project::ActiveModel {
            id: Set(project.id),
            slug: Set(project.slug.to_string()),
            title: Set(project.title.clone()),
            description: Set(project.description.clone()),
            bible: Set(project.bible.to_string()),
            created_at: Set(micros(project.created_at)),
            updated_at: Set(micros(project.updated_at)),
        };
        let event = NewEvent {
            at: project.created_at,
            project: Some(project.id),
            kind: "project.created",
            subject: project.slug.to_string(),
            payload: serde_json::json!({ "title": project.title }),
        };
        let made = self
            .transaction(DOING, move |transaction| {
                Box::pin(async move {
                    match project::Entity::insert(row).exec_without_returning(transaction).await {
                        Ok(_) => event.write(transaction).await,
                        Err(error) if is_duplicate(&error) => Err(StoreError::Stale),
                        Err(error) => Err(error).doing(DOING),
                    }
                })
            })
            .await;
        match made {
            Ok(()) => Ok(true),
            Err(StoreError::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Notes what a project is called and what it is about. Its version stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn describe_project(&self, id: Uuid, title: &str, description: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        const DOING: &str = "note a project's title";
        let update = project::Entity::update_many()
            .col_expr(project::Column::Title, Expr::value(title))
            .col_expr(project::Column::Description, Expr::value(description))
            .col_expr(project::Column::UpdatedAt, Expr::value(micros(at)))
            .filter(project::Column::Id.eq(id));
        let event = NewEvent {
            at,
            project: Some(id),
            kind: "project.changed",
            subject: id.to_string(),
            payload: serde_json::json!({ "title": title }),
        };
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                if update.exec(transaction).await.doing(DOING)?.rows_affected > 0 {
                    event.write(transaction).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Forgets a project with everything that belongs to it: its history, artifacts, verdicts and cuts. Files in the
    /// blob store stay until they are swept. Says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_project(&self, id: Uuid, at: DateTime<Utc>) -> Result<bool, StoreError> {
        const DOING: &str = "delete a project";
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                // Placements name both projects and artifacts; taken away first, no order of the others matters.
                placement::Entity::delete_many().filter(placement::Column::ProjectId.eq(id)).exec(transaction).await.doing(DOING)?;
                let gone = project::Entity::delete_by_id(id).exec(transaction).await.doing(DOING)?.rows_affected > 0;
                if gone {
                    let payload = serde_json::json!({});
                    let event = NewEvent { at, project: Some(id), kind: "project.deleted", subject: id.to_string(), payload };
                    event.write(transaction).await?;
                }
                Ok(gone)
            })
        })
        .await
    }

    /// All projects, by slug.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn projects(&self) -> Result<Vec<Project>, StoreError> {
        let rows = project::Entity::find().order_by_asc(project::Column::Slug).all(&self.reader).await.doing("list projects")?;
        rows.into_iter().map(Project::try_from).collect()
    }

    /// The project of an id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn project(&self, id: Uuid) -> Result<Option<Project>, StoreError> {
        project::Entity::find_by_id(id).one(&self.reader).await.doing("find a project")?.map(Project::try_from).transpose()
    }

    /// The project of a slug.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn project_by_slug(&self, slug: &Slug) -> Result<Option<Project>, StoreError> {
        let found = project::Entity::find().filter(project::Column::Slug.eq(slug.as_str())).one(&self.reader).await;
        found.doing("find a project")?.map(Project::try_from).transpose()
    }
}
