//! ComfyUI as an engine: the layout engine's picture steers, a template says how, a server draws.
//!
//! A film through it is its key pictures, each held until the next: what moves between them is for a template that makes
//! films.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bible::Digest;
use bible::render::Control;
use comfyui::template::{Choice, ServerFiles};
use comfyui::{Begin, Server, Socket, Submission, Ticket, Upload};
use engine::picture::Raster;
use engine::{Capabilities, ClipBrief, Engine, EngineError, Frame, Picture, PictureBrief};
use layout::LayoutEngine;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::draw::key_pictures;
use crate::rendering::{Rendering, Uploads, mask_of, seed_of};

/// Where pictures that steer go on a server.
const FOLDER: &str = "echo-studio";

/// Pictures that are remembered: a shot's key pictures are drawn for their files, and again for its film.
const REMEMBERED: usize = 64;

/// Draws through a server.
pub(crate) struct ComfyEngine {
    layout: Arc<LayoutEngine>,
    rendering: Rendering,
    server: Server,
    socket: Option<Socket>,
    choice: Choice,
    new_id: fn() -> Uuid,
    cancel: CancellationToken,
    drawn: Mutex<HashMap<Digest, Arc<Raster>>>,
}

impl ComfyEngine {
    /// Reaches a server, and sees that it has what the template needs. Nothing is queued.
    pub(crate) async fn reach(
        layout: Arc<LayoutEngine>,
        rendering: Rendering,
        address: &str,
        new_id: fn() -> Uuid,
        cancel: CancellationToken,
    ) -> Result<Self, EngineError> {
        let server = Server::new(address, comfyui::Patience::default()).map_err(remote)?;
        let files = ServerFiles::of(&server).await.map_err(remote)?;
        let choice = rendering.choice(rendering.template().choose(&files.info));
        let socket = Socket::connect(&server).await.ok();
        Ok(Self { layout, rendering, server, socket, choice, new_id, cancel, drawn: Mutex::default() })
    }

    /// Draws over a layout.
    async fn draw(&self, brief: &PictureBrief, layout: &Picture) -> Result<Arc<Raster>, EngineError> {
        let impossible = |reason: String| EngineError::Impossible { reason };
        let key = Digest::of_json(brief).map_err(|error| impossible(error.to_string()))?;
        if let Some(known) = self.drawn.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(known));
        }
        let seed = seed_of(brief).map_err(|error| impossible(error.to_string()))?;
        let uploads = self.uploads(brief, layout).await?;
        let values = self.rendering.values(brief, seed, &uploads).map_err(|error| impossible(error.to_string()))?;
        let filled = self.rendering.template().fill(&values, &self.choice).map_err(|errors| impossible(errors.to_string()))?;
        // Checked against the server as it is now: model files come and go.
        let info = self.server.object_info().await.map_err(remote)?;
        let problems = comfyui::check(&filled.graph, &info);
        if !problems.is_empty() {
            let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
            return Err(impossible(format!("{} cannot run it; nothing was queued: {}", self.server.address(), list.join("; "))));
        }
        let ticket = Ticket { job: (self.new_id)(), attempt: 1, prompt: (self.new_id)() };
        let submission = Submission::new(ticket, filled.graph, filled.outputs);
        let done = self.server.run(&submission, Begin::Fresh, self.socket.as_ref(), &self.cancel, &mut |_| {}).await.map_err(remote)?;
        let first = done.artifacts.iter().find(|artifact| artifact.media_type.starts_with("image/"));
        let bytes = &first.ok_or_else(|| impossible("the template leaves no picture".to_owned()))?.bytes;
        let image = image::load_from_memory(bytes).map_err(|error| impossible(format!("the server's picture cannot be read: {error}")))?;
        let (width, height) = (brief.canvas.width, brief.canvas.height);
        let image = if (image.width(), image.height()) == (width, height) {
            image
        } else {
            image.resize_exact(width, height, image::imageops::FilterType::Lanczos3)
        };
        let raster = Arc::new(Raster { width, height, rgba: image.into_rgba8().into_raw() });
        self.server.forget(done.prompt).await.map_err(remote)?;
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.len() >= REMEMBERED {
            drawn.clear();
        }
        drawn.insert(key, Arc::clone(&raster));
        Ok(raster)
    }

    async fn uploads(&self, brief: &PictureBrief, layout: &Picture) -> Result<Uploads, EngineError> {
        let mut uploads = Uploads::default();
        if self.rendering.wants(Control::Picture) {
            uploads.picture = Some(self.upload(&layout.image).await?);
        }
        if self.rendering.wants(Control::Pose)
            && let Some(map) = layout::pose_map::pose_map(&layout.skeletons, brief.canvas.width, brief.canvas.height)
        {
            uploads.pose = Some(self.upload(&map).await?);
        }
        if self.rendering.wants(Control::Regions)
            && brief.actors.len() > 1
            && let Some(parts) = &layout.parts
        {
            for actor in &brief.actors {
                let character = &actor.figure.character;
                // Who is hidden behind somebody has no place of their own.
                if let Some(mask) = mask_of(parts, character) {
                    uploads.masks.push((character.clone(), self.upload(&mask).await?));
                }
            }
        }
        Ok(uploads)
    }

    /// Puts a picture on the server, under a name that follows from what is in it.
    async fn upload(&self, image: &Raster) -> Result<String, EngineError> {
        let file = crate::picture_files::png_file("control".to_owned(), image)
            .map_err(|error| EngineError::Impossible { reason: error.to_string() })?;
        let name = format!("{}.png", Digest::of(&file.bytes));
        let upload = Upload { name, subfolder: FOLDER.to_owned(), bytes: file.bytes.into() };
        Ok(self.server.upload(upload).await.map_err(remote)?.input())
    }
}

/// Engines are asked from drawing threads, where waiting is allowed.
fn wait<T>(future: impl Future<Output = T>) -> T {
    Handle::current().block_on(future)
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed on by `map_err`")]
fn remote(error: comfyui::Error) -> EngineError {
    EngineError::Remote { engine: "comfyui".to_owned(), reason: error.to_string(), retryable: error.retryable() }
}

impl Engine for ComfyEngine {
    fn capabilities(&self) -> Capabilities {
        self.rendering.capabilities(&self.layout.capabilities())
    }

    fn picture(&self, brief: &PictureBrief) -> Result<Picture, EngineError> {
        let layout = self.layout.picture(brief)?;
        let image = wait(self.draw(brief, &layout))?;
        // Over a layout the part map says where things were asked to be, and the picture is measured against it. Where a
        // model was free to put things elsewhere, the layout says nothing of where they are.
        let painted_over = self.rendering.wants(Control::Picture);
        let (parts, painted) = if painted_over { (layout.parts, Some(layout.image)) } else { (None, None) };
        let skeletons = if painted_over || self.rendering.wants(Control::Pose) { layout.skeletons } else { Vec::new() };
        Ok(Picture { image, parts, layers: Vec::new(), skeletons, layout: painted })
    }

    fn clip<'a>(&'a self, brief: &'a ClipBrief) -> Result<Box<dyn Iterator<Item = Result<Frame, EngineError>> + Send + 'a>, EngineError> {
        let keys = key_pictures(brief);
        let ends: Vec<u32> = keys.iter().skip(1).map(|(frame, _)| *frame).chain([brief.frames]).collect();
        Ok(Box::new(keys.into_iter().zip(ends).map(|((start, picture), end)| {
            let image = self.picture(&picture)?.image;
            Ok(Frame { image, hold: end - start })
        })))
    }
}
