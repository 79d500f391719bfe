//! The frames of a shot's film: pieces that were drawn, and key pictures that are held in between.

use std::sync::Arc;
use std::vec;

use editorial::Programs;
use editorial::footage::{Footage, FootageFrames};
use engine::picture::Raster;
use engine::{Capabilities, ClipBrief, Engine, EngineError, Frame, Picture, PictureBrief};

use crate::comfy_engine::{impossible, wait};
use crate::draw::key_pictures;
use crate::film::Keys;
use crate::film_engine::FilmEngine;
use crate::held_film::Frames;
use crate::pieces::{Piece, frame_shown};

/// A piece that can be shown.
#[derive(Debug, Clone)]
pub(crate) struct Reel {
    pub(crate) piece: Piece,
    pub(crate) footage: Footage,
    /// How many frames it has, 1 or more.
    pub(crate) count: u32,
}

/// An engine whose clips show what was drawn between key pictures.
pub(crate) struct Filmed {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) films: Arc<FilmEngine>,
    pub(crate) programs: Programs,
    pub(crate) keys: Keys,
    pub(crate) reels: Vec<Reel>,
}

/// So many frames of a film.
enum Stretch {
    Held(Arc<Raster>, u32),
    Drawn(Reel),
}

impl Engine for Filmed {
    fn capabilities(&self) -> Capabilities {
        self.engine.capabilities()
    }

    fn picture(&self, brief: &PictureBrief) -> Result<Picture, EngineError> {
        self.engine.picture(brief)
    }

    fn clip<'a>(&'a self, brief: &'a ClipBrief) -> Result<Frames<'a>, EngineError> {
        let stretches = self.stretches(brief)?.into_iter();
        Ok(Box::new(FilmFrames { filmed: self, brief, stretches, playing: None }))
    }
}

impl Filmed {
    /// What is shown from the first frame of a shot to its last.
    fn stretches(&self, brief: &ClipBrief) -> Result<Vec<Stretch>, EngineError> {
        let starts: Vec<u32> = key_pictures(brief).into_iter().map(|(frame, _)| frame).collect();
        let ends = starts.iter().skip(1).copied().chain([brief.frames]);
        let mut stretches = Vec::new();
        for (from, end) in starts.iter().copied().zip(ends) {
            let drawn = self.reels.iter().find(|reel| reel.piece.from == from);
            let held = drawn.map_or(end, |reel| reel.piece.start) - from;
            if held > 0 {
                let key = self.keys.get(&from).ok_or_else(|| impossible(format!("the shot has no key picture at frame {from}")))?;
                stretches.push(Stretch::Held(Arc::clone(key), held));
            }
            stretches.extend(drawn.cloned().map(Stretch::Drawn));
        }
        Ok(stretches)
    }
}

/// The frames of a film, one after another.
struct FilmFrames<'a> {
    filmed: &'a Filmed,
    brief: &'a ClipBrief,
    stretches: vec::IntoIter<Stretch>,
    playing: Option<Playing>,
}

/// A piece that is decoded as it is shown.
struct Playing {
    reel: Reel,
    frames: FootageFrames,
    /// Frames of it that were decoded.
    decoded: u32,
    /// Frames of the shot that were shown.
    shown: u32,
}

impl Iterator for FilmFrames<'_> {
    type Item = Result<Frame, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(playing) = &mut self.playing {
                match playing.next(self.filmed, self.brief).transpose() {
                    Some(frame) => return Some(frame),
                    None => self.playing = None,
                }
            }
            match self.stretches.next()? {
                Stretch::Held(image, hold) => return Some(Ok(Frame { image, hold })),
                Stretch::Drawn(reel) => match reel.footage.frames(&self.filmed.programs) {
                    Ok(frames) => self.playing = Some(Playing { reel, frames, decoded: 0, shown: 0 }),
                    Err(error) => return Some(Err(impossible(worker::chain(&error)))),
                },
            }
        }
    }
}

impl Playing {
    /// The next frame that is shown, and for how long; none behind the last.
    fn next(&mut self, filmed: &Filmed, brief: &ClipBrief) -> Result<Option<Frame>, EngineError> {
        let length = self.reel.piece.length();
        if self.shown >= length {
            return Ok(None);
        }
        let shown_at = |at: u32| frame_shown(at, length, self.reel.count);
        let wanted = shown_at(self.shown);
        let hold = (self.shown..length).take_while(|at| shown_at(*at) == wanted).count() as u32;
        let mut image = None;
        while self.decoded <= wanted {
            image = wait(self.frames.next()).map_err(|error| impossible(worker::chain(&error)))?;
            self.decoded += 1;
        }
        let image = image.ok_or_else(|| impossible("a film ends before its last frame"))?;
        self.shown += hold;
        Ok(Some(Frame { image: Arc::new(filmed.films.shown(image, brief.picture.canvas)?), hold }))
    }
}
