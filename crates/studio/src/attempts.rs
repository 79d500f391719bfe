//! Pictures that the gate rejects, drawn again with the director's correction.
//!
//! Every attempt is held against the same gate. Its seed follows from what is asked for and the attempt's number, and what
//! is corrected from the verdict before, so a production that was killed comes to the same attempts again and has the
//! farm give what it drew already. An engine that would draw the same again is asked once.

use std::sync::Arc;

use consistency::{Gate, Other, Reason, Score, Status};
use engine::correction::{NamedPart, Repaint};
use engine::picture::{PartMap, Raster};
use engine::{Correction, Engine};
use serde::{Deserialize, Serialize};

use crate::StudioError;
use crate::draw::{KeyPicture, Witnesses};
use crate::gate::{GateReport, PictureVerdict};
use crate::picture_files::MadeFile;
use crate::rendering::seed_of;
use crate::subject::Subject;
use crate::suggestion::{PartOf, suggestions};

/// The largest share of a picture that is repainted: where more is off, all of it is drawn anew.
const MOST_REPAINTED: f64 = 0.5;

/// One attempt at a picture, as it was judged when it was drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Try {
    /// Which attempt: 1 is the picture as it was first drawn.
    pub attempt: u32,
    /// The seed of what was left to chance.
    pub seed: u64,
    /// The file of the artifact that it is in.
    pub file: String,
    /// What was said more clearly than before: `hair of mei`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stressed: Vec<String>,
    /// What alone was drawn anew; nothing where the whole picture was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repainted: Vec<String>,
    /// What the gate said.
    pub status: Status,
    /// Its score; none when nothing was measured.
    pub score: Option<Score>,
    /// Why, as sentences.
    pub reasons: Vec<String>,
    /// Whether it is the one that is used.
    pub chosen: bool,
}

impl Try {
    /// For people: `attempt 2, rejected with 0.712, hair of mei stressed`.
    #[must_use]
    pub fn words(&self) -> String {
        let score = self.score.map_or_else(|| "no score".to_owned(), |score| score.to_string());
        let mut words = format!("attempt {}, {} with {score}, seed {}", self.attempt, self.status.word().replace('_', " "), self.seed);
        for (parts, done) in [(&self.stressed, "stressed"), (&self.repainted, "repainted")] {
            if !parts.is_empty() {
                words.push_str(&format!(", {} {done}", parts.join(" and ")));
            }
        }
        if self.chosen {
            words.push_str(" (used)");
        }
        words
    }
}

/// How often the picture of a report was drawn that was drawn least of those that the gate rejects; none where it rejects
/// none. Clips are not drawn again.
pub(crate) fn attempts_at_rejected(report: &GateReport) -> Option<u32> {
    let pictures = report.pictures.iter().filter(|picture| picture.picture.ends_with(".png"));
    let rejected = pictures.filter(|picture| picture.verdict.status == Status::Rejected);
    // Of a picture that was drawn once no attempts are listed.
    rejected.map(|picture| u32::try_from(picture.tries.len().max(1)).unwrap_or(u32::MAX)).min()
}

/// What a picture is judged by, and how often it is drawn.
pub(crate) struct Trial<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) subject: &'a Subject,
    pub(crate) others: &'a [Other],
    pub(crate) gate: Gate,
    pub(crate) witnesses: Option<&'a Witnesses>,
    /// How often it is drawn in all.
    pub(crate) attempts: u32,
}

/// The picture that came out of it.
pub(crate) struct Settlement {
    /// The picture that is used, with the files of the others.
    pub(crate) picture: KeyPicture,
    /// Its pixels, where it is not the first.
    pub(crate) image: Option<Arc<Raster>>,
    /// Its verdict, with what was tried.
    pub(crate) verdict: PictureVerdict,
}

struct Attempt {
    picture: KeyPicture,
    image: Option<Arc<Raster>>,
    verdict: PictureVerdict,
    stressed: Vec<String>,
    repainted: Vec<String>,
}

impl Attempt {
    /// The better the higher: what passes before what a person may pass, then by score.
    fn rank(&self) -> (u8, f64) {
        let verdict = &self.verdict.verdict;
        let status = match verdict.status {
            Status::Rejected => 0,
            Status::NeedsReview => 1,
            Status::Accepted => 2,
        };
        (status, verdict.score.map_or(0.0, Score::value))
    }
}

