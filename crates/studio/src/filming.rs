//! How the films of a show's shots are drawn: `render.film`, its template, and what of them belongs to each recipe.

use std::sync::Arc;

use bible::project::Canvas;
use bible::render::Film;
use bible::{Digest, FrameRate};
use comfyui::template::{Choice, Makes, Shelf, Takes, Template, Values};
use engine::ClipBrief;
use serde_json::{Value, json};

use crate::draw::{key_pictures, picture_at};
use crate::drawn_size::drawn_size;
use crate::pieces::{Lengths, Piece};
use crate::rendering::seed_from;

/// Changes when the same recipe would be filled into another graph, or its films be used otherwise.
const VERSION: &str = "1";

/// A stretch of fewer frames has nothing between its first and what comes after it.
const SHORTEST: u32 = 2;

/// Slots that [`Filming`] reads, and sets to what a piece needs.
const OWN: [&str; 3] = ["size", "frames", "fps"];

/// How films are drawn.
#[derive(Debug, Clone)]
pub(crate) struct Filming {
    settings: Film,
    template: Arc<Template>,
    family: String,
    lengths: Lengths,
    /// What both sides of a film are multiples of.
    step: u32,
    show: director::prompt::Show,
}

/// The names of key pictures on a server.
pub(crate) struct Ends {
    pub(crate) first: String,
    pub(crate) last: Option<String>,
}

impl Filming {
    /// How films are drawn with a template of a shelf.
    ///
    /// # Errors
    /// Why they cannot be drawn so, and what would be right.
    pub(crate) fn of(settings: &Film, shelf: &Shelf, show: director::prompt::Show) -> Result<Self, String> {
        let name = settings.workflow.as_str();
        let template = shelf.get(name).filter(|template| !template.manifest.base).ok_or_else(|| {
            let near = shelf.nearest(name).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            format!("`film` names the workflow template `{name}`, which is not there{near}")
        })?;
        if template.manifest.makes != Some(Makes::Film) || template.takes("first_frame") != Some(&Takes::Image) {
            return Err(format!(
                "`film` names {name}, which draws no films from pictures: take one that makes films and has a slot `first_frame`, \
                 such as wan22-first-last or wan22-i2v"
            ));
        }
        let Some((family, _)) = &template.family else {
            return Err(format!("the manifest of {name} has to name its `family` of models, so that prompts are written for it"));
        };
        director::prompt::known(family).map_err(|error| error.to_string())?;
        let lengths = lengths(settings, template)?;
        let step = match template.takes("size") {
            Some(Takes::Size { multiple, .. }) => *multiple,
            _ => 1,
        };
        if let (Some(size), Some(takes)) = (settings.slots.get("size"), template.takes("size"))
            && !takes.accepts(size)
        {
            return Err(format!("`film.slots.size` of {name} takes {}, not {size}", takes.text()));
        }
        Ok(Self { settings: settings.clone(), template: Arc::clone(template), family: family.clone(), lengths, step, show })
    }

    pub(crate) fn template(&self) -> &Template {
        &self.template
    }

    pub(crate) fn choice(&self, choice: Choice) -> Choice {
        Choice { variant: self.settings.variant.clone(), ..choice }
    }

    /// Stands for everything of this that its settings do not say.
    pub(crate) fn stamp(&self) -> Digest {
        self.template.source
    }

    /// Whether films end with a key picture as they begin with one.
    fn goes_between(&self) -> bool {
        self.template.takes("last_frame") == Some(&Takes::Image)
    }

