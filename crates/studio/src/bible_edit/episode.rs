//! Episodes, scenes and shots as far as they are written: the screenplay, and what the shot list says.
//!
//! A scene's heading and what happens in it are the screenplay's. A shot exists because the shot list lists it, or
//! because the director's rules made it; of the latter the list only says what is different (`refine`).

use bible::StoryTime;
use bible::fountain::{Script, plain};
use bible::version::{Document, DocumentPath, Snapshot};
use serde_json::{Map, Value, json};

use super::resource::Resource;
use super::write::said;

fn file(at: StoryTime, name: &str) -> DocumentPath {
    DocumentPath::of_file(&format!("episodes/{}/{name}", at.episode_start().to_string().to_lowercase()))
}

pub(super) fn settings_path(at: StoryTime) -> DocumentPath {
    file(at, "episode.yaml")
}

pub(super) fn script_path(at: StoryTime) -> DocumentPath {
    file(at, "script.fountain")
}

pub(super) fn shots_path(at: StoryTime) -> DocumentPath {
    file(at, "shots.yaml")
}

/// Whether any document of an episode is there.
pub(super) fn exists(snapshot: &Snapshot, at: StoryTime) -> bool {
    [settings_path(at), script_path(at), shots_path(at)].iter().any(|path| snapshot.get(path).is_some())
}

