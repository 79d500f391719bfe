//! What draws the films of shots: a video template, through the farm.

use std::borrow::Cow;
use std::sync::Arc;

use bible::Digest;
use bible::project::Canvas;
use comfyui::Media;
use comfyui::template::Choice;
use engine::picture::{Making, Raster};
use engine::{ClipBrief, EngineError};
use serde::Serialize;

use crate::comfy_engine::{brought_to, impossible};
use crate::drawn_size::{with_margin, without_margin};
use crate::farm_drawing::{Delivered, FarmDrawing, Order};
use crate::film::Keys;
use crate::filming::{Ends, Filming};
use crate::pieces::Piece;
use crate::rendering::Rendering;
use crate::subject::Subject;
use crate::yardstick::Yardstick;

/// Draws films through the farm.
pub(crate) struct FilmEngine {
    filming: Filming,
    yardstick: Arc<Yardstick>,
    choice: Choice,
    farm: Arc<FarmDrawing>,
    rendering: Rendering,
}

/// A piece that came back.
pub(crate) struct DrawnPiece {
    pub(crate) piece: Piece,
    /// The film as the node made it.
    pub(crate) bytes: bytes::Bytes,
    pub(crate) media_type: String,
    pub(crate) making: FilmMaking,
}

/// How a piece came about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct FilmMaking {
    #[serde(flatten)]
    making: Making,
    /// The seed of what was left to chance.
    seed: u64,
    /// Which frames of the shot it fills, between which key pictures, and how many frames were drawn for it.
    piece: Piece,
}

impl FilmEngine {
    /// None where a show's key pictures are held.
    pub(crate) fn of(rendering: &Rendering, yardstick: &Arc<Yardstick>, farm: &Arc<FarmDrawing>) -> Option<Self> {
        let filming = rendering.film()?.clone();
        let choice = filming.choice(filming.template().choose(&yardstick.info()));
        let (yardstick, farm, rendering) = (Arc::clone(yardstick), Arc::clone(farm), rendering.clone());
        Some(Self { filming, yardstick, choice, farm, rendering })
    }

    /// Has a piece of a shot's film drawn from its key pictures.
    pub(crate) async fn draw(&self, subject: &Subject, clip: &ClipBrief, piece: &Piece, keys: &Keys) -> Result<DrawnPiece, EngineError> {
        let canvas = clip.picture.canvas;
        let mut inputs = Vec::new();
        let first = self.upload(key(keys, piece.from)?, canvas, &mut inputs).await?;
        let last = match piece.to {
            Some(to) => Some(self.upload(key(keys, to)?, canvas, &mut inputs).await?),
            None => None,
        };
        let seed = self.filming.seed(clip, piece).map_err(impossible)?;
        let values = self.filming.values(clip, piece, seed, &Ends { first, last }).map_err(impossible)?;
        let template = self.filming.template();
        let filled = template.fill(&values, &self.choice).map_err(impossible)?;
        self.yardstick.check(&filled.graph).await?;
        let smaller = self.yardstick.smaller(template, &values, &self.choice, &filled);
        let Canvas { width, height } = self.size(canvas);
        let pinned = self.rendering.pinned(&worker::models_of(&filled.graph));
        let order = Order {
            template: &template.name,
            filled,
            smaller,
            inputs: &inputs,
            pinned,
            subject: format!("{subject}, frames {} to {}", piece.start, piece.end - 1),
            size: (width, height),
            media: Media::Film,
            frames: piece.frames,
        };
        let Delivered { bytes, media_type, making } = self.farm.draw(order).await?;
        Ok(DrawnPiece { piece: *piece, bytes, media_type, making: FilmMaking { making, seed, piece: *piece } })
    }

    /// The size that films of a canvas are drawn at.
    pub(crate) fn size(&self, canvas: Canvas) -> Canvas {
        self.filming.size(canvas)
    }

    /// How many frames the film of a piece has, at least and at most.
    pub(crate) fn frames(&self, piece: &Piece) -> (u32, u32) {
        self.filming.frames(piece)
    }

    /// A key picture as films begin and end with it.
    pub(crate) fn drawn<'a>(&self, image: &'a Raster, canvas: Canvas) -> Result<Cow<'a, Raster>, EngineError> {
        let size = self.size(canvas);
        if (image.width, image.height) == (size.width, size.height) {
            Ok(Cow::Borrowed(image))
        } else if self.filming.named_size().is_some() {
            brought_to(image.clone(), (size.width, size.height)).map(Cow::Owned)
        } else {
            Ok(Cow::Owned(with_margin(image, size)))
        }
    }

    /// A frame of a film as the show has its pictures.
    pub(crate) fn shown(&self, image: Raster, canvas: Canvas) -> Result<Raster, EngineError> {
        let image = if self.filming.named_size().is_some() { image } else { without_margin(image, canvas, self.size(canvas)) };
        brought_to(image, (canvas.width, canvas.height))
    }

    async fn upload(&self, image: &Raster, canvas: Canvas, inputs: &mut Vec<Digest>) -> Result<String, EngineError> {
        let image = self.drawn(image, canvas)?;
        let file = crate::picture_files::png_file("key".to_owned(), &image).map_err(impossible)?;
        let digest = self.farm.keep(file.bytes).await?;
        if !inputs.contains(&digest) {
            inputs.push(digest);
        }
        Ok(FarmDrawing::name(digest))
    }
}

fn key(keys: &Keys, frame: u32) -> Result<&Raster, EngineError> {
    keys.get(&frame).map(Arc::as_ref).ok_or_else(|| impossible(format!("the shot has no key picture at frame {frame}")))
}