    /// The pieces of a shot: of a template that goes between two pictures, one for each two neighbouring key pictures, and
    /// the last picture is held to the end; of one that takes a first picture, one from each key picture to the next, and to
    /// the end. The first `skip` frames are a transition's, which ends with the picture that its film then begins with; and
    /// where the next shot emerges from this one's last picture, that one is held.
    pub(crate) fn pieces(&self, clip: &ClipBrief, skip: u32, melts_away: bool) -> Vec<Piece> {
        let keys: Vec<u32> = key_pictures(clip).into_iter().map(|(frame, _)| frame).collect();
        let stretch = |(index, from): (usize, &u32)| {
            let next = keys.get(index + 1).copied();
            let (start, end) = ((*from).max(skip), next.unwrap_or(clip.frames));
            let is_drawn = next.is_some() || !(self.goes_between() || melts_away);
            if !is_drawn || end < start + SHORTEST {
                return None;
            }
            let frames = self.lengths.frames_for(end - start, clip.rate);
            Some(Piece { start, end, from: *from, to: next.filter(|_| self.goes_between()), frames })
        };
        keys.iter().enumerate().filter_map(stretch).collect()
    }

    /// What of this belongs to the recipe of a film of these pieces.
    pub(crate) fn ingredients(&self, pieces: &[Piece]) -> Value {
        let Film { workflow, variant, slots } = &self.settings;
        json!({
            "version": VERSION,
            "workflow": workflow,
            "template": self.template.source,
            "variant": variant,
            "family": self.family,
            "prompts": director::prompt::stamp(),
            "slots": slots,
            "pieces": pieces,
        })
    }

    /// The size that films of a canvas are drawn at: the one that the settings name, or the canvas with a margin.
    pub(crate) fn size(&self, canvas: Canvas) -> Canvas {
        self.named_size().unwrap_or_else(|| drawn_size(canvas, self.step))
    }

    /// The size that the settings name.
    pub(crate) fn named_size(&self) -> Option<Canvas> {
        serde_json::from_value(self.settings.slots.get("size")?.clone()).ok()
    }

    /// How many frames the film of a piece has, at least and at most: what draws frames between frames draws more.
    pub(crate) fn frames(&self, piece: &Piece) -> (u32, u32) {
        let interpolates = self.settings.slots.keys().any(|slot| slot.split('.').next() == Some("interpolate"));
        (piece.frames, if interpolates { u32::MAX } else { piece.frames })
    }

    /// The seed of a piece: it follows from the pictures that it was ordered to go between, and its length.
    pub(crate) fn seed(&self, clip: &ClipBrief, piece: &Piece) -> Result<u64, serde_json::Error> {
        let last = piece.to.map(|to| picture_at(clip, to));
        Digest::of_json(&(picture_at(clip, piece.from), last, piece.frames)).map(seed_from)
    }

    /// The values of a piece.
    ///
    /// # Errors
    /// When prompts are not written for the family.
    pub(crate) fn values(
        &self,
        clip: &ClipBrief,
        piece: &Piece,
        seed: u64,
        ends: &Ends,
    ) -> Result<Values, director::prompt::UnknownFamily> {
        let prompt = director::prompt::motion(&during(clip, piece), &self.show, &self.family)?;
        let Canvas { width, height } = self.size(clip.picture.canvas);
        let mut values = Values::new();
        let mut set = |name: &str, value: Value| {
            if self.template.takes(name).is_some() {
                values.set(name, value);
            }
        };
        set("first_frame", json!(ends.first));
        if let Some(last) = &ends.last {
            set("last_frame", json!(last));
        }
        set("prompt", json!(prompt.positive));
        if !prompt.negative.is_empty() {
            set("negative", json!(prompt.negative));
        }
        set("seed", json!(seed));
        set("size", json!({ "width": width, "height": height }));
        set("frames", json!(piece.frames));
        if let Some(fps) = self.settings.slots.get("fps") {
            set("fps", fps.clone());
        }
        for (slot, value) in self.settings.slots.iter().filter(|(slot, _)| !OWN.contains(&slot.as_str())) {
            values.set(slot, value.clone());
        }
        Ok(values)
    }
}

