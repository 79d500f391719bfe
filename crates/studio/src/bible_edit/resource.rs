//! What can be read and edited as one thing, and which documents it is written in.

use std::fmt;

use bible::source::nearest;
use bible::version::{DocumentKind, DocumentPath, Edit, Snapshot};
use bible::{Digest, Slug, StoryTime};
use serde_json::{Map, Value, json};

use super::check::Violation;
use super::error::EditError;
use super::{Precondition, episode, write};

/// Something that is read and edited as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A project: its row in the store, and its settings.
    Project(Box<store::Project>),
    /// Settings, style, world, narrative, characters, locations and props together.
    Bible,
    /// A character, location or prop.
    Named(DocumentKind, Slug),
    /// An episode: its settings, and what its documents come to.
    Episode(StoryTime),
    /// An episode's screenplay in Fountain.
    Script(StoryTime),
    /// An episode's shot list.
    ShotList(StoryTime),
    /// What the shot list says of a scene.
    Scene(StoryTime),
    /// What the shot list says of a shot.
    Shot(StoryTime),
}

/// What is shown of a project and not written in its settings.
const PROJECT_SHOWN: [&str; 4] = ["id", "slug", "bible", "updated_at"];

/// The bible's documents that there is one of.
const PARTS: [(&str, &str); 4] =
    [("settings", "project.yaml"), ("style", "bible/style.yaml"), ("world", "bible/world.yaml"), ("narrative", "bible/narrative.yaml")];

/// The bible's documents that there are many of.
const FOLDERS: [(&str, DocumentKind); 3] =
    [("characters", DocumentKind::Character), ("locations", DocumentKind::Location), ("props", DocumentKind::Prop)];

fn settings_path() -> DocumentPath {
    DocumentPath::of_file("project.yaml")
}

fn folder(kind: DocumentKind) -> &'static str {
    FOLDERS.iter().find(|(_, of)| *of == kind).map_or("props", |(name, _)| name)
}

fn named_path(kind: DocumentKind, slug: &Slug) -> DocumentPath {
    DocumentPath::of_file(&format!("bible/{}/{slug}.yaml", folder(kind)))
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(project) => write!(f, "project {}", project.slug),
            Self::Bible => f.write_str("bible"),
            Self::Named(DocumentKind::Character, slug) => write!(f, "character {slug}"),
            Self::Named(DocumentKind::Location, slug) => write!(f, "location {slug}"),
            Self::Named(_, slug) => write!(f, "prop {slug}"),
            Self::Episode(at) => write!(f, "episode {at}"),
            Self::Script(at) => write!(f, "script of {at}"),
            Self::ShotList(at) => write!(f, "shot list of {at}"),
            Self::Scene(at) => write!(f, "scene {at}"),
            Self::Shot(at) => write!(f, "shot {at}"),
        }
    }
}

impl Resource {
    /// A character.
    #[must_use]
    pub const fn character(slug: Slug) -> Self {
        Self::Named(DocumentKind::Character, slug)
    }

    /// A character, location or prop that is to be made: its name to refer to is its `slug`, or made of its `name`.
    ///
    /// # Errors
    /// [`EditError::Invalid`] when no such name is given and none can be made.
    pub fn to_be_named(kind: DocumentKind, value: &Value) -> Result<Self, EditError> {
        slug_of(value, "name").map(|slug| Self::Named(kind, slug))
    }

    /// Every character, location or prop of a bible, by name.
    #[must_use]
    pub fn all_named(kind: DocumentKind, snapshot: &Snapshot) -> Vec<Self> {
        let of_kind = snapshot.iter().filter(|(path, _)| path.kind() == kind);
        of_kind.filter_map(|(path, _)| path.slug()).map(|slug| Self::Named(kind, slug)).collect()
    }

