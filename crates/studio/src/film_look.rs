//! Looking at a piece of film that came back: decoded to its last frame, and held against its key pictures.

use std::path::Path;
use std::sync::Arc;

use bible::project::Canvas;
use consistency::{FilmMeter, FilmOrder, Glance, Measurement, undecodable_film};
use editorial::footage::Footage;
use editorial::{Error, Programs};
use engine::EngineError;
use engine::picture::Raster;

use crate::comfy_engine::{impossible, wait};
use crate::film::Keys;
use crate::film_engine::FilmEngine;
use crate::pieces::Piece;

/// What a piece of film should be.
pub(crate) struct Wanted {
    order: FilmOrder,
    engine: Arc<FilmEngine>,
    canvas: Canvas,
    /// The frame that stands for it.
    middle: u32,
}

/// What it is.
pub(crate) struct Looked {
    pub(crate) measurement: Measurement,
    /// A frame from its middle, as the show has its pictures.
    pub(crate) middle: Option<Raster>,
    /// The film, and how many frames it has; none when it cannot be decoded to its end.
    pub(crate) footage: Option<(Footage, u32)>,
}

impl Wanted {
    /// What a piece between these key pictures should be.
    pub(crate) fn of(engine: &Arc<FilmEngine>, canvas: Canvas, piece: &Piece, keys: &Keys) -> Result<Self, EngineError> {
        let glance = |frame: u32| {
            let key = keys.get(&frame).ok_or_else(|| impossible(format!("the shot has no key picture at frame {frame}")))?;
            Glance::of(engine.drawn(key, canvas)?.as_ref()).ok_or_else(|| impossible("a key picture has no pixels"))
        };
        let Canvas { width, height } = engine.size(canvas);
        let last = piece.to.map(glance).transpose()?;
        let order = FilmOrder { frames: engine.frames(piece), size: (width, height), first: glance(piece.from)?, last };
        Ok(Self { order, engine: Arc::clone(engine), canvas, middle: piece.frames / 2 })
    }
}

/// Looks at a piece, from a thread that may wait.
///
/// # Errors
/// When nothing can be decoded here; a film that cannot be is measured as such.
pub(crate) fn look(programs: &Programs, wanted: Wanted, path: &Path) -> Result<Looked, Error> {
    let Wanted { order, engine, canvas, middle } = wanted;
    let (mut meter, mut count, mut kept) = (FilmMeter::new(order), 0, None);
    let mut decode = || {
        let footage = wait(Footage::open(programs, path))?;
        let mut frames = footage.frames(programs)?;
        while let Some(frame) = wait(frames.next())? {
            meter.push(&frame);
            if count == middle {
                kept = Some(frame);
            }
            count += 1;
        }
        Ok::<_, Error>(footage)
    };
    match decode() {
        Ok(footage) => {
            let middle = kept.and_then(|frame| engine.shown(frame, canvas).ok());
            Ok(Looked { measurement: meter.finish(), middle, footage: Some((footage, count)).filter(|_| count > 0) })
        }
        // It is damaged: that is for the gate.
        Err(error @ (Error::Failed { .. } | Error::BadInput { .. })) => {
            Ok(Looked { measurement: undecodable_film(&worker::chain(&error)), middle: None, footage: None })
        }
        Err(error) => Err(error),
    }
}
