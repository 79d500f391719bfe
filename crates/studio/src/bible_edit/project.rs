//! Projects: made, described and deleted.

use bible::version::{Document, DocumentPath, Edit, Snapshot};
use bytes::Bytes;
use serde_json::{Value, json};
use store::{ArtifactFilter, PageRequest, Project};
use uuid::Uuid;

use super::resource::{invalid, slug_of};
use super::{Draft, EditError, EditQueue, Edited, Editor, Intent, Precondition, Resource, check, write};
use crate::{Show, Studio};

/// A project that was made.
#[derive(Debug, Clone)]
pub struct NewProject {
    /// It.
    pub project: Project,
    /// Its first commit.
    pub edited: Edited,
}

impl Studio {
    /// Makes a project of its settings (`title`, and what else `project.yaml` may say), with a first commit.
    ///
    /// # Errors
    /// [`EditError::Taken`] when there is one of its slug, [`EditError::Invalid`].
    pub async fn create_project(&self, queue: &EditQueue, intent: &Intent, settings: Value) -> Result<NewProject, EditError> {
        let slug = slug_of(&settings, "title")?;
        let mut fields = write::fields(settings, "a project")?;
        if !fields.contains_key("title") {
            return Err(invalid("/title", "`title` is missing", "write 1 to 200 characters"));
        }
        fields.insert("slug".into(), json!(slug));
        let text = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (title, description) = (text("title"), text("description"));
        let path = DocumentPath::of_file("project.yaml");
        let nothing = Snapshot::default();
        let placed = |error: EditError| match error {
            EditError::Invalid(wrong) => {
                EditError::Invalid(wrong.into_iter().map(|violation| check::Violation { document: None, ..violation }).collect())
            }
            other => other,
        };
        let edits: Vec<Edit> =
            write::structured(&nothing, &path, &Value::Object(fields), intent.extra_fields).map_err(placed)?.into_iter().collect();
        let after = check::applied(&nothing, &edits);
        check::sound(&nothing, &after, &edits).map_err(|wrong| placed(EditError::Invalid(wrong)))?;
        let show = Show::of_folder(crate::folder::Folder { source: after.to_source(), ..Default::default() })?;
        self.blobs.put(Bytes::from(show.json.clone())).await.map_err(crate::StudioError::from)?;
        let now = (self.environment.now)();
        let project = Project {
            id: (self.environment.new_id)(),
            slug: slug.clone(),
            title,
            description,
            bible: show.version,
            created_at: now,
            updated_at: now,
        };
        if !self.store.create_project(&project).await? {
            return Err(EditError::Taken { what: format!("project {slug}") });
        }
        let editor = Editor::new(self, project.id, queue);
        let message = format!("Begin {}", project.title.trim());
        let made = editor.edit(intent, None, move |_| Ok(Draft { edits: edits.clone(), message: message.clone() })).await;
        match made {
            Ok(edited) => Ok(NewProject { project, edited }),
            Err(error) => {
                // A project without its first commit is none.
                self.store.delete_project(project.id, now).await?;
                Err(error)
            }
        }
    }

    /// After an edit of a project's settings on its current branch: what the list of projects says follows.
    ///
    /// # Errors
    /// [`EditError::History`].
    pub async fn describe_project(&self, project: &Project, edited: &Edited) -> Result<Project, EditError> {
        let settings = edited.snapshot.get(&DocumentPath::of_file("project.yaml")).and_then(Document::value);
        let text = |field: &str| settings.and_then(|settings| settings.get(field)?.as_str()).unwrap_or_default();
        if !edited.current || (text("title"), text("description")) == (&project.title, &project.description) {
            return Ok(project.clone());
        }
        // Not later than the commit: what was noted after it would count as newer.
        self.store.describe_project(project.id, text("title"), text("description"), edited.at).await?;
        Ok(self.store.project(project.id).await?.unwrap_or_else(|| project.clone()))
    }

    /// Deletes a project with its whole history. One that pictures were drawn for is only deleted when told to.
    ///
    /// # Errors
    /// [`EditError::Stale`], [`EditError::NeedsForce`].
    pub async fn delete_project(
        &self,
        queue: &EditQueue,
        project: &Project,
        snapshot: &Snapshot,
        precondition: &Precondition,
        force: bool,
    ) -> Result<(), EditError> {
        let _turn = queue.turn(project.id).await;
        Resource::Project(Box::new(project.clone())).seen(snapshot, precondition)?;
        if !force && self.has_pictures(project.id).await? {
            return Err(EditError::NeedsForce { what: format!("pictures were drawn for the project {}", project.slug) });
        }
        if self.store.delete_project(project.id, (self.environment.now)()).await? {
            Ok(())
        } else {
            Err(EditError::Unknown { what: format!("project {}", project.slug), nearest: None })
        }
    }

    async fn has_pictures(&self, project: Uuid) -> Result<bool, EditError> {
        let Ok(one) = PageRequest::new(1, None) else { return Ok(true) };
        Ok(!self.store.artifacts(project, ArtifactFilter::default(), one).await?.items.is_empty())
    }
}