    /// The documents that it is written in, for the log of its changes.
    #[must_use]
    pub fn documents(&self) -> Vec<String> {
        match self {
            Self::Project(_) => vec!["settings".to_owned()],
            Self::Bible => PARTS.iter().map(|(name, _)| *name).chain(FOLDERS.map(|(name, _)| name)).map(str::to_owned).collect(),
            Self::Named(kind, slug) => vec![named_path(*kind, slug).to_string()],
            Self::Episode(at) => vec![format!("episodes/{}", at.episode_start())],
            Self::Script(at) => vec![episode::script_path(*at).to_string()],
            Self::ShotList(at) | Self::Scene(at) | Self::Shot(at) => vec![episode::shots_path(*at).to_string()],
        }
    }

    /// What it is, as it is shown: what was written, and beside it a few things that follow.
    #[must_use]
    pub fn represent(&self, snapshot: &Snapshot) -> Option<Value> {
        match self {
            Self::Project(project) => {
                let mut fields = write::said(snapshot, &settings_path()).unwrap_or_default();
                fields.entry("title").or_insert_with(|| json!(project.title));
                fields.entry("description").or_insert_with(|| json!(project.description));
                fields.entry("language").or_insert_with(|| json!("en"));
                fields.insert("slug".into(), json!(project.slug));
                fields.insert("id".into(), json!(project.id));
                fields.insert("bible".into(), json!(project.bible));
                fields.insert("updated_at".into(), json!(project.updated_at));
                Some(Value::Object(fields))
            }
            Self::Bible => (!snapshot.is_empty()).then(|| whole(snapshot)),
            Self::Named(kind, slug) => {
                let mut fields = write::said(snapshot, &named_path(*kind, slug))?;
                fields.insert("slug".into(), json!(slug));
                Some(Value::Object(fields))
            }
            Self::Episode(at) => episode::episode(snapshot, *at),
            Self::Script(at) => episode::script_text(snapshot, *at).map(Value::from),
            Self::ShotList(at) => {
                let list = write::said(snapshot, &episode::shots_path(*at));
                list.or_else(|| episode::exists(snapshot, *at).then(Map::new)).map(Value::Object)
            }
            Self::Scene(at) => episode::scene(snapshot, *at),
            Self::Shot(at) => episode::shot(snapshot, *at),
        }
    }

    /// Its tag: equal tags, equal states.
    ///
    /// # Errors
    /// [`EditError::Unknown`].
    pub fn tag(&self, snapshot: &Snapshot) -> Result<Digest, EditError> {
        self.represent(snapshot).map(|value| tag(&value)).ok_or_else(|| self.unknown(snapshot))
    }

    /// That it is not there, with the nearest that is.
    #[must_use]
    pub fn unknown(&self, snapshot: &Snapshot) -> EditError {
        let nearest = match self {
            Self::Named(kind, slug) => {
                let all = Self::all_named(*kind, snapshot);
                let names = all.iter().filter_map(|one| match one {
                    Self::Named(_, slug) => Some(slug.as_str()),
                    _ => None,
                });
                nearest(slug.as_str(), names).map(str::to_owned)
            }
            _ => None,
        };
        EditError::Unknown { what: self.to_string(), nearest }
    }

    /// What it is, when that is what the client saw.
    pub(super) fn seen(&self, snapshot: &Snapshot, precondition: &Precondition) -> Result<Value, EditError> {
        let current = self.represent(snapshot).ok_or_else(|| self.unknown(snapshot))?;
        match precondition {
            Precondition::Exists => Ok(current),
            Precondition::Seen(tags) if tags.contains(&tag(&current)) => Ok(current),
            Precondition::Seen(_) => Err(EditError::Stale { what: self.to_string(), tag: tag(&current), current }),
        }
    }

    /// Whether something of this name would be overwritten.
    pub(super) fn is_taken(&self, snapshot: &Snapshot) -> bool {
        match self {
            // A project begins with its settings; the bible is what comes to them.
            Self::Bible => snapshot
                .iter()
                .any(|(path, _)| !matches!(path.kind(), DocumentKind::Settings | DocumentKind::File) && path.episode().is_none()),
            Self::ShotList(at) => snapshot.get(&episode::shots_path(*at)).is_some(),
            other => other.represent(snapshot).is_some(),
        }
    }

