//! ComfyUI as an engine: the layout engine's picture steers, a template says how, a server draws.
//!
//! A film through it is its key pictures, each held until the next: what moves between them is for a
//! [`FilmEngine`](crate::film_engine::FilmEngine).

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use bible::Digest;
use bible::project::Canvas;
use bible::render::Control;
use comfyui::template::{Choice, Filled};
use comfyui::{Media, ObjectInfo, Server};
use engine::correction::{Correction, Repaint};
use engine::picture::{Making, Raster};
use engine::{Capabilities, ClipBrief, Engine, EngineError, Frame, Picture, PictureBrief};
use layout::LayoutEngine;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::drawn_size::{STEP, drawn_size, squared, with_margin, without_margin};
use crate::farm_drawing::{Delivered, FarmDrawing, Order, unavailable};
use crate::film_engine::FilmEngine;
use crate::held_film::held;
use crate::lent_nodes::{LentNodes, servers};
use crate::rendering::{Rendering, Uploads, mask_of, seed_of};
use crate::showing::Showing;
use crate::yardstick::Yardstick;
use crate::{Studio, StudioError};

/// Pictures that are remembered: a shot's key pictures are drawn for their files, and again for its film.
const REMEMBERED: usize = 64;

/// A picture that the farm drew, and how it came about.
#[derive(Clone)]
struct Painted {
    image: Arc<Raster>,
    making: Making,
}

/// What an attempt at a picture asks of a node.
struct Graphs {
    filled: Filled,
    /// The same with less memory, by the names of the ways.
    smaller: Vec<(String, Filled)>,
    /// The pictures that they read.
    inputs: Vec<Digest>,
}

/// Draws through the farm.
pub(crate) struct ComfyEngine {
    layout: Arc<LayoutEngine>,
    rendering: Rendering,
    yardstick: Arc<Yardstick>,
    choice: Choice,
    farm: Arc<FarmDrawing>,
    /// By which pictures the people are shown to the model.
    showing: Showing,
    drawn: Mutex<HashMap<Digest, Painted>>,
}

/// The engine of a show, and what it needs while it draws.
pub(crate) struct EngineAtWork {
    pub(crate) engine: Arc<dyn Engine>,
    /// The same where the farm draws.
    pub(crate) comfy: Option<Arc<ComfyEngine>>,
    /// What draws the films of shots; none where key pictures are held, and where nothing is drawn.
    pub(crate) films: Option<Arc<FilmEngine>>,
    /// How many pictures are worth asking for at the same time; none when that is for this machine to say.
    pub(crate) at_once: Option<usize>,
    lent: Option<LentNodes>,
}

impl EngineAtWork {
    /// Lets go of what it needed.
    pub(crate) async fn rest(self) {
        if let Some(lent) = self.lent {
            lent.give_back().await;
        }
    }
}

impl Studio {
    /// The engine of a show. The farm is only asked when there is something to draw. `data` is the folder whose
    /// production lock is held.
    pub(crate) async fn engine_of(
        &self,
        layout: &Arc<LayoutEngine>,
        rendering: Option<Rendering>,
        draws: bool,
        project: Uuid,
        data: &Path,
        cancel: &CancellationToken,
    ) -> Result<EngineAtWork, StudioError> {
        let Some(rendering) = rendering.filter(|_| draws) else {
            let engine = Arc::clone(layout) as Arc<dyn Engine>;
            return Ok(EngineAtWork { engine, comfy: None, films: None, at_once: None, lent: None });
        };
        let own = self.comfyui.as_deref().map(servers).transpose()?.unwrap_or_default();
        let nodes = if own.is_empty() { self.driven_nodes().await? } else { own.clone() };
        if nodes.is_empty() {
            return Err(StudioError::Rendering {
                reason: "nobody draws: name a ComfyUI server (--comfyui URL, ECHO_COMFYUI, or `comfyui` in echo-studio.toml), \
                         or add nodes to the farm and start `echo-studio worker`"
                    .to_owned(),
            });
        }
        let (server, info) = first_that_answers(&nodes).await?;
        let choice = rendering.choice(rendering.template().choose(&info));
        let yardstick = Arc::new(Yardstick::new(server, info));
        let farm = Arc::new(FarmDrawing {
            store: self.store.clone(),
            blobs: self.blobs.clone(),
            now: self.environment.now,
            project,
            user: std::env::var("USER").unwrap_or_else(|_| "studio".to_owned()),
            cancel: cancel.clone(),
            unread: AtomicBool::new(false),
        });
        let lent = if own.is_empty() { None } else { Some(self.lend_nodes(&own, data).await?) };
        let films = FilmEngine::of(&rendering, &yardstick, &farm).map(Arc::new);
        let (layout, showing) = (Arc::clone(layout), Showing::default());
        let comfy = Arc::new(ComfyEngine { layout, rendering, yardstick, choice, farm, showing, drawn: Mutex::default() });
        let engine = Arc::clone(&comfy) as Arc<dyn Engine>;
        // One is drawn while the next is prepared.
        Ok(EngineAtWork { engine, comfy: Some(comfy), films, at_once: Some(nodes.len() * 2), lent })
    }
}

