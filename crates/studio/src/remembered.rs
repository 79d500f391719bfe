//! The graph of the version planned before: what an edit does not touch is taken from there.
//!
//! A clip's brief is made from its episode, its place, its cast, its props, and a few settings of the show, and from
//! nothing else (`director::Director::clip`). So it is enough to know which of those differ. That this leaves nothing
//! out is checked against graphs made without memory, in the tests here and in the benchmarks.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bible::story::{Episode, Scene, Shot};
use bible::{Digest, Project, Slug, StoryTime};

use crate::graph::{EpisodeNode, Graph, Node, Work};
use crate::subject::Subject;

/// A graph that was made before, with what it was made from.
#[derive(Debug)]
pub(crate) struct Remembered {
    project: Arc<Project>,
    engine: Digest,
    nodes: HashSet<BySubject>,
    sheets: HashMap<Slug, Vec<Arc<Node>>>,
    episodes: BTreeMap<StoryTime, Arc<EpisodeNode>>,
}

/// A node that is found by what it makes.
#[derive(Debug)]
struct BySubject(Arc<Node>);

impl Borrow<Subject> for BySubject {
    fn borrow(&self) -> &Subject {
        &self.0.subject
    }
}

impl PartialEq for BySubject {
    fn eq(&self, other: &Self) -> bool {
        self.0.subject == other.0.subject
    }
}

impl Eq for BySubject {}

impl Hash for BySubject {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.subject.hash(state);
    }
}

impl Remembered {
    /// Remembers a graph. `engine` stands for everything that decides how it draws.
    pub(crate) fn new(project: Arc<Project>, engine: Digest, graph: &Graph<'_>) -> Self {
        let mut sheets: HashMap<Slug, Vec<Arc<Node>>> = HashMap::new();
        for node in &graph.nodes {
            if let Subject::Sheet { character, .. } = &node.subject {
                sheets.entry(character.clone()).or_default().push(Arc::clone(node));
            }
        }
        Self {
            project,
            engine,
            nodes: graph.nodes.iter().map(|node| BySubject(Arc::clone(node))).collect(),
            sheets,
            episodes: graph.episodes.iter().map(|episode| (episode.at, Arc::clone(episode))).collect(),
        }
    }

    /// What of it still holds for a newer version; none when every picture differs.
    pub(crate) fn held_against(&self, project: &Project, engine: Digest) -> Option<Untouched<'_>> {
        let (old, new) = (&self.project, project);
        if self.engine != engine || old.settings != new.settings || old.bible.style != new.bible.style {
            return None;
        }
        let episodes: BTreeMap<StoryTime, &Episode> = old.episodes.iter().map(|episode| (episode.at, episode)).collect();
        Some(Untouched {
            before: self,
            characters: changed(&old.bible.characters, &new.bible.characters),
            locations: changed(&old.bible.locations, &new.bible.locations),
            props: changed(&old.bible.props, &new.bible.props),
            episodes: new.episodes.iter().filter(|episode| episodes.get(&episode.at) == Some(episode)).map(|episode| episode.at).collect(),
        })
    }
}

/// Names whose values differ.
fn changed<T: PartialEq>(old: &BTreeMap<Slug, T>, new: &BTreeMap<Slug, T>) -> BTreeSet<Slug> {
    old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name)).cloned().collect()
}

/// What an edit leaves as it was.
pub(crate) struct Untouched<'a> {
    before: &'a Remembered,
    characters: BTreeSet<Slug>,
    locations: BTreeSet<Slug>,
    props: BTreeSet<Slug>,
    episodes: BTreeSet<StoryTime>,
}

impl Untouched<'_> {
    /// The sheets of a character.
    pub(crate) fn sheets(&self, character: &Slug) -> Option<impl Iterator<Item = Arc<Node>>> {
        if self.characters.contains(character) {
            return None;
        }
        Some(self.before.sheets.get(character)?.iter().cloned())
    }

    /// Whether a shot is briefed as before.
    pub(crate) fn shot(&self, episode: StoryTime, scene: &Scene, shot: &Shot) -> bool {
        self.episodes.contains(&episode)
            && !self.locations.contains(&scene.location)
            && !shot.props.iter().any(|prop| self.props.contains(&prop.prop))
            && !shot
                .cast
                .iter()
                .any(|member| self.characters.contains(&member.character) || member.holds.iter().any(|prop| self.props.contains(prop)))
    }

    /// A node of a shot that is briefed as before.
    pub(crate) fn node(&self, subject: &Subject) -> Option<Arc<Node>> {
        self.before.nodes.get(subject).map(|node| Arc::clone(&node.0))
    }

    /// An episode whose clips are all as they were and whose lines are spoken by the same people.
    pub(crate) fn episode(&self, episode: &Episode) -> Option<Arc<EpisodeNode>> {
        let same = self.episodes.contains(&episode.at)
            && !episode.shots().flat_map(|(_, shot)| &shot.lines).any(|line| self.characters.contains(&line.character));
        same.then(|| self.before.episodes.get(&episode.at).cloned())?
    }
}