    /// The edits that make it.
    pub(super) fn created(&self, snapshot: &Snapshot, value: Value, extra: bool) -> Result<Vec<Edit>, EditError> {
        match self {
            Self::Named(_, slug) => {
                let shown = json!({ "slug": slug });
                self.replaced(snapshot, &shown, value, extra)
            }
            Self::Bible => {
                let mut fields = write::fields(value, "a bible")?;
                if !fields.contains_key("settings")
                    && let Some(settings) = write::said(snapshot, &settings_path())
                {
                    fields.insert("settings".into(), Value::Object(settings));
                }
                self.replaced(snapshot, &Value::Null, Value::Object(fields), extra)
            }
            Self::Episode(at) => {
                let mut fields = write::fields(value, "an episode")?;
                let script = match fields.remove("script") {
                    Some(Value::String(text)) => text,
                    Some(_) => return Err(invalid("/script", "`script` is no text", "write a screenplay in Fountain")),
                    None => {
                        return Err(invalid("/script", "`script` is missing", "write a screenplay in Fountain, with one scene at least"));
                    }
                };
                let list = fields.remove("shot_list");
                write::without_shown(&mut fields, &["at"], Some(&json!({ "at": at })))?;
                let mut edits: Vec<Edit> = write::script(snapshot, &episode::script_path(*at), &script).into_iter().collect();
                if !fields.is_empty() {
                    edits.extend(write::structured(snapshot, &episode::settings_path(*at), &Value::Object(fields), extra)?);
                }
                if let Some(list) = list {
                    edits.extend(write::structured(snapshot, &episode::shots_path(*at), &list, extra)?);
                }
                Ok(edits)
            }
            // A shot that is made comes behind those that are listed.
            Self::Shot(at) => {
                let place = episode::place(snapshot, *at).ok_or_else(|| Self::Scene(at.at_scene(at.scene)).unknown(snapshot))?;
                let mut scene = episode::scene_said(snapshot, *at, &place.key);
                let Some(Value::Array(shots)) = scene.get_mut("shots") else {
                    let fix = "list all shots of the scene first (PUT the scene with `shots`), or change one of those by its number";
                    return Err(invalid("", "the director's rules make the shots of this scene", fix));
                };
                let mut fields = write::fields(value, "a shot")?;
                write::without_shown(&mut fields, &episode::SHOT_SHOWN, None)?;
                shots.push(Value::Object(fields));
                let list = episode::with_scene(snapshot, *at, &place.key, scene);
                Ok(write::structured(snapshot, &episode::shots_path(*at), &list, extra)?.into_iter().collect())
            }
            other => other.replaced(snapshot, &Value::Null, value, extra),
        }
    }