/// What the first node that answers has.
async fn first_that_answers(nodes: &[Server]) -> Result<(Server, ObjectInfo), StudioError> {
    let mut last = None;
    for server in nodes {
        match server.object_info().await {
            Ok(info) => return Ok((server.clone(), info)),
            Err(error) => {
                tracing::warn!(node.url = %server.address(), %error, "a node does not answer");
                last = Some(error);
            }
        }
    }
    Err(last.map_or_else(
        || StudioError::Rendering { reason: "the farm has no nodes".to_owned() },
        |error| {
            StudioError::Engine(EngineError::Remote {
                engine: "comfyui".to_owned(),
                reason: error.to_string(),
                retryable: error.retryable(),
            })
        },
    ))
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed on by `map_err`")]
pub(crate) fn impossible(reason: impl ToString) -> EngineError {
    EngineError::Impossible { reason: reason.to_string() }
}

impl ComfyEngine {
    /// The engine for pictures whose people are shown to the model so. It remembers nothing of what this one drew, which was
    /// drawn by other pictures.
    pub(crate) fn showing(&self, showing: &Showing) -> Self {
        Self {
            layout: Arc::clone(&self.layout),
            rendering: self.rendering.clone(),
            yardstick: Arc::clone(&self.yardstick),
            choice: self.choice.clone(),
            farm: Arc::clone(&self.farm),
            showing: showing.clone(),
            drawn: Mutex::default(),
        }
    }

    /// Draws over a layout, remembering what was drawn.
    async fn draw(&self, brief: &PictureBrief, layout: &Picture) -> Result<Painted, EngineError> {
        let key = Digest::of_json(brief).map_err(impossible)?;
        if let Some(known) = self.drawn.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(known.clone());
        }
        let as_ordered = Correction { attempt: 1, stress: Vec::new(), repaint: None };
        let painted = self.attempt(brief, layout, &as_ordered).await?;
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.len() >= REMEMBERED {
            drawn.clear();
        }
        drawn.insert(key, painted.clone());
        Ok(painted)
    }

    /// Draws over a layout as a correction says.
    async fn attempt(&self, brief: &PictureBrief, layout: &Picture, correction: &Correction) -> Result<Painted, EngineError> {
        let Graphs { filled, smaller, inputs } = match self.graphs(brief, layout, correction, correction.repaint.as_ref()).await {
            // A node that cannot repaint can still draw all of it anew.
            Err(error) if correction.repaint.is_some() => {
                tracing::warn!(%error, "a part of a picture cannot be drawn anew: all of it is");
                self.graphs(brief, layout, correction, None).await?
            }
            filled => filled?,
        };
        let template = self.rendering.template();
        let people: Vec<String> = brief.actors.iter().map(|actor| actor.figure.character.to_string()).collect();
        let size = (brief.canvas.width, brief.canvas.height);
        let (subject, media) = (people.join(", "), Media::Picture);
        let pinned = self.rendering.pinned(&worker::models_of(&filled.graph));
        let order = Order { template: &template.name, filled, smaller, inputs: &inputs, pinned, subject, size, media, frames: 1 };
        let Delivered { bytes, making, .. } = self.farm.draw(order).await?;
        let making = Making { references: self.showing.used(), without_reference: self.showing.without.clone(), ..making };
        let image = consistency::decode(&bytes).map_err(|error| EngineError::Remote {
            engine: "comfyui".to_owned(),
            reason: format!("its picture: {error}"),
            retryable: true,
        })?;
        let canvas = brief.canvas;
        let image = if self.rendering.has_margin() { without_margin(image, canvas, drawn_size(canvas, STEP)) } else { image };
        Ok(Painted { image: Arc::new(brought_to(image, size)?), making })
    }

    /// The graph of an attempt that a node can run, those that take less memory, and the pictures that they read.
    async fn graphs(
        &self,
        brief: &PictureBrief,
        layout: &Picture,
        correction: &Correction,
        repaint: Option<&Repaint>,
    ) -> Result<Graphs, EngineError> {
        let seed = seed_of(brief, correction.attempt).map_err(impossible)?;
        let mut inputs = Vec::new();
        let mut uploads = self.uploads(brief, layout, &mut inputs).await?;
        if let Some(Repaint { picture, mask }) = repaint.filter(|_| self.rendering.repaints()) {
            uploads.picture = Some(self.upload(picture, brief.canvas, &mut inputs).await?);
            uploads.repaint = Some(self.upload(mask, brief.canvas, &mut inputs).await?);
        }
        let values = self.rendering.values(brief, seed, &uploads, &correction.stress).map_err(impossible)?;
        let filled = self.rendering.template().fill(&values, &self.choice).map_err(impossible)?;
        self.yardstick.check(&filled.graph).await?;
        let smaller = self.yardstick.smaller(self.rendering.template(), &values, &self.choice, &filled);
        Ok(Graphs { filled, smaller, inputs })
    }

    async fn uploads(&self, brief: &PictureBrief, layout: &Picture, inputs: &mut Vec<Digest>) -> Result<Uploads, EngineError> {
        let mut uploads = Uploads::default();
        if self.rendering.wants(Control::Picture) {
            uploads.picture = Some(self.upload(&layout.image, brief.canvas, inputs).await?);
        }
        if self.rendering.wants(Control::Pose)
            && let Some(map) = layout::pose_map::pose_map(&layout.skeletons, brief.canvas.width, brief.canvas.height)
        {
            uploads.pose = Some(self.upload(&map, brief.canvas, inputs).await?);
        }
        if self.rendering.wants(Control::Regions)
            && brief.actors.len() > 1
            && let Some(parts) = &layout.parts
        {
            for actor in &brief.actors {
                let character = &actor.figure.character;
                // Who is hidden behind somebody has no place of their own.
                if let Some(mask) = mask_of(parts, character) {
                    uploads.masks.push((character.clone(), self.upload(&mask, brief.canvas, inputs).await?));
                }
            }
        }
        for (_, accepted) in self.showing.shown() {
            let reference = self.reference(accepted.file).await?;
            if !inputs.contains(&reference) {
                inputs.push(reference);
            }
            uploads.references.push(FarmDrawing::name(reference));
        }
        Ok(uploads)
    }

    /// Keeps an accepted picture as models are shown it: nothing of it may be cut off, and vision models look at a square.
    async fn reference(&self, file: Digest) -> Result<Digest, EngineError> {
        let png = self.farm.blobs.get(file).await.map_err(|error| unavailable(&error))?;
        let squared = tokio::task::spawn_blocking(move || {
            let image = consistency::decode(&png).map_err(impossible)?;
            crate::picture_files::png_file("reference".to_owned(), &squared(&image)).map_err(impossible)
        });
        self.farm.keep(squared.await.map_err(impossible)??.bytes).await
    }

    /// Keeps a picture of a canvas for the node that will draw, under a name that follows from what is in it.
    async fn upload(&self, image: &Raster, canvas: Canvas, inputs: &mut Vec<Digest>) -> Result<String, EngineError> {
        let size = if self.rendering.has_margin() { drawn_size(canvas, STEP) } else { canvas };
        let image = if size == canvas { Cow::Borrowed(image) } else { Cow::Owned(with_margin(image, size)) };
        let file = crate::picture_files::png_file("control".to_owned(), &image).map_err(impossible)?;
        let digest = self.farm.keep(file.bytes).await?;
        inputs.push(digest);
        Ok(FarmDrawing::name(digest))
    }
}