/// How many frames a template draws, and at which rate: `frames` and `fps` as the settings say, or else as the template does.
fn lengths(settings: &Film, template: &Template) -> Result<Lengths, String> {
    let name = &template.name;
    let slots = template.slots();
    let said = |slot: &str| {
        let default = || slots.iter().find(|listed| listed.name == slot)?.default.map(|default| default.value.clone());
        settings.slots.get(slot).cloned().or_else(default)
    };
    let Some(Takes::Whole { min, max, multiple, plus }) = template.takes("frames") else {
        return Err(format!("`film` names {name}, which has no slot `frames`: how long its films are cannot be said"));
    };
    let whole = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
    let longest = match said("frames") {
        None => *max,
        Some(frames) => frames.as_i64().filter(|frames| *frames <= *max).ok_or_else(|| {
            format!("`film.slots.frames` is the most frames that a film is drawn with, up to {max} with {name}, and not {frames}")
        })?,
    };
    let fps = said("fps").ok_or_else(|| format!("say in `film.slots.fps` how many frames a second {name} draws"))?;
    let rate = rate_of(&fps).ok_or_else(|| format!("`film.slots.fps` is frames per second from 1 to 240, and not {fps}"))?;
    let lengths = Lengths { least: whole(*min), most: whole(longest), multiple: whole(*multiple).max(1), plus: whole(*plus), rate };
    if lengths.can_move() {
        Ok(lengths)
    } else {
        Err(format!("a film of {name} has at least {} frames, and `film.slots.frames` allows {longest}", whole(*min).max(2)))
    }
}

/// A number of frames per second, exactly as it is written: `23.976` is 23976/1000.
fn rate_of(fps: &Value) -> Option<FrameRate> {
    let text = fps.as_number()?.to_string();
    let (whole, parts) = text.split_once('.').unwrap_or((&text, ""));
    let digits: u32 = format!("{whole}{parts}").parse().ok()?;
    FrameRate::new(digits, 10_u32.checked_pow(u32::try_from(parts.len()).ok()?)?)
}

