//! Drawing one node: pictures and clips become files, read back and judged by the gate.

use std::path::Path;
use std::sync::Arc;

use bible::story::{Move, Weather};
use consistency::{Calibration, ClipLimits, ClipMeter, Fingerprint, Gate, Measurement, Other, Style};
use editorial::clip::ClipSpec;
use engine::picture::{PartMap, Raster, Skeleton};
use engine::{ClipBrief, Engine, EngineError, Frame, Picture, PictureBrief};
use tokio::sync::mpsc;
use vision_models::Sought;

use crate::attempts::{Settlement, Trial};
use crate::copies::Copies;
use crate::gate::{Foreign, GateReport, PaintedOver, PictureVerdict, judge_foreign, judge_moving, judge_picture};
use crate::graph::Work;
use crate::held_film::settled;
use crate::networks::Networks;
use crate::picture_files::{MadeFile, files_of};
use crate::progress::{Progress, Stage};
use crate::subject::Subject;
use crate::{Studio, StudioError};

/// Width of the small picture of a shot that lists show, in pixels.
const POSTER_WIDTH: u32 = 640;

/// Frames that may wait between drawing and encoding: enough to overlap, few enough to bound memory.
const FRAMES_IN_FLIGHT: usize = 2;

/// What was drawn of a node.
pub(crate) struct Drawn {
    /// Files, the most important first.
    pub(crate) files: Vec<MadeFile>,
    /// What the gate says.
    pub(crate) report: GateReport,
}

/// One picture, drawn and written but not judged. Its pixels are in the files only: a sheet waits for its last
/// picture before any is judged, and fourteen of them with all layers would fill the memory.
pub(crate) struct KeyPicture {
    pub(crate) files: Vec<MadeFile>,
    pub(crate) fingerprint: Option<Fingerprint>,
    brief: PictureBrief,
    parts: Option<PartMap>,
    skeletons: Vec<Skeleton>,
}

impl KeyPicture {
    /// Draws a picture and writes its files. Gives its pixels along.
    pub(crate) fn draw(
        engine: &dyn Engine,
        subject: &Subject,
        brief: PictureBrief,
        stem: &str,
    ) -> Result<(Self, Arc<Raster>), StudioError> {
        let picture = engine.picture(&brief).map_err(|source| StudioError::Draw { subject: subject.clone(), source })?;
        Self::of(picture, subject, brief, stem)
    }

    /// Writes the files of a picture that was drawn. Gives its pixels along.
    pub(crate) fn of(picture: Picture, subject: &Subject, brief: PictureBrief, stem: &str) -> Result<(Self, Arc<Raster>), StudioError> {
        let files = files_of(&picture, stem).map_err(|source| StudioError::PictureFile { subject: subject.clone(), source })?;
        let fingerprint = files.first().and_then(|file| crate::gate::fingerprint(&file.bytes));
        Ok((Self { files, fingerprint, brief, parts: picture.parts, skeletons: picture.skeletons }, picture.image))
    }

    /// Judges the picture as it was written, against others that it was asked to differ from; with `witnesses` one that
    /// the layout engine did not draw.
    pub(crate) fn judge(&self, others: &[Other], gate: Gate, witnesses: Option<&Witnesses>) -> PictureVerdict {
        let (name, bytes) = self.files.first().map_or(("", &[][..]), |file| (file.name.as_str(), &file.bytes[..]));
        let verdict = match witnesses {
            None => judge_picture(bytes, self.parts.as_ref(), &self.brief, others, gate),
            Some(witnesses) => {
                let painted = self.layout();
                let layout = painted.as_ref().zip(self.parts.as_ref()).map(|(image, parts)| PaintedOver {
                    image,
                    parts,
                    skeletons: &self.skeletons,
                });
                judge_foreign(bytes, layout.as_ref(), &self.brief, others, gate, &witnesses.foreign())
            }
        };
        PictureVerdict::of(name, verdict)
    }

    /// What was asked for.
    pub(crate) fn brief(&self) -> &PictureBrief {
        &self.brief
    }

    /// Which part each pixel should show, where that is known.
    pub(crate) fn parts(&self) -> Option<&PartMap> {
        self.parts.as_ref()
    }

    /// What the names of all its files begin with.
    pub(crate) fn stem(&self) -> &str {
        self.files.first().map_or("", |file| file.name.trim_end_matches(".png"))
    }

