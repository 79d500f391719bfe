//! By which accepted pictures of sheets the people of a graph's pictures are shown to the model.

use std::sync::Arc;

use bible::{Digest, Slug};
use engine::brief::{Actor, FigureBrief};

use super::{Graph, Node, Work};
use crate::StudioError;
use crate::rendering::Rendering;
use crate::showing::{AwaitedFront, SheetEntry, Showing};
use crate::subject::Subject;

impl Graph<'_> {
    /// By which pictures the people of something are shown to the model; none where they are not.
    pub(crate) fn showing(&self, subject: &Subject) -> Option<&Showing> {
        self.showings.get(subject)
    }

    /// The front views that have to be accepted before something can be drawn.
    pub(crate) fn awaited(&self, subject: &Subject) -> Vec<AwaitedFront> {
        let mut awaited: Vec<AwaitedFront> = Vec::new();
        for front in self.showing(subject).into_iter().flat_map(Showing::awaited) {
            // Both shots of a transition may show somebody.
            if !awaited.contains(&front) {
                awaited.push(front);
            }
        }
        awaited
    }

    /// The pictures of a figure's sheet.
    pub(crate) fn sheet_of(&self, figure: &Arc<FigureBrief>) -> &[SheetEntry] {
        self.figures.of(figure).map_or(&[], |figure| self.shelf.of(figure))
    }

    /// Notes how the people of a sheet's picture or of a shot are shown. Sheets come before shots, and fronts before the other
    /// pictures of a sheet.
    pub(super) fn note_showing(&mut self, subject: &Subject, work: &Work) -> Result<(), StudioError> {
        let Some(rendering) = self.rendering.as_ref().filter(|rendering| rendering.sheets().is_some()) else { return Ok(()) };
        let figure = |actor: &Actor| self.figures.of(&actor.figure).ok();
        let showing = match (subject, work) {
            (Subject::Sheet { slot, .. }, Work::Sheet(brief)) => {
                let people = brief.actors.iter().filter_map(|actor| Some((&actor.figure.character, figure(actor)?)));
                self.shelf.for_sheet(slot, &people.collect::<Vec<_>>())
            }
            (Subject::Shot(_), Work::Shot { clip, .. }) => {
                let best = self.shelf.for_shot(clip, figure, rendering.most_references());
                self.kept(rendering, subject, work, &best)?.unwrap_or(best)
            }
            _ => return Ok(()),
        };
        self.showings.insert(subject.clone(), showing);
        Ok(())
    }

    /// The pictures that a shot was drawn with as a person decided on it, where drawing it with them is what would be done but
    /// for a picture that suits it better: what somebody has decided on is not drawn again for that.
    fn kept(&self, rendering: &Rendering, subject: &Subject, work: &Work, best: &Showing) -> Result<Option<Showing>, StudioError> {
        let Some(decided) = rendering.sheets().and_then(|sheets| sheets.decided(&subject.to_string())) else { return Ok(None) };
        let Work::Shot { clip, .. } = work else { return Ok(None) };
        let figure = |who: &Slug| -> Option<Digest> {
            let actor = clip.picture.actors.iter().find(|actor| actor.figure.character == *who)?;
            self.figures.of(&actor.figure).ok()
        };
        let Some(kept) = self.shelf.kept(best, &decided.people, figure).filter(|kept| kept != best) else { return Ok(None) };
        let same = self.recipe_with(subject, work, Some(&kept))?.digest == decided.recipe;
        Ok(same.then_some(kept))
    }

    /// Notes that a transition shows the people of the shots before and after it.
    pub(super) fn note_both(&mut self, transition: &Subject, from: &Subject, to: &Subject) {
        if self.rendering.as_ref().is_some_and(|rendering| rendering.sheets().is_some()) {
            let both = Showing::of_both(self.showings.get(from), self.showings.get(to));
            self.showings.insert(transition.clone(), both);
        }
    }

    /// Notes a picture of a sheet, and whether it is accepted as it is drawn now.
    pub(super) fn note_sheet(&mut self, node: &Node) -> Result<(), StudioError> {
        let Some(sheets) = self.rendering.as_ref().and_then(Rendering::sheets) else { return Ok(()) };
        let (Subject::Sheet { slot, .. }, Work::Sheet(brief)) = (&node.subject, &node.work) else { return Ok(()) };
        let name = node.subject.to_string();
        let accepted = sheets.picture(&name, node.recipe).cloned();
        for actor in &brief.actors {
            let figure = self.figures.of(&actor.figure);
            let figure = figure.map_err(|source| StudioError::Recipe { subject: node.subject.clone(), source })?;
            self.shelf.add(figure, name.clone(), slot, accepted.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::Show;
    use crate::accepted_sheets::AcceptedSheets;

    /// The tiny show as a server would draw it that is shown who people are.
    fn show() -> Show {
        let mut show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
        let render = serde_json::json!({ "engine": "comfyui", "workflow": "sdxl", "controls": ["references"],
            "slots": { "references.adapter": "adapter.safetensors", "references.clip_vision": "vision.safetensors" } });
        Arc::make_mut(&mut show.project).settings.render = serde_json::from_value(render).unwrap();
        show
    }

    fn subject(name: &str) -> Subject {
        name.parse().unwrap()
    }

    /// Names of what differs between two graphs of the same show.
    fn different(one: &Graph<'_>, other: &Graph<'_>) -> BTreeSet<String> {
        let pairs = one.nodes.iter().zip(&other.nodes);
        pairs.filter(|(one, other)| one.recipe != other.recipe).map(|(node, _)| node.subject.to_string()).collect()
    }

    fn recipe(graph: &Graph<'_>, name: &str) -> Digest {
        graph.nodes.iter().find(|node| node.subject == subject(name)).unwrap().recipe
    }

    #[test]
    fn another_front_is_another_recipe_of_the_rest_of_its_sheet_and_of_the_shots_that_it_shows() {
        let show = show();
        let layout = show.engine();
        let rendering = Rendering::of(&show).unwrap().unwrap();
        let graph = |sheets: &AcceptedSheets| {
            Graph::drawn(&show.project, &layout, Some(rendering.clone().with_sheets(Arc::new(sheets.clone())))).unwrap()
        };
        let nothing = graph(&AcceptedSheets::default());
        let waits = |graph: &Graph<'_>| graph.nodes.iter().filter(|node| !graph.awaited(&node.subject).is_empty()).count();
        assert_eq!((nothing.nodes.len(), waits(&nothing)), (2 * 14 + 3, 2 * 13 + 3), "all but the two fronts");
        let (aki, kit) = (subject("sheet aki/everyday/front"), subject("sheet kit/plain/front"));
        let [of_aki, of_kit] = [&aki, &kit].map(|front| recipe(&nothing, &front.to_string()));
        let fronts = |bytes: &'static str| AcceptedSheets::of([(&aki, of_aki, bytes), (&kit, of_kit, "kit's")]);
        let (first, second) = (graph(&fronts("one")), graph(&fronts("another")));
        assert_eq!((waits(&first), waits(&graph(&fronts("one")))), (0, 0));
        let differ = different(&first, &second);
        let shots = ["shot S01E01.01.001", "shot S01E01.01.003"];
        assert!(differ.len() == 13 + 2 && shots.iter().all(|shot| differ.contains(*shot)), "{differ:?}");
        assert!(differ.iter().all(|name| name.starts_with("sheet aki/everyday/") || shots.contains(&name.as_str())), "{differ:?}");
        assert_eq!(different(&first, &graph(&fronts("one"))), BTreeSet::new());
        // One that was accepted as somebody looked before shows nobody.
        let of_before = AcceptedSheets::of([(&aki, Digest::of(b"as she was"), "one"), (&kit, of_kit, "kit's")]);
        assert_eq!(waits(&graph(&of_before)), 13 + 2);
    }

    #[test]
    fn what_a_person_decided_on_is_not_drawn_again_for_a_picture_that_suits_it_better() {
        let show = show();
        let layout = show.engine();
        let rendering = Rendering::of(&show).unwrap().unwrap();
        let graph = |sheets: &AcceptedSheets| {
            Graph::drawn(&show.project, &layout, Some(rendering.clone().with_sheets(Arc::new(sheets.clone())))).unwrap()
        };
        let (front, portrait, close_up) = (subject("sheet kit/plain/front"), subject("sheet kit/plain/portrait"), "shot S01E01.01.002");
        let of_front = recipe(&graph(&AcceptedSheets::default()), "sheet kit/plain/front");
        let by_front = graph(&AcceptedSheets::of([(&front, of_front, "front")]));
        let (then, of_portrait) = (recipe(&by_front, close_up), recipe(&by_front, "sheet kit/plain/portrait"));
        let both = || AcceptedSheets::of([(&front, of_front, "front"), (&portrait, of_portrait, "portrait")]);
        assert_ne!(recipe(&graph(&both()), close_up), then);
        let node = by_front.nodes.iter().find(|node| node.subject == subject(close_up)).unwrap();
        let document = by_front.document_of(&node.subject, &node.work).unwrap();
        assert_eq!(recipe(&graph(&both().and_decided(&node.subject, then, &document)), close_up), then);
        // Where the picture that it was drawn with is another by now, it is drawn again.
        let other = AcceptedSheets::of([(&front, of_front, "another front")]).and_decided(&node.subject, then, &document);
        assert_ne!(recipe(&graph(&other), close_up), then);
    }
}
