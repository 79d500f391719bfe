//! The films of shots: each piece is drawn, looked at, and put in its place between the key pictures.
//!
//! A film is an artifact of its own beside its shot: the shot's clip holds its key pictures, and the film takes its place
//! in the episode when the gate or a person has accepted it. Nothing waits for it until then.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use engine::ClipBrief;
use engine::picture::Raster;
use futures::{StreamExt, TryStreamExt, future, stream};
use store::VerdictStatus;
use uuid::Uuid;

use crate::StudioError;
use crate::draw::{ClipOrder, Drawn, frames_of, joined};
use crate::film_engine::{DrawnPiece, FilmEngine};
use crate::film_frames::{Filmed, Reel};
use crate::film_look::{Looked, Wanted, look};
use crate::gate::{GateReport, judge_moving};
use crate::graph::{Node, Work};
use crate::picture_files::{MadeFile, json_file, png_file};
use crate::pieces::Piece;
use crate::produce::Production;
use crate::progress::Stage;
use crate::subject::Subject;

/// A shot's key pictures by their frames.
pub(crate) type Keys = HashMap<u32, Arc<Raster>>;

/// A film that can be drawn now: its node, and the artifact of its shot.
pub(crate) type Due<'a> = (&'a Node, Uuid);

impl Production<'_> {
    /// The films that are not drawn yet and whose key pictures are accepted, by the gate or by a person.
    pub(crate) async fn films_due(&self) -> Result<Vec<Due<'_>>, StudioError> {
        let films: Vec<&Node> = self.graph.nodes.iter().map(|node| &**node).filter(|node| matches!(node.work, Work::Film { .. })).collect();
        if films.is_empty() {
            return Ok(Vec::new());
        }
        let placed = self.studio.placed_by_subject(self.project).await?;
        let due = films.into_iter().filter_map(|node| {
            let (Work::Film { shot, .. }, Subject::Film(at)) = (&node.work, &node.subject) else { return None };
            let shot = placed.get(&Subject::Shot(*at).to_string()).filter(|placed| placed.recipe == *shot)?;
            let own = placed.get(&node.subject.to_string());
            let drawn = own.is_some_and(|own| own.recipe == node.recipe && !shot.is_newer_than(own));
            (!drawn && shot.status == VerdictStatus::Accepted).then_some((node, shot.artifact))
        });
        Ok(due.collect())
    }

    /// Draws films, several at a time.
    pub(crate) async fn draw_films(&self, due: &[Due<'_>], engine: &Arc<FilmEngine>, jobs: usize) -> Result<(), StudioError> {
        if due.is_empty() {
            return Ok(());
        }
        self.progress.begin(Stage::Films, due.iter().map(|(node, _)| u64::from(node.work.frames())).sum());
        let films = due.iter().map(|(node, shot)| self.draw_film(node, *shot, engine));
        stream::iter(films).buffer_unordered(jobs).try_collect::<Vec<()>>().await?;
        Ok(())
    }

    async fn draw_film(&self, node: &Node, shot: Uuid, engine: &Arc<FilmEngine>) -> Result<(), StudioError> {
        let Work::Film { clip, pieces, .. } = &node.work else { return Ok(()) };
        self.stop_when_cancelled()?;
        let attempt = self.start(node).await?;
        let begun = Instant::now();
        let outcome = tokio::select! {
            outcome = self.filmed(node, clip, pieces, shot, engine) => outcome,
            () = self.cancel.cancelled() => Err(StudioError::Cancelled),
        };
        let drawn = self.ended(attempt, outcome).await?;
        self.keep(node, attempt, begun.elapsed().as_secs_f64(), drawn).await?;
        self.progress.finished(Stage::Films, &node.subject);
        Ok(())
    }

    /// A shot's film: its pieces as they came and as they were judged, and the clip that they make.
    async fn filmed(
        &self,
        node: &Node,
        clip: &Arc<ClipBrief>,
        pieces: &[Piece],
        shot: Uuid,
        engine: &Arc<FilmEngine>,
    ) -> Result<Drawn, StudioError> {
        let subject = &node.subject;
        let gate = self.show.gate_of(&node.work);
        let keys: Keys = self.chosen_of(clip, shot).await?.into_iter().map(|(frame, _, image)| (frame, image)).collect();
        let asked = pieces.iter().map(|piece| engine.draw(subject, clip, piece, &keys));
        let drawn = future::try_join_all(asked).await;
        let drawn = drawn.map_err(|source| StudioError::Draw { subject: subject.clone(), source })?;
        let (mut files, mut verdicts, mut reels) = (Vec::new(), Vec::new(), Vec::new());
        for piece in drawn {
            let stem = format!("film-{:04}", piece.piece.start);
            let Looked { measurement, middle, footage } = self.looked_at(node, engine, clip, &piece, &keys).await?;
            let unkept = |source| StudioError::PictureFile { subject: subject.clone(), source };
            let picture = format!("{stem}.png");
            verdicts.push(judge_moving(&picture, measurement, gate));
            if let Some(middle) = middle {
                files.push(png_file(picture, &middle).map_err(unkept)?);
            }
            files.push(json_file(format!("{stem}.making.json"), &piece.making).map_err(unkept)?);
            let (extension, media_type) = container(&piece.media_type);
            files.push(MadeFile { name: format!("{stem}.{extension}"), media_type, bytes: piece.bytes.to_vec() });
            reels.extend(footage.map(|(footage, count)| Reel { piece: piece.piece, footage, count }));
        }
        let filmed =
            Filmed { engine: Arc::clone(&self.engine), films: Arc::clone(engine), programs: self.studio.programs.clone(), keys, reels };
        let order = ClipOrder {
            engine: Arc::new(filmed),
            subject,
            clip,
            frames: frames_of(&node.work),
            melt_from: None,
            scratch: &self.scratch,
            progress: self.progress,
            stage: Stage::Films,
        };
        let (film, measured) = self.studio.encode(order).await?;
        verdicts.push(judge_moving(&film.name, measured, gate));
        files.insert(0, film);
        Ok(Drawn { files, report: GateReport::of(gate, verdicts) })
    }

    /// Looks at every frame of a piece, beside what else goes on.
    async fn looked_at(
        &self,
        node: &Node,
        engine: &Arc<FilmEngine>,
        clip: &ClipBrief,
        piece: &DrawnPiece,
        keys: &Keys,
    ) -> Result<Looked, StudioError> {
        let name = format!("{}-{:04}", node.subject.to_string().replace(' ', "-"), piece.piece.start);
        let path = self.scratch.join(name);
        tokio::fs::write(&path, &piece.bytes).await.map_err(StudioError::file("writing", &path))?;
        let wanted = Wanted::of(engine, clip.picture.canvas, &piece.piece, keys);
        let wanted = wanted.map_err(|source| StudioError::Draw { subject: node.subject.clone(), source })?;
        let (programs, subject) = (self.studio.programs.clone(), node.subject.clone());
        let task = tokio::task::spawn_blocking(move || {
            look(&programs, wanted, &path).map_err(StudioError::editorial(format!("decoding {subject}")))
        });
        joined(task, &node.subject).await
    }
}

/// How the file of a film ends, and its type.
fn container(media_type: &str) -> (&'static str, &'static str) {
    match media_type {
        "video/webm" => ("webm", "video/webm"),
        "video/x-matroska" => ("mkv", "video/x-matroska"),
        _ => ("mp4", "video/mp4"),
    }
}