    /// Its pixels, as they were written.
    pub(crate) fn decoded(&self) -> Option<Raster> {
        consistency::decode(&self.files.first()?.bytes).ok()
    }

    /// The layout that it was painted over.
    pub(crate) fn layout(&self) -> Option<Raster> {
        let name = format!("{}.layout.png", self.stem());
        self.files.iter().find(|kept| kept.name == name).and_then(|kept| consistency::decode(&kept.bytes).ok())
    }
}

/// Who should be in the pictures of a node that the layout engine does not draw, and what tells whether they are.
pub(crate) struct Witnesses {
    pub(crate) networks: Arc<Networks>,
    pub(crate) people: Vec<Sought>,
    pub(crate) calibration: Arc<Calibration>,
    /// Tells whether they are copies of what the model was shown; none where it was shown nobody.
    pub(crate) copies: Option<Copies>,
    /// Tells whether they are drawn as the show's accepted pictures are; none where too few are.
    pub(crate) style: Option<Arc<Style>>,
}

impl Witnesses {
    fn foreign(&self) -> Foreign<'_> {
        let Self { networks, people, calibration, copies, style } = self;
        Foreign { networks, people, calibration, copies: copies.as_ref(), style: style.as_deref() }
    }
}

fn poster(image: &Raster, subject: &Subject) -> Result<MadeFile, StudioError> {
    let bytes =
        editorial::thumbnails::poster(image, POSTER_WIDTH).map_err(StudioError::editorial(format!("making the poster of {subject}")))?;
    Ok(MadeFile { name: "poster.jpg".to_owned(), media_type: "image/jpeg", bytes })
}

impl Studio {
    /// Draws a shot: its key pictures with their maps, judged and drawn again up to so many attempts in all, and its clip.
    pub(crate) async fn draw_shot(
        &self,
        order: ClipOrder<'_>,
        gate: Gate,
        witnesses: Option<Witnesses>,
        attempts: u32,
    ) -> Result<Drawn, StudioError> {
        let ClipOrder { engine, subject, clip, .. } = &order;
        let (engine, subject, clip) = (Arc::clone(engine), (*subject).clone(), Arc::clone(clip));
        let asked = subject.clone();
        let draws = Arc::clone(&engine);
        let pictures = tokio::task::spawn_blocking(move || {
            let mut files = Vec::new();
            let (mut verdicts, mut chosen) = (Vec::new(), Vec::new());
            let trial = Trial { engine: draws.as_ref(), subject: &subject, others: &[], gate, witnesses: witnesses.as_ref(), attempts };
            for (frame, brief) in key_pictures(&clip) {
                let (key, first) = KeyPicture::draw(draws.as_ref(), &subject, brief, &format!("frame-{frame:04}"))?;
                let Settlement { picture, image, verdict } = trial.settle(key)?;
                let image = image.unwrap_or(first);
                if files.is_empty() {
                    files.push(poster(&image, &subject)?);
                }
                verdicts.push(verdict);
                if draws.holds_key_pictures() {
                    chosen.push((picture.brief().clone(), image));
                }
                files.extend(picture.files);
            }
            Ok::<_, StudioError>((files, verdicts, chosen))
        });
        let (mut files, mut verdicts, chosen) = joined(pictures, &asked).await?;
        let engine = settled(engine, chosen, &asked)?;
        let (film, measured) = self.encode(ClipOrder { engine, ..order }).await?;
        verdicts.push(judge_moving(&film.name, measured, gate));
        files.insert(0, film);
        Ok(Drawn { files, report: GateReport::of(gate, verdicts) })
    }

    /// Draws the frames of a transition. Its pictures are mixtures of two that were judged each by itself, so
    /// only its soundness as a clip is judged.
    pub(crate) async fn draw_transition(&self, order: ClipOrder<'_>, from: &Arc<ClipBrief>, gate: Gate) -> Result<Drawn, StudioError> {
        let subject = order.subject.clone();
        let (engine, left) = (Arc::clone(&order.engine), Arc::clone(from));
        let last = tokio::task::spawn_blocking(move || last_picture(engine.as_ref(), &left));
        let last = joined_drawing(last, &subject).await?;
        let (film, measured) = self.encode(ClipOrder { melt_from: Some(last), ..order }).await?;
        let verdict = judge_moving(&film.name, measured, gate);
        Ok(Drawn { files: vec![film], report: GateReport::of(gate, vec![verdict]) })
    }

