//! What a cut says of the films of its shots.

use std::collections::HashMap;

use bible::StoryTime;
use store::{Artifact, Decision, VerdictStatus};
use uuid::Uuid;

use crate::gate::GateReport;
use crate::graph::{EpisodeNode, FilmedShot};
use crate::people::GATE;
use crate::subject::Subject;

/// What is placed, by subject.
type Placed = HashMap<String, Artifact>;
/// The verdicts that count, by artifact.
type Verdicts = HashMap<Uuid, Decision>;

/// The film of a shot as it is placed; none where none is drawn of what the shot is now.
fn drawn<'a>(film: &FilmedShot, placed: &'a Placed) -> Option<&'a Artifact> {
    placed.get(&film.film.to_string()).filter(|artifact| artifact.recipe == film.recipe)
}

/// Why shots of a cut hold their key pictures though they have films.
pub(super) fn notes(node: &EpisodeNode, placed: &Placed, verdicts: &Verdicts) -> Vec<String> {
    let held = node.films.iter().filter(|film| !node.clips.contains(&film.film));
    held.map(|film| format!("{} holds its key pictures: {}", film.shot, why_held(film, placed, verdicts))).collect()
}

fn why_held(film: &FilmedShot, placed: &Placed, verdicts: &Verdicts) -> String {
    let Some(verdict) = drawn(film, placed).and_then(|artifact| verdicts.get(&artifact.id)) else {
        return "its film is not drawn".to_owned();
    };
    if verdict.decided_by != GATE {
        return format!("{} rejected its film", verdict.decided_by);
    }
    let report: Option<GateReport> = serde_json::from_value(verdict.report.clone()).ok();
    let reasons = report.into_iter().flat_map(|report| {
        let pictures = report.pictures.into_iter().flat_map(|picture| picture.verdict.reasons);
        pictures.filter(|reason| reason.leads_to.is_some()).map(|reason| reason.message).collect::<Vec<_>>()
    });
    let reasons: Vec<String> = reasons.take(3).collect();
    let state = if verdict.status == VerdictStatus::Rejected { "the gate rejects its film" } else { "its film waits for a person" };
    if reasons.is_empty() { state.to_owned() } else { format!("{state} ({})", reasons.join("; ")) }
}

/// Where the film of a shot comes from, and whether it is shown.
pub(super) fn provenance(node: &EpisodeNode, at: StoryTime, placed: &Placed, verdicts: &Verdicts) -> Vec<(String, String)> {
    let Some(film) = node.films.iter().find(|film| film.shot == Subject::Shot(at)) else { return Vec::new() };
    let Some(artifact) = drawn(film, placed) else { return vec![("film".to_owned(), "not drawn; key pictures are held".to_owned())] };
    let shown = node.clips.contains(&film.film);
    let state = if shown { "shown".to_owned() } else { format!("not shown: {}", why_held(film, placed, verdicts)) };
    let pieces = artifact.files.iter().filter(|file| file.name.ends_with(".making.json")).count();
    let by = verdicts.get(&artifact.id).map_or("nobody", |verdict| verdict.decided_by.as_str());
    let facts = [
        ("film", state),
        ("film pieces", pieces.to_string()),
        ("film recipe", artifact.recipe.to_string()),
        ("film judged by", by.to_owned()),
        ("film took", format!("{:.2} s", artifact.seconds)),
    ];
    facts.map(|(label, value)| (label.to_owned(), value)).to_vec()
}