/// A picture at the size of its canvas, where the settings have it drawn at another one.
pub(crate) fn brought_to(image: Raster, (width, height): (u32, u32)) -> Result<Raster, EngineError> {
    if (image.width, image.height) == (width, height) {
        return Ok(image);
    }
    let pixels = image::RgbaImage::from_raw(image.width, image.height, image.rgba);
    let pixels = pixels.ok_or_else(|| impossible("the picture has fewer pixels than its size says"))?;
    let resized = image::imageops::resize(&pixels, width, height, image::imageops::FilterType::Lanczos3);
    Ok(Raster { width, height, rgba: resized.into_raw() })
}

/// Engines are asked from drawing threads, where waiting is allowed.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    Handle::current().block_on(future)
}

impl Engine for ComfyEngine {
    fn capabilities(&self) -> Capabilities {
        self.rendering.capabilities(&self.layout.capabilities())
    }

    fn picture(&self, brief: &PictureBrief) -> Result<Picture, EngineError> {
        let layout = self.layout.picture(brief)?;
        let painted = wait(self.draw(brief, &layout))?;
        Ok(self.over_layout(painted, layout))
    }

    fn picture_again(&self, brief: &PictureBrief, correction: &Correction) -> Result<Option<Picture>, EngineError> {
        let layout = self.layout.picture(brief)?;
        let painted = wait(self.attempt(brief, &layout, correction))?;
        Ok(Some(self.over_layout(painted, layout)))
    }

    fn holds_key_pictures(&self) -> bool {
        true
    }

    fn clip<'a>(&'a self, brief: &'a ClipBrief) -> Result<Box<dyn Iterator<Item = Result<Frame, EngineError>> + Send + 'a>, EngineError> {
        Ok(held(brief, |brief| Ok(self.picture(brief)?.image)))
    }
}

impl ComfyEngine {
    /// What was drawn, with what its layout says of it.
    fn over_layout(&self, Painted { image, making }: Painted, layout: Picture) -> Picture {
        // Over a layout the part map says where things were asked to be, and the picture is measured against it. Where a
        // model was free to put things elsewhere, the layout says nothing of where they are.
        let painted_over = self.rendering.wants(Control::Picture);
        let (parts, painted) = if painted_over { (layout.parts, Some(layout.image)) } else { (None, None) };
        let skeletons = if painted_over || self.rendering.wants(Control::Pose) { layout.skeletons } else { Vec::new() };
        Picture { image, parts, layers: Vec::new(), skeletons, layout: painted, making: Some(making) }
    }
}