/// What happens during a piece, as a shot of its own: what was before it is in its first picture.
fn during(clip: &ClipBrief, piece: &Piece) -> ClipBrief {
    let mut during = clip.clone();
    during.picture = picture_at(clip, piece.from);
    during.frames = piece.length();
    for performance in &mut during.performances {
        performance.beats.retain(|beat| beat.at > piece.from && piece.to.is_some_and(|to| beat.at <= to));
        performance.mouth.retain(|mouth| (piece.start..piece.end).contains(&mouth.at));
    }
    during
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use engine::brief::ActorBeat;

    use super::*;
    use crate::Show;
    use crate::graph::{Graph, Work};

    fn film(workflow: &str, slots: &Value) -> Film {
        serde_json::from_value(json!({ "workflow": workflow, "slots": slots })).unwrap()
    }

    fn filming(workflow: &str, slots: &Value) -> Result<Filming, String> {
        Filming::of(&film(workflow, slots), &Shelf::built_in().unwrap(), director::prompt::Show::default())
    }

    /// A shot of 60 frames in which somebody turns at 24 and smiles at 48.
    fn clip() -> ClipBrief {
        let show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
        let layout = show.engine();
        let graph = Graph::of(&show.project, &layout).unwrap();
        let shot = graph.nodes.iter().find_map(|node| if let Work::Shot { clip, .. } = &node.work { Some(clip) } else { None });
        let mut clip = shot.unwrap().as_ref().clone();
        clip.frames = 60;
        let beat = |at, facing, expression| ActorBeat { at, pose: None, expression, facing, x: None };
        clip.performances[0].beats =
            vec![beat(24, Some(bible::story::Facing::Left), None), beat(48, None, Some(bible::story::Expression::Sad))];
        clip
    }

    fn spans(pieces: &[Piece]) -> Vec<(u32, u32, u32, Option<u32>)> {
        pieces.iter().map(|piece| (piece.start, piece.end, piece.from, piece.to)).collect()
    }

    #[test]
    fn a_film_goes_between_neighbouring_key_pictures_or_from_each_of_them() {
        let (between, from) = (filming("wan22-first-last", &json!({})).unwrap(), filming("wan22-i2v", &json!({})).unwrap());
        let clip = clip();
        assert_eq!(spans(&between.pieces(&clip, 0, false)), [(0, 24, 0, Some(24)), (24, 48, 24, Some(48))]);
        assert_eq!(spans(&from.pieces(&clip, 0, false)), [(0, 24, 0, None), (24, 48, 24, None), (48, 60, 48, None)]);
        assert_eq!(spans(&from.pieces(&clip, 0, true)), [(0, 24, 0, None), (24, 48, 24, None)], "the last is what melts away");
        assert_eq!(spans(&between.pieces(&clip, 10, false))[0], (10, 24, 0, Some(24)), "a transition comes before it");
        assert_eq!(spans(&between.pieces(&clip, 23, false)), [(24, 48, 24, Some(48))], "a single frame is no film");
        let single = ClipBrief { performances: vec![engine::brief::Performance::default()], ..clip };
        assert!(between.pieces(&single, 0, false).is_empty(), "there is nothing that it could move to");
    }

    #[test]
    fn the_prompt_of_a_piece_says_what_happens_in_it() {
        let (filming, clip) = (filming("wan22-first-last", &json!({})).unwrap(), clip());
        let pieces = filming.pieces(&clip, 0, false);
        let prompt = |piece: &Piece| {
            let ends = Ends { first: "a.png".to_owned(), last: Some("b.png".to_owned()) };
            let values = filming.values(&clip, piece, 7, &ends).unwrap();
            assert_eq!((values.get("frames"), values.get("last_frame")), (Some(&json!(17)), Some(&json!("b.png"))));
            values.get("prompt").unwrap().as_str().unwrap().to_owned()
        };
        let (first, second) = (prompt(&pieces[0]), prompt(&pieces[1]));
        assert!(first.contains("turns to be seen") && !first.contains("looks"), "{first}");
        assert!(second.contains("looks") && !second.contains("turns to be seen"), "{second}");
        assert_ne!(filming.seed(&clip, &pieces[0]).unwrap(), filming.seed(&clip, &pieces[1]).unwrap());
    }

    #[test]
    fn sizes_are_the_canvas_with_a_margin_or_what_is_said() {
        let canvas = Canvas { width: 640, height: 360 };
        assert_eq!(filming("wan22-first-last", &json!({})).unwrap().size(canvas), Canvas { width: 640, height: 368 });
        assert_eq!(filming("wan22-5b", &json!({})).unwrap().size(canvas), Canvas { width: 640, height: 384 });
        let small = json!({ "size": { "width": 416, "height": 240 } });
        assert_eq!(filming("wan22-i2v", &small).unwrap().size(canvas), Canvas { width: 416, height: 240 });
    }

    #[test]
    fn what_cannot_draw_films_from_pictures_is_refused_with_what_can() {
        let why = |workflow: &str, slots: Value| filming(workflow, &slots).unwrap_err();
        assert!(why("wan22-first-lst", json!({})).contains("did you mean `wan22-first-last`?"));
        for words_alone in ["wan22-t2v", "animatediff", "interpolate", "sdxl"] {
            assert!(why(words_alone, json!({})).contains("such as wan22-first-last"), "{words_alone}");
        }
        assert!(why("wan22-i2v", json!({ "fps": 0 })).contains("from 1 to 240"));
        assert!(why("wan22-i2v", json!({ "frames": 3 })).contains("allows 3"));
        assert!(why("wan22-i2v", json!({ "frames": 4000 })).contains("up to 1001"));
        assert!(why("wan22-i2v", json!({ "size": { "width": 417, "height": 240 } })).contains("multiples of 16"));
    }

    #[test]
    fn rates_are_taken_as_they_are_written() {
        let rate = |text: &str| rate_of(&serde_json::from_str(text).unwrap());
        assert_eq!(rate("16"), FrameRate::new(16, 1));
        assert_eq!(rate("16.0"), FrameRate::new(160, 10));
        assert_eq!(rate("23.976"), FrameRate::new(23_976, 1_000));
        for wrong in ["0.5", "1e9", "-16", "\"16\""] {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
    }
}