    /// Draws, measures and encodes the frames of a clip, all at the same time and in bounded memory.
    pub(crate) async fn encode(&self, order: ClipOrder<'_>) -> Result<(MadeFile, Measurement), StudioError> {
        let ClipOrder { engine, subject, clip, frames, melt_from, scratch, progress, stage } = order;
        let spec = ClipSpec { canvas: clip.picture.canvas, rate: clip.rate, frames: frames.end - frames.start };
        let path = scratch.join(format!("{}.mp4", subject.to_string().replace(' ', "-")));
        let (sender, receiver) = mpsc::channel(FRAMES_IN_FLIGHT);
        let measured = order_of(clip, &frames, melt_from.is_some() || stage == Stage::Films);
        let drawing = {
            let clip = Arc::clone(clip);
            let progress = progress.clone();
            tokio::task::spawn_blocking(move || {
                let mut frame_of_clip = 0;
                let mut meter = ClipMeter::new(measured, ClipLimits::default());
                for frame in engine.clip(&clip)? {
                    let frame = frame?;
                    let (start, end) = (frame_of_clip.max(frames.start), (frame_of_clip + frame.hold).min(frames.end));
                    frame_of_clip += frame.hold;
                    let taken = shown(&frame, start..end, &frames, melt_from.as_deref()).all(|frame| {
                        meter.push(&frame.image, frame.hold);
                        sender.blocking_send(frame).is_ok()
                    });
                    // Nobody takes frames any more when the encoder has failed.
                    if !taken {
                        break;
                    }
                    progress.advance(stage, u64::from(end.saturating_sub(start)));
                    if frame_of_clip >= frames.end {
                        break;
                    }
                }
                Ok(meter.finish())
            })
        };
        let encoded = editorial::clip::encode(&self.programs, spec, &path, receiver, |_| {}).await;
        // When drawing failed, the encoder only says that frames are missing; the reason is with the drawing.
        let measured = joined_drawing(drawing, subject).await?;
        encoded.map_err(StudioError::editorial(format!("encoding {subject}")))?;
        let bytes = tokio::fs::read(&path).await.map_err(StudioError::file("reading", &path))?;
        tokio::fs::remove_file(&path).await.map_err(StudioError::file("removing", &path))?;
        Ok((MadeFile { name: "clip.mp4".to_owned(), media_type: "video/mp4", bytes }, measured))
    }
}

/// A clip to be drawn and encoded.
pub(crate) struct ClipOrder<'a> {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) subject: &'a Subject,
    pub(crate) clip: &'a Arc<ClipBrief>,
    /// Which of its frames.
    pub(crate) frames: std::ops::Range<u32>,
    /// The picture that they melt out of.
    pub(crate) melt_from: Option<Arc<Raster>>,
    pub(crate) scratch: &'a Path,
    pub(crate) progress: &'a Progress,
    /// The stage that its frames count for.
    pub(crate) stage: Stage,
}

/// What the frames of a clip were ordered to be. What goes from one picture to another moves, and its colours with it.
fn order_of(clip: &ClipBrief, frames: &std::ops::Range<u32>, goes_over: bool) -> consistency::ClipOrder {
    let moves = clip.camera.kind != Move::Static && clip.camera.amount != 0.0;
    let acts = clip.performances.iter().any(|acts| !acts.mouth.is_empty() || acts.beats.iter().any(|beat| beat.at > 0));
    let falls = match &clip.picture.backdrop {
        engine::brief::Backdrop::Set { weather, .. } => !matches!(weather, Weather::Clear | Weather::Overcast),
        engine::brief::Backdrop::Plain { .. } => false,
    };
    // Where a fade ends before the range begins, or begins after it ends, the range has none of it.
    let fade_in = clip.fade_in.saturating_sub(frames.start);
    let fade_out = clip.fade_out.saturating_sub(clip.frames.saturating_sub(frames.end));
    consistency::ClipOrder {
        canvas: clip.picture.canvas,
        rate: clip.rate,
        frames: frames.end - frames.start,
        fade_in,
        fade_out,
        wanders: moves || goes_over,
        moves: moves || acts || falls || goes_over,
    }
}