impl Trial<'_> {
    /// Judges a picture, and draws it again as long as the gate rejects it and attempts are left. Of several the best is
    /// used; of those that are as good the first.
    pub(crate) fn settle(&self, first: KeyPicture) -> Result<Settlement, StudioError> {
        let verdict = first.judge(self.others, self.gate, self.witnesses);
        let mut tried = vec![Attempt { picture: first, image: None, verdict, stressed: Vec::new(), repainted: Vec::new() }];
        for attempt in 2..=self.attempts {
            if tried.last().is_none_or(|last| last.verdict.verdict.status != Status::Rejected) {
                break;
            }
            let (correction, stressed, repainted) = corrected(&tried[best(&tried)], attempt);
            let brief = tried[0].picture.brief();
            let again = self.engine.picture_again(brief, &correction);
            let again = again.map_err(|source| StudioError::Draw { subject: self.subject.clone(), source })?;
            let Some(again) = again else { break };
            let (picture, image) = KeyPicture::of(again, self.subject, brief.clone(), tried[0].picture.stem())?;
            let verdict = picture.judge(self.others, self.gate, self.witnesses);
            tried.push(Attempt { picture, image: Some(image), verdict, stressed, repainted });
        }
        let best = best(&tried);
        let tries = if tried.len() > 1 { self.tries(&tried, best)? } else { Vec::new() };
        let mut beside = Vec::new();
        for (attempt, told) in tried.iter().zip(&tries).filter(|(_, told)| !told.chosen) {
            beside.extend(attempt.picture.files.first().map(|file| MadeFile { name: told.file.clone(), ..file.clone() }));
        }
        let Attempt { mut picture, image, verdict, .. } = tried.swap_remove(best);
        picture.files.extend(beside);
        Ok(Settlement { picture, image, verdict: PictureVerdict { tries, ..verdict } })
    }

    fn tries(&self, tried: &[Attempt], best: usize) -> Result<Vec<Try>, StudioError> {
        let tell = |(index, attempt): (usize, &Attempt)| {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let seed =
                seed_of(attempt.picture.brief(), number).map_err(|source| StudioError::Recipe { subject: self.subject.clone(), source })?;
            let verdict = &attempt.verdict.verdict;
            let name = attempt.verdict.picture.clone();
            Ok(Try {
                attempt: number,
                seed,
                file: if index == best { name } else { format!("{}.attempt-{number}.png", attempt.picture.stem()) },
                stressed: attempt.stressed.clone(),
                repainted: attempt.repainted.clone(),
                status: verdict.status,
                score: verdict.score,
                reasons: verdict.reasons.iter().filter(|reason| reason.leads_to.is_some()).map(|reason| reason.message.clone()).collect(),
                chosen: index == best,
            })
        };
        tried.iter().enumerate().map(tell).collect()
    }
}

/// The place of the best attempt; the first of those that are as good.
fn best(tried: &[Attempt]) -> usize {
    let mut best = 0;
    for (index, attempt) in tried.iter().enumerate().skip(1) {
        let ((status, score), (best_status, best_score)) = (attempt.rank(), tried[best].rank());
        if status > best_status || (status == best_status && score > best_score) {
            best = index;
        }
    }
    best
}

/// What is done otherwise after an attempt, and the same in words: what is stressed, what is repainted.
fn corrected(before: &Attempt, attempt: u32) -> (Correction, Vec<String>, Vec<String>) {
    let (map, verdict) = (before.picture.parts(), &before.verdict.verdict);
    let all = suggestions(verdict, map, "");
    let mut parts: Vec<PartOf> = all.iter().flat_map(|suggestion| suggestion.parts.iter().cloned()).collect();
    parts.sort_unstable();
    parts.dedup();
    // What no part can mend, a soft picture or somebody else in it, is not mended by repainting parts. Why it waits for a
    // person besides is nothing that drawing mends.
    let rejecting = verdict.reasons.iter().filter(|reason| reason.leads_to == Some(Status::Rejected));
    let is_of_parts = |reason: &Reason| {
        let named = || all.iter().any(|suggestion| suggestion.because == reason.message && !suggestion.parts.is_empty());
        reason.code == "colour-off" || reason.measure == "calibration" || named()
    };
    let only_parts = rejecting.clone().next().is_some() && rejecting.into_iter().all(is_of_parts);
    let repaint = map.filter(|_| only_parts).and_then(|map| repaint(&before.picture, map, &parts));
    let repainted = if repaint.is_some() { parts.iter().map(PartOf::words).collect() } else { Vec::new() };
    let stress: Vec<NamedPart> = parts.into_iter().filter_map(|PartOf { owner, part }| Some(NamedPart { owner: owner?, part })).collect();
    let stressed = stress.iter().map(|named| format!("{} of {}", named.part, named.owner)).collect();
    (Correction { attempt, stress, repaint }, stressed, repainted)
}

/// The parts of a picture drawn anew over the layout, and the rest kept; none where a part has no mask, or they are too much
/// of the picture.
fn repaint(picture: &KeyPicture, map: &PartMap, parts: &[PartOf]) -> Option<Repaint> {
    let indices: Vec<u8> = parts.iter().map(|part| part.index(map)).collect::<Option<_>>()?;
    let inside = |index: u8| indices.contains(&index);
    let share = map.indices.iter().filter(|index| inside(**index)).count() as f64 / map.indices.len().max(1) as f64;
    if share <= 0.0 || share > MOST_REPAINTED {
        return None;
    }
    let (mut drawn, layout) = (picture.decoded()?, picture.layout()?);
    let size = (map.width, map.height);
    if (drawn.width, drawn.height) != size || (layout.width, layout.height) != size {
        return None;
    }
    let mut mask = Raster { width: map.width, height: map.height, rgba: Vec::with_capacity(drawn.rgba.len()) };
    let pixels = drawn.rgba.as_chunks_mut::<4>().0.iter_mut().zip(layout.rgba.as_chunks::<4>().0);
    for (index, (pixel, layout)) in map.indices.iter().zip(pixels) {
        let anew = inside(*index);
        if anew {
            // The colours are wrong here: the layout's are where to begin from.
            *pixel = *layout;
        }
        mask.rgba.extend_from_slice(if anew { &[255; 4] } else { &[0, 0, 0, 255] });
    }
    Some(Repaint { picture: drawn, mask })
}