    /// The edits that give it a new state.
    pub(super) fn replaced(&self, snapshot: &Snapshot, current: &Value, new: Value, extra: bool) -> Result<Vec<Edit>, EditError> {
        let one = |edit: Option<Edit>| edit.into_iter().collect();
        match self {
            Self::Project(project) => {
                let mut fields = write::fields(new, "a project")?;
                write::without_shown(&mut fields, &PROJECT_SHOWN, Some(current))?;
                fields.insert("slug".into(), json!(project.slug));
                // What is shown although nobody wrote it stays unwritten.
                let written = write::said(snapshot, &settings_path()).unwrap_or_default();
                for shown in ["description", "language"] {
                    if !written.contains_key(shown) && fields.get(shown) == current.get(shown) {
                        fields.remove(shown);
                    }
                }
                Ok(one(write::structured(snapshot, &settings_path(), &Value::Object(fields), extra)?))
            }
            Self::Bible => bible_replaced(snapshot, new, extra),
            Self::Named(kind, slug) => {
                let path = named_path(*kind, slug);
                let mut fields = write::fields(new, "it")?;
                write::without_shown(&mut fields, &["slug"], Some(current))?;
                // A field that happens to have the name of one that is shown stays what a person wrote.
                if let Some(own) = write::said(snapshot, &path).and_then(|mut old| old.remove("slug")) {
                    fields.insert("slug".into(), own);
                }
                Ok(one(write::structured(snapshot, &path, &Value::Object(fields), extra)?))
            }
            Self::Episode(at) => {
                let path = episode::settings_path(*at);
                let mut fields = write::fields(new, "an episode")?;
                write::without_shown(&mut fields, &episode::EPISODE_SHOWN, Some(current))?;
                if fields.is_empty() && snapshot.get(&path).is_none() {
                    return Ok(Vec::new());
                }
                Ok(one(write::structured(snapshot, &path, &Value::Object(fields), extra)?))
            }
            Self::Script(at) => match new {
                Value::String(text) => Ok(one(write::script(snapshot, &episode::script_path(*at), &text))),
                _ => Err(invalid("", "a script is a text", "write a screenplay in Fountain")),
            },
            Self::ShotList(at) => {
                let fields = write::fields(new, "a shot list")?;
                if fields.is_empty() && snapshot.get(&episode::shots_path(*at)).is_none() {
                    return Ok(Vec::new());
                }
                Ok(one(write::structured(snapshot, &episode::shots_path(*at), &Value::Object(fields), extra)?))
            }
            Self::Scene(at) => {
                let place = episode::place(snapshot, *at).ok_or_else(|| self.unknown(snapshot))?;
                let mut fields = write::fields(new, "a scene")?;
                write::without_shown(&mut fields, &episode::SCENE_SHOWN, Some(current))?;
                let list = episode::with_scene(snapshot, *at, &place.key, fields);
                Ok(one(write::structured(snapshot, &episode::shots_path(*at), &list, extra)?))
            }
            Self::Shot(at) => {
                let place = episode::place(snapshot, *at).ok_or_else(|| self.unknown(snapshot))?;
                let mut fields = write::fields(new, "a shot")?;
                write::without_shown(&mut fields, &episode::SHOT_SHOWN, Some(current))?;
                let scene = episode::with_shot(episode::scene_said(snapshot, *at, &place.key), *at, Some(fields));
                let list = episode::with_scene(snapshot, *at, &place.key, scene);
                Ok(one(write::structured(snapshot, &episode::shots_path(*at), &list, extra)?))
            }
        }
    }

    /// The edits that take it away.
    pub(super) fn removed(&self, snapshot: &Snapshot) -> Result<Vec<Edit>, EditError> {
        match self {
            Self::Named(kind, slug) => Ok(vec![write::gone(named_path(*kind, slug))]),
            Self::Episode(at) => {
                let all = [episode::settings_path(*at), episode::script_path(*at), episode::shots_path(*at)];
                Ok(all.into_iter().filter(|path| snapshot.get(path).is_some()).map(write::gone).collect())
            }
            Self::ShotList(at) => {
                let path = episode::shots_path(*at);
                Ok(snapshot.get(&path).map(|_| write::gone(path.clone())).into_iter().collect())
            }
            Self::Scene(at) => {
                let place = episode::place(snapshot, *at).ok_or_else(|| self.unknown(snapshot))?;
                if episode::scene_said(snapshot, *at, &place.key).is_empty() {
                    return Ok(Vec::new());
                }
                let list = episode::with_scene(snapshot, *at, &place.key, Map::new());
                Ok(write::structured(snapshot, &episode::shots_path(*at), &list, true)?.into_iter().collect())
            }
            Self::Shot(at) => {
                let place = episode::place(snapshot, *at).ok_or_else(|| self.unknown(snapshot))?;
                let before = episode::scene_said(snapshot, *at, &place.key);
                let scene = episode::with_shot(before.clone(), *at, None);
                if scene == before {
                    return Ok(Vec::new());
                }
                let list = episode::with_scene(snapshot, *at, &place.key, scene);
                Ok(write::structured(snapshot, &episode::shots_path(*at), &list, true)?.into_iter().collect())
            }
            Self::Project(_) | Self::Bible | Self::Script(_) => {
                Err(EditError::Unknown { what: format!("way to take away the {self} alone"), nearest: None })
            }
        }
    }