/// A drawing as the frames that it is shown for, melted out of `from` where there is one. One by one: a picture that
/// melts is another one on every frame, whatever is drawn on twos or threes.
fn shown<'a>(
    frame: &'a Frame,
    shown: std::ops::Range<u32>,
    frames: &'a std::ops::Range<u32>,
    from: Option<&'a Raster>,
) -> Box<dyn Iterator<Item = Frame> + 'a> {
    let hold = shown.end.saturating_sub(shown.start);
    match from {
        None => Box::new((hold > 0).then(|| Frame { image: Arc::clone(&frame.image), hold }).into_iter()),
        Some(from) => Box::new(shown.map(move |at| {
            let share = f64::from(at - frames.start + 1) / f64::from(frames.end - frames.start + 1);
            Frame { image: Arc::new(mix(from, &frame.image, share)), hold: 1 }
        })),
    }
}

/// `from` at share 0, `to` at share 1, mixed as film does, on the encoded values.
fn mix(from: &Raster, to: &Raster, share: f64) -> Raster {
    let weight = (share * 256.0).round() as u32;
    let rgba =
        from.rgba.iter().zip(&to.rgba).map(|(from, to)| ((u32::from(*from) * (256 - weight) + u32::from(*to) * weight + 128) >> 8) as u8);
    Raster { width: to.width, height: to.height, rgba: rgba.collect() }
}

/// The last picture of a clip, without what fades it out.
fn last_picture(engine: &dyn Engine, clip: &ClipBrief) -> Result<Arc<Raster>, EngineError> {
    let mut last = None;
    for frame in engine.clip(clip)? {
        last = Some(frame?.image);
    }
    last.ok_or_else(|| EngineError::Impossible { reason: "the shot before has no frames".to_owned() })
}

/// The pictures of a shot that are kept and judged: the first, and one for every change on the way. By frame.
pub(crate) fn key_pictures(clip: &ClipBrief) -> Vec<(u32, PictureBrief)> {
    let mut frames: Vec<u32> = clip.performances.iter().flat_map(|acts| acts.beats.iter().map(|beat| beat.at)).collect();
    frames.retain(|frame| *frame > 0 && *frame < clip.frames);
    frames.push(0);
    frames.sort_unstable();
    frames.dedup();
    frames.into_iter().map(|frame| (frame, picture_at(clip, frame))).collect()
}

/// What a shot's picture is at a frame.
pub(crate) fn picture_at(clip: &ClipBrief, frame: u32) -> PictureBrief {
    let mut picture = clip.picture.clone();
    for (actor, performance) in picture.actors.iter_mut().zip(&clip.performances) {
        for beat in performance.beats.iter().take_while(|beat| beat.at <= frame) {
            if let Some(pose) = &beat.pose {
                actor.pose.clone_from(pose);
            }
            actor.expression = beat.expression.unwrap_or(actor.expression);
            actor.facing = beat.facing.unwrap_or(actor.facing);
        }
    }
    picture
}

/// Frames of film that a node's clip has, as a range of its brief's frames.
pub(crate) fn frames_of(work: &Work) -> std::ops::Range<u32> {
    match work {
        Work::Sheet(_) => 0..1,
        Work::Shot { clip, skip } | Work::Film { clip, skip, .. } => *skip..clip.frames,
        Work::Transition { frames, .. } => 0..*frames,
    }
}

/// The answer of a drawing thread.
pub(crate) async fn joined<T>(task: tokio::task::JoinHandle<Result<T, StudioError>>, subject: &Subject) -> Result<T, StudioError> {
    match task.await {
        Ok(outcome) => outcome,
        Err(error) if error.is_cancelled() => Err(StudioError::Cancelled),
        Err(error) => Err(StudioError::Crashed { subject: subject.clone(), reason: error.to_string() }),
    }
}

async fn joined_drawing<T>(task: tokio::task::JoinHandle<Result<T, EngineError>>, subject: &Subject) -> Result<T, StudioError> {
    match task.await {
        Ok(outcome) => outcome.map_err(|source| StudioError::Draw { subject: subject.clone(), source }),
        Err(error) if error.is_cancelled() => Err(StudioError::Cancelled),
        Err(error) => Err(StudioError::Crashed { subject: subject.clone(), reason: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(value: u8) -> Raster {
        Raster { width: 2, height: 1, rgba: vec![value, value, value, 255, value, value, value, 255] }
    }

    #[test]
    fn a_dissolve_goes_from_one_picture_to_the_other() {
        assert_eq!(mix(&flat(10), &flat(200), 0.0), flat(10));
        assert_eq!(mix(&flat(10), &flat(200), 1.0), flat(200));
        let middle = mix(&flat(10), &flat(200), 0.5);
        assert_eq!(&middle.rgba[..4], &[105, 105, 105, 255]);
    }
}