/// The episodes of a bible, in story order.
pub(super) fn all(snapshot: &Snapshot) -> Vec<StoryTime> {
    let mut all: Vec<StoryTime> = snapshot.iter().filter_map(|(path, _)| path.episode()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

pub(super) fn script_text(snapshot: &Snapshot, at: StoryTime) -> Option<&str> {
    match snapshot.get(&script_path(at))? {
        Document::Script(text) => Some(text),
        Document::Structured { .. } | Document::File(_) => None,
    }
}

/// An episode as it is shown: its settings as written, and what follows from its screenplay.
pub(super) fn episode(snapshot: &Snapshot, at: StoryTime) -> Option<Value> {
    if !exists(snapshot, at) {
        return None;
    }
    let mut fields = said(snapshot, &settings_path(at)).unwrap_or_default();
    let text = script_text(snapshot, at).unwrap_or_default();
    let script = Script::parse(text);
    let written = fields.get("title").and_then(Value::as_str).map(str::to_owned);
    let title = written.or_else(|| script.title_field("title").map(|title| plain(&title).replace('\n', " ")));
    let scenes: Vec<Value> = script
        .scenes()
        .iter()
        .zip(1..)
        .map(|(scene, number)| json!({ "at": at.at_scene(number), "heading": scene.heading.text }))
        .collect();
    fields.insert("at".into(), json!(at));
    fields.insert("shown_title".into(), json!(title.filter(|title| !title.trim().is_empty()).unwrap_or_else(|| at.to_string())));
    fields.insert("scenes".into(), Value::Array(scenes));
    fields.insert("script_digest".into(), json!(bible::Digest::of(text.as_bytes())));
    let list = said(snapshot, &shots_path(at)).map(Value::Object);
    fields.insert("shot_list_digest".into(), json!(list.and_then(|list| bible::Digest::of_json(&list).ok())));
    Some(Value::Object(fields))
}

/// What is shown of an episode and not written in its settings.
pub(super) const EPISODE_SHOWN: [&str; 5] = ["at", "shown_title", "scenes", "script_digest", "shot_list_digest"];

/// What is shown of a scene and not written in the shot list.
pub(super) const SCENE_SHOWN: [&str; 3] = ["at", "heading", "number"];

/// What is shown of a shot and not written in the shot list.
pub(super) const SHOT_SHOWN: [&str; 2] = ["at", "listed"];

/// A scene: its heading in the screenplay and its name in the shot list.
pub(super) struct Place {
    pub(super) heading: String,
    /// The number that the screenplay prints.
    pub(super) number: Option<String>,
    /// The key in the shot list, whether it is there yet or not.
    pub(super) key: String,
}

/// Finds a scene by its place in the episode. The key is the one by which the director would find it: the number
/// that the screenplay prints, or else the place.
pub(super) fn place(snapshot: &Snapshot, at: StoryTime) -> Option<Place> {
    let script = Script::parse(script_text(snapshot, at)?);
    let scenes = script.scenes();
    let scene = scenes.get(usize::from(at.scene).checked_sub(1)?)?;
    let listed = scenes_said(snapshot, at);
    let number = scene.heading.number.clone();
    let by_place = at.scene.to_string();
    let printed_elsewhere = scenes.iter().any(|scene| scene.heading.number.as_deref() == Some(&by_place));
    let key = match &number {
        Some(own) if listed.contains_key(own) || printed_elsewhere || !listed.contains_key(&by_place) => own.clone(),
        _ => by_place,
    };
    Some(Place { heading: scene.heading.text.clone(), number, key })
}

/// The scenes of the shot list as written.
fn scenes_said(snapshot: &Snapshot, at: StoryTime) -> Map<String, Value> {
    let list = said(snapshot, &shots_path(at)).unwrap_or_default();
    list.get("scenes").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// What the shot list says of a scene.
pub(super) fn scene_said(snapshot: &Snapshot, at: StoryTime, key: &str) -> Map<String, Value> {
    scenes_said(snapshot, at).get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The shot list with other words about one scene; without words the scene is left out of it.
pub(super) fn with_scene(snapshot: &Snapshot, at: StoryTime, key: &str, scene: Map<String, Value>) -> Value {
    let mut list = said(snapshot, &shots_path(at)).unwrap_or_default();
    let mut scenes = scenes_said(snapshot, at);
    if scene.is_empty() {
        scenes.remove(key);
    } else {
        scenes.insert(key.to_owned(), Value::Object(scene));
    }
    list.insert("scenes".into(), Value::Object(scenes));
    Value::Object(list)
}

/// A scene as it is shown.
pub(super) fn scene(snapshot: &Snapshot, at: StoryTime) -> Option<Value> {
    let place = place(snapshot, at)?;
    let mut fields = scene_said(snapshot, at, &place.key);
    fields.insert("at".into(), json!(at.at_scene(at.scene)));
    fields.insert("heading".into(), json!(place.heading));
    fields.insert("number".into(), json!(place.number));
    Some(Value::Object(fields))
}

/// The shots that the shot list lists for a scene; none when the rules make them.
pub(super) fn listed(scene: &Map<String, Value>) -> Option<&Vec<Value>> {
    scene.get("shots").and_then(Value::as_array)
}

/// A shot as it is shown: what is written of it. Of a shot that the rules make that may be nothing.
pub(super) fn shot(snapshot: &Snapshot, at: StoryTime) -> Option<Value> {
    let place = place(snapshot, at)?;
    let scene = scene_said(snapshot, at, &place.key);
    let index = usize::from(at.shot).checked_sub(1)?;
    let written = match listed(&scene) {
        Some(shots) => Some(shots.get(index)?),
        None => scene.get("refine").and_then(|refine| refine.get(at.shot.to_string())),
    };
    let mut fields = written.and_then(Value::as_object).cloned().unwrap_or_default();
    fields.insert("at".into(), json!(at));
    fields.insert("listed".into(), json!(listed(&scene).is_some()));
    Some(Value::Object(fields))
}

/// The scene with other words about one shot; with none, the shot is taken out (or back to what the rules make).
pub(super) fn with_shot(mut scene: Map<String, Value>, at: StoryTime, shot: Option<Map<String, Value>>) -> Map<String, Value> {
    let index = usize::from(at.shot).saturating_sub(1);
    if let Some(Value::Array(shots)) = scene.get_mut("shots") {
        match shot {
            Some(shot) if index < shots.len() => shots[index] = Value::Object(shot),
            Some(shot) => shots.push(Value::Object(shot)),
            None if index < shots.len() => drop(shots.remove(index)),
            None => {}
        }
        return scene;
    }
    let mut refine = scene.get("refine").and_then(Value::as_object).cloned().unwrap_or_default();
    match shot.filter(|shot| !shot.is_empty()) {
        Some(shot) => drop(refine.insert(at.shot.to_string(), Value::Object(shot))),
        None => drop(refine.remove(&at.shot.to_string())),
    }
    if refine.is_empty() {
        scene.remove("refine");
    } else {
        scene.insert("refine".into(), Value::Object(refine));
    }
    scene
}

impl Resource {
    /// The episodes of a bible, in story order.
    #[must_use]
    pub fn episodes(snapshot: &Snapshot) -> Vec<Self> {
        all(snapshot).into_iter().map(Self::Episode).collect()
    }

    /// The scenes of an episode, as its screenplay has them.
    #[must_use]
    pub fn scenes(snapshot: &Snapshot, at: StoryTime) -> Vec<Self> {
        let count = script_text(snapshot, at).map_or(0, |text| Script::parse(text).scenes().len());
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        (1..=count).map(|number| Self::Scene(at.episode_start().at_scene(number))).collect()
    }

    /// How many shots the shot list lists for a scene; none when the rules make them, or when there is no such scene.
    #[must_use]
    pub fn listed_shots(snapshot: &Snapshot, scene: StoryTime) -> Option<usize> {
        let place = place(snapshot, scene)?;
        listed(&scene_said(snapshot, scene, &place.key)).map(Vec::len)
    }
}
