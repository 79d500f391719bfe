//! Recipes: what is drawn, by what, from what; and the identity that follows.
//!
//! A recipe's identity is the BLAKE3 of its canonical JSON. Figures and the lists of drawings that are used stand
//! in it by their own digest, since the same ones serve thousands of shots; the stored document carries them in
//! full beside it, so that a recipe can be drawn again from the store alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use bible::digest::canonical_json;
use bible::{Digest, FrameRate, Slug};
use engine::brief::{Actor, FigureBrief, Performance, PictureBrief, PropBrief, StandingProp};
use engine::{Capabilities, ClipBrief};
use serde::Serialize;
use serde_json::{Value, json};

/// Digests of figures, computed once per figure.
///
/// A figure is shared by `Arc`, so its address identifies it for as long as this table holds it.
#[derive(Debug, Default)]
pub struct FigureDigests {
    known: std::sync::RwLock<std::collections::HashMap<usize, (Arc<FigureBrief>, Digest)>>,
}

impl FigureDigests {
    /// The digest of a figure's canonical JSON.
    ///
    /// # Errors
    /// When the figure holds a number that JSON cannot (NaN).
    pub fn of(&self, figure: &Arc<FigureBrief>) -> Result<Digest, serde_json::Error> {
        let address = Arc::as_ptr(figure) as usize;
        if let Some((_, digest)) = self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&address) {
            return Ok(*digest);
        }
        let digest = Digest::of_json(figure.as_ref())?;
        self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(address, (Arc::clone(figure), digest));
        Ok(digest)
    }
}

/// The engine's files that something is drawn with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawingFiles {
    /// Their digests by path.
    pub files: BTreeMap<String, Digest>,
    /// Digest of the list: what a recipe names.
    pub digest: Digest,
}

impl DrawingFiles {
    /// A list with its digest.
    ///
    /// # Errors
    /// Never: paths and digests have a JSON form.
    pub fn of(files: BTreeMap<String, Digest>) -> Result<Self, serde_json::Error> {
        // A map in order of its keys is canonical JSON as it is written.
        Ok(Self { digest: Digest::of(&serde_json::to_vec(&files)?), files })
    }
}

/// A recipe whose identity is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// BLAKE3 of `json`.
    pub digest: Digest,
    /// Canonical JSON.
    pub json: Vec<u8>,
}

impl Recipe {
    fn of<T: Serialize>(ingredients: &T) -> Result<Self, serde_json::Error> {
        let json = canonical_json(ingredients)?;
        Ok(Self { digest: Digest::of(&json), json })
    }

    /// The recipe as a JSON value.
    ///
    /// # Errors
    /// Never for a recipe made here; a stored one may have been damaged.
    pub fn value(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.json)
    }
}

/// The recipe of the same thing drawn by another engine over the layout that this recipe makes, by `references` that show
/// the engine who people are.
///
/// # Errors
/// Never for a recipe made here.
pub fn through(layout: &Recipe, engine: &Capabilities, render: &Value, references: Option<Value>) -> Result<Recipe, serde_json::Error> {
    let mut value = layout.value()?;
    value["engine"] = serde_json::to_value(EngineStamp::from(engine))?;
    value["render"] = render.clone();
    value["layout"] = json!(layout.digest);
    // Said where there are any alone, so that what was drawn without stays what it is.
    if let Some(references) = references {
        value["references"] = references;
    }
    Recipe::of(&value)
}

#[derive(Serialize)]
struct EngineStamp<'a> {
    name: &'a str,
    version: &'a str,
}

impl<'a> From<&'a Capabilities> for EngineStamp<'a> {
    fn from(capabilities: &'a Capabilities) -> Self {
        Self { name: &capabilities.name, version: &capabilities.version }
    }
}

#[derive(Serialize)]
struct PictureIngredients<'a> {
    canvas: &'a bible::project::Canvas,
    style: &'a engine::brief::StyleBrief,
    backdrop: &'a engine::brief::Backdrop,
    framing: bible::story::Framing,
    angle: bible::story::Angle,
    composition: bible::story::Composition,
    actors: Vec<ActorIngredients<'a>>,
    props: &'a [StandingProp],
}

#[derive(Serialize)]
struct ActorIngredients<'a> {
    character: &'a Slug,
    figure: Digest,
    pose: &'a Slug,
    expression: bible::story::Expression,
    facing: bible::story::Facing,
    x: Option<f64>,
    depth: f64,
    holds: &'a [PropBrief],
}

#[derive(Serialize)]
struct ClipIngredients<'a> {
    picture: PictureIngredients<'a>,
    frames: u32,
    rate: FrameRate,
    camera: bible::story::CameraMove,
    performances: &'a [Performance],
    seed: u64,
    fade_in: u32,
    fade_out: u32,
}

// Both functions take their brief apart without `..`, so a field that is added to a brief cannot be
// forgotten in the identity.
fn picture_ingredients<'a>(brief: &'a PictureBrief, figures: &FigureDigests) -> Result<PictureIngredients<'a>, serde_json::Error> {
    let PictureBrief { canvas, style, backdrop, framing, angle, composition, actors, props } = brief;
    let actors = actors
        .iter()
        .map(|actor| {
            let Actor { figure, pose, expression, facing, x, depth, holds } = actor;
            Ok(ActorIngredients {
                character: &figure.character,
                figure: figures.of(figure)?,
                pose,
                expression: *expression,
                facing: *facing,
                x: *x,
                depth: *depth,
                holds,
            })
        })
        .collect::<Result<_, serde_json::Error>>()?;
    Ok(PictureIngredients { canvas, style, backdrop, framing: *framing, angle: *angle, composition: *composition, actors, props })
}