/// The brief of a shot's node.
pub(crate) fn clip_of(node: &Node) -> Option<&Arc<engine::ClipBrief>> {
    match &node.work {
        Work::Shot { clip, .. } => Some(clip),
        Work::Sheet(_) | Work::Film { .. } | Work::Transition { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bible::Colour;
    use layout::LayoutEngine;

    use super::*;
    use crate::Show;
    use crate::accepted_sheets::AcceptedSheets;
    use crate::rendering::Rendering;

    fn show() -> Show {
        Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/lantern-road")).unwrap()
    }

    fn recipes(graph: &Graph<'_>) -> Vec<(Subject, Digest)> {
        let episodes = graph.episodes.iter().map(|episode| (Subject::Episode(episode.at), episode.recipe));
        graph.nodes.iter().map(|node| (node.subject.clone(), node.recipe)).chain(episodes).collect()
    }

    #[test]
    fn a_graph_with_memory_is_the_graph_without() {
        type Edit = (&'static str, fn(&mut Project));
        let edits: [Edit; 9] = [
            ("nothing", |_| ()),
            ("a hair colour", |project| {
                let mio = project.bible.characters.get_mut("mio").unwrap();
                mio.colour_model.get_mut("hair").unwrap().base = Colour::new(9, 99, 9);
            }),
            ("a name", |project| project.bible.characters.get_mut("ume").unwrap().name = "Grandmother".to_owned()),
            ("a set", |project| project.bible.locations.get_mut("workshop").unwrap().set = "studio".parse().unwrap()),
            ("a prop", |project| project.bible.props.values_mut().next().unwrap().part = "umbrella".parse().unwrap()),
            ("a dissolve", |project| {
                let shot = &mut project.episodes[0].scenes[1].shots[0];
                shot.transition.kind = bible::story::TransitionKind::Dissolve;
                shot.transition.frames = 12;
            }),
            ("a shot less", |project| drop(project.episodes[0].scenes[2].shots.pop())),
            ("the line", |project| project.bible.style.line_weight = 1.5),
            ("somebody new", |project| {
                let copy = project.bible.characters["mio"].clone();
                project.bible.characters.insert("twin".parse().unwrap(), copy);
            }),
        ];
        let show = show();
        let engine: LayoutEngine = show.engine();
        let stamp = Digest::of(b"engine");
        for rendering in [None, filmed(&show), shown(&show)] {
            let before =
                Remembered::new(Arc::clone(&show.project), stamp, &Graph::drawn(&show.project, &engine, rendering.clone()).unwrap());
            for (what, edit) in edits {
                let mut project = (*show.project).clone();
                edit(&mut project);
                let fresh = recipes(&Graph::drawn(&project, &engine, rendering.clone()).unwrap());
                let untouched = before.held_against(&project, stamp);
                let remembered = recipes(&Graph::after(&project, &engine, rendering.clone(), untouched.as_ref()).unwrap());
                assert_eq!(remembered, fresh, "{what}");
            }
            assert!(before.held_against(&show.project, Digest::of(b"another engine")).is_none());
        }
    }

    /// The show as ComfyUI would draw it, with films from each key picture on.
    fn filmed(show: &Show) -> Option<Rendering> {
        let mut show = show.clone();
        let render = serde_json::json!({ "engine": "comfyui", "workflow": "sdxl", "film": { "workflow": "wan22-i2v" } });
        Arc::make_mut(&mut show.project).settings.render = serde_json::from_value(render).unwrap();
        Rendering::of(&show).unwrap()
    }

    /// The show as ComfyUI would draw it that is shown who people are, with every front of its sheets accepted.
    fn shown(show: &Show) -> Option<Rendering> {
        let mut show = show.clone();
        let render = serde_json::json!({ "engine": "comfyui", "workflow": "sdxl", "controls": ["references"],
            "slots": { "references.adapter": "adapter.safetensors", "references.clip_vision": "vision.safetensors" } });
        Arc::make_mut(&mut show.project).settings.render = serde_json::from_value(render).unwrap();
        let (engine, rendering) = (show.engine(), Rendering::of(&show).unwrap().unwrap());
        let graph = Graph::drawn(&show.project, &engine, Some(rendering.clone())).unwrap();
        let fronts = graph.nodes.iter().filter(|node| node.subject.to_string().ends_with("/front"));
        let sheets = AcceptedSheets::of(fronts.map(|node| (&node.subject, node.recipe, "a front")));
        Some(rendering.with_sheets(Arc::new(sheets)))
    }
}