    /// Where a place of a document is in what is shown; none when it is in another document.
    pub(super) fn place(&self, snapshot: &Snapshot, document: &str, pointer: &str) -> Option<String> {
        match self {
            Self::Project(_) => (document == "settings").then(|| pointer.to_owned()),
            Self::Bible => {
                let inside = PARTS.iter().any(|(name, _)| *name == document)
                    || FOLDERS.iter().any(|(name, _)| document.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')));
                inside.then(|| format!("/{document}{pointer}"))
            }
            Self::Named(kind, slug) => (document == named_path(*kind, slug).as_str()).then(|| pointer.to_owned()),
            Self::Episode(at) => match document {
                _ if document == episode::settings_path(*at).as_str() => Some(pointer.to_owned()),
                _ if document == episode::script_path(*at).as_str() => Some("/script".to_owned()),
                _ if document == episode::shots_path(*at).as_str() => Some(format!("/shot_list{pointer}")),
                _ => None,
            },
            Self::Script(at) => (document == episode::script_path(*at).as_str()).then(String::new),
            Self::ShotList(at) => (document == episode::shots_path(*at).as_str()).then(|| pointer.to_owned()),
            Self::Scene(at) | Self::Shot(at) => {
                if document != episode::shots_path(*at).as_str() {
                    return None;
                }
                let key = episode::place(snapshot, *at)?.key.replace('~', "~0").replace('/', "~1");
                let inside = pointer.strip_prefix(&format!("/scenes/{key}"))?;
                if at.shot == 0 {
                    return Some(inside.to_owned());
                }
                let listed = inside.strip_prefix("/shots/").and_then(|rest| rest.strip_prefix(&(at.shot - 1).to_string()));
                let refined = || inside.strip_prefix("/refine/").and_then(|rest| rest.strip_prefix(&at.shot.to_string()));
                listed.or_else(refined).filter(|rest| rest.is_empty() || rest.starts_with('/')).map(str::to_owned)
            }
        }
    }
}

/// The tag of a state.
#[must_use]
pub(super) fn tag(value: &Value) -> Digest {
    // A JSON value always has a JSON form.
    Digest::of_json(value).unwrap_or_else(|_| Digest::of(b""))
}

pub(super) fn invalid(pointer: &str, problem: &str, fix: &str) -> EditError {
    EditError::Invalid(vec![Violation::new(pointer, problem, fix)])
}

/// A name to refer to: the `slug` of a value, or one made of another of its fields.
pub(super) fn slug_of(value: &Value, of: &str) -> Result<Slug, EditError> {
    match (value.get("slug"), value.get(of)) {
        (Some(Value::String(slug)), _) => slug.parse().map_err(|error: bible::id::ParseSlugError| {
            let text = error.to_string();
            let (problem, fix) = text.split_once(": ").unwrap_or((&text, ""));
            invalid("/slug", problem, fix)
        }),
        (Some(_), _) => Err(invalid("/slug", "`slug` is no text", "write one such as \"mei\"")),
        (None, Some(Value::String(name))) => Slug::nearest(name).ok_or_else(|| {
            let fix = "add `slug`: 1 to 64 lower-case letters, digits and single hyphens, such as \"mei\"";
            invalid("/slug", &format!("no name to refer to can be made of {name:?}"), fix)
        }),
        (None, Some(_)) => Err(invalid(&format!("/{of}"), &format!("`{of}` is no text"), "write a text")),
        (None, None) => Err(invalid(&format!("/{of}"), &format!("`{of}` is missing"), &format!("add `{of}`"))),
    }
}

/// The whole bible as one value.
fn whole(snapshot: &Snapshot) -> Value {
    let mut fields = Map::new();
    for (name, file) in PARTS {
        if let Some(part) = write::said(snapshot, &DocumentPath::of_file(file)) {
            fields.insert(name.into(), Value::Object(part));
        }
    }
    for (name, kind) in FOLDERS {
        let of_kind = snapshot.iter().filter(|(path, _)| path.kind() == kind);
        let documents = of_kind.filter_map(|(path, _)| Some((path.slug()?.to_string(), Value::Object(write::said(snapshot, path)?))));
        fields.insert(name.into(), Value::Object(documents.collect()));
    }
    Value::Object(fields)
}

/// A new state of the whole bible: documents that it does not name are taken away.
fn bible_replaced(snapshot: &Snapshot, new: Value, extra: bool) -> Result<Vec<Edit>, EditError> {
    let mut fields = write::fields(new, "a bible")?;
    let (mut edits, mut wrong) = (Vec::new(), Vec::new());
    let mut collect = |written: Result<Option<Edit>, EditError>| match written {
        Ok(edit) => {
            edits.extend(edit);
            Ok(())
        }
        Err(EditError::Invalid(more)) => {
            wrong.extend(more);
            Ok(())
        }
        Err(other) => Err(other),
    };
    for (name, file) in PARTS {
        let path = DocumentPath::of_file(file);
        match fields.remove(name) {
            Some(mut value) => {
                // The name by which the project is known stays.
                if name == "settings"
                    && let (Some(settings), Some(slug)) =
                        (value.as_object_mut(), write::said(snapshot, &path).and_then(|mut old| old.remove("slug")))
                {
                    match settings.insert("slug".into(), slug.clone()) {
                        Some(sent) if sent != slug => {
                            return Err(invalid(
                                "/settings/slug",
                                "`slug` cannot be changed here",
                                "leave it out, or send it as you read it",
                            ));
                        }
                        _ => {}
                    }
                }
                let value = match write::fields(value, name) {
                    Ok(fields) => Value::Object(fields),
                    Err(_) => return Err(invalid(&format!("/{name}"), &format!("`{name}` is an object of fields"), "write `{ … }`")),
                };
                collect(write::structured(snapshot, &path, &value, extra))?;
            }
            None if name == "settings" => {
                return Err(invalid("/settings", "`settings` is missing", "a project needs its title: send them as you read them"));
            }
            None if snapshot.get(&path).is_some() => collect(Ok(Some(write::gone(path))))?,
            None => {}
        }
    }
    for (name, kind) in FOLDERS {
        let named = match fields.remove(name) {
            None => Map::new(),
            Some(Value::Object(named)) => named,
            Some(_) => {
                return Err(invalid(&format!("/{name}"), &format!("`{name}` is an object: names and what they name"), "write `{ … }`"));
            }
        };
        for resource in Resource::all_named(kind, snapshot) {
            if let Resource::Named(_, slug) = resource
                && !named.contains_key(slug.as_str())
            {
                collect(Ok(Some(write::gone(named_path(kind, &slug)))))?;
            }
        }
        for (slug, value) in named {
            let at = format!("/{name}/{slug}");
            let slug: Slug = slug.parse().map_err(|error: bible::id::ParseSlugError| invalid(&at, &error.to_string(), ""))?;
            if !value.is_object() {
                return Err(invalid(&at, &format!("`{slug}` is an object of fields"), "write `{ … }`"));
            }
            collect(write::structured(snapshot, &named_path(kind, &slug), &value, extra))?;
        }
    }
    if let Some(field) = fields.keys().next() {
        let known = PARTS.iter().map(|(name, _)| *name).chain(FOLDERS.map(|(name, _)| name));
        let fix = match nearest(field, known) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "a bible has settings, style, world, narrative, characters, locations and props".to_owned(),
        };
        return Err(invalid(&format!("/{field}"), &format!("there is no field `{field}` here"), &fix));
    }
    if wrong.is_empty() { Ok(edits) } else { Err(EditError::Invalid(wrong)) }
}