fn clip_ingredients<'a>(brief: &'a ClipBrief, figures: &FigureDigests) -> Result<ClipIngredients<'a>, serde_json::Error> {
    let ClipBrief { picture, frames, rate, camera, performances, seed, fade_in, fade_out } = brief;
    Ok(ClipIngredients {
        picture: picture_ingredients(picture, figures)?,
        frames: *frames,
        rate: *rate,
        camera: *camera,
        performances,
        seed: *seed,
        fade_in: *fade_in,
        fade_out: *fade_out,
    })
}

/// The recipe of one sheet picture.
///
/// # Errors
/// When the brief holds a number that JSON cannot (NaN).
pub fn sheet(
    brief: &PictureBrief,
    engine: &Capabilities,
    inputs: &DrawingFiles,
    figures: &FigureDigests,
) -> Result<Recipe, serde_json::Error> {
    #[derive(Serialize)]
    struct Ingredients<'a> {
        kind: &'static str,
        engine: EngineStamp<'a>,
        brief: PictureIngredients<'a>,
        inputs: Digest,
    }
    Recipe::of(&Ingredients { kind: "sheet", engine: engine.into(), brief: picture_ingredients(brief, figures)?, inputs: inputs.digest })
}

/// The recipe of a shot's clip and key pictures. `skip` frames at its start belong to a transition.
///
/// # Errors
/// When the brief holds a number that JSON cannot (NaN).
pub fn shot(
    brief: &ClipBrief,
    skip: u32,
    engine: &Capabilities,
    encoder: &str,
    inputs: &DrawingFiles,
    figures: &FigureDigests,
) -> Result<Recipe, serde_json::Error> {
    #[derive(Serialize)]
    struct Ingredients<'a> {
        kind: &'static str,
        engine: EngineStamp<'a>,
        encoder: &'a str,
        brief: ClipIngredients<'a>,
        skip: u32,
        inputs: Digest,
    }
    Recipe::of(&Ingredients {
        kind: "shot",
        engine: engine.into(),
        encoder,
        brief: clip_ingredients(brief, figures)?,
        skip,
        inputs: inputs.digest,
    })
}

/// The recipe of the frames in which `to` emerges from the last picture of `from`.
///
/// # Errors
/// When a brief holds a number that JSON cannot (NaN).
pub fn transition(
    from: (&ClipBrief, &DrawingFiles),
    to: (&ClipBrief, &DrawingFiles),
    frames: u32,
    engine: &Capabilities,
    encoder: &str,
    figures: &FigureDigests,
) -> Result<Recipe, serde_json::Error> {
    #[derive(Serialize)]
    struct Ingredients<'a> {
        kind: &'static str,
        engine: EngineStamp<'a>,
        encoder: &'a str,
        from: ClipIngredients<'a>,
        to: ClipIngredients<'a>,
        frames: u32,
        inputs: [Digest; 2],
    }
    Recipe::of(&Ingredients {
        kind: "transition",
        engine: engine.into(),
        encoder,
        from: clip_ingredients(from.0, figures)?,
        to: clip_ingredients(to.0, figures)?,
        frames,
        inputs: [from.1.digest, to.1.digest],
    })
}

/// The recipe of a shot's film: the shot whose key pictures it goes between, and what draws it.
///
/// # Errors
/// Never for what settings say.
pub fn film(shot: Digest, skip: u32, engine: &Capabilities, encoder: &str, film: &Value) -> Result<Recipe, serde_json::Error> {
    let engine = serde_json::to_value(EngineStamp::from(engine))?;
    Recipe::of(&json!({ "kind": "film", "engine": engine, "encoder": encoder, "shot": shot, "skip": skip, "film": film }))
}

/// The recipe of a cut: the clips in order, what is said when and by whom, and who cut it.
///
/// # Errors
/// When a value has no JSON form.
pub fn episode<T: Serialize>(title: &str, rate: FrameRate, clips: &[Digest], sound: &T, editor: &str) -> Result<Recipe, serde_json::Error> {
    Recipe::of(&json!({
        "kind": "episode",
        "editor": editor,
        "title": title,
        "rate": rate,
        "clips": clips,
        "sound": sound,
    }))
}

/// The recipe together with the figures and drawings that it names, as it is stored.
///
/// # Errors
/// When a figure has no JSON form.
pub fn document<'a>(
    recipe: &Recipe,
    actors: impl IntoIterator<Item = &'a Actor>,
    inputs: &[Arc<DrawingFiles>],
    figures: &FigureDigests,
) -> Result<Value, serde_json::Error> {
    let mut named = BTreeMap::new();
    for actor in actors {
        named.insert(figures.of(&actor.figure)?.to_string(), serde_json::to_value(actor.figure.as_ref())?);
    }
    let inputs: BTreeMap<String, &BTreeMap<String, Digest>> =
        inputs.iter().map(|inputs| (inputs.digest.to_string(), &inputs.files)).collect();
    Ok(json!({ "recipe": recipe.value()?, "figures": named, "inputs": inputs }))
}
