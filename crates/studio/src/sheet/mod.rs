//! Character sheets: drawn, checked picture by picture, signed, decided on, and checked again when they are read.

mod document;
mod measure;

use std::path::Path;
use std::sync::Arc;

use bible::{Digest, Slug, StoryTime};
use consistency::{Gate, Status};
use serde::Serialize;
use store::{Sheet, VerdictStatus};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use document::{CharacterSheet, Check, Finding, SheetName, SignedForm, SlotPair, SlotPicture};

use crate::graph::{Graph, Node, Work};
use crate::lock::ProductionLock;
use crate::networks::Networks;
use crate::people::GATE;
use crate::plan::Action;
use crate::produce::{Production, fresh_scratch};
use crate::progress::Progress;
use crate::{Judgement, Show, Studio, StudioError, Subject};
use measure::Kept;

/// Which sheet is meant; the first look of the character where none is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetAsked {
    /// Whose.
    pub character: Slug,
    /// In which look.
    pub look: Option<Slug>,
    /// Since which change.
    pub since: Option<StoryTime>,
}

/// A sheet as it was signed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignedSheet {
    /// Its id.
    pub id: Uuid,
    /// Which version of the sheet.
    pub version: u32,
    /// Whether it is the reference.
    pub status: VerdictStatus,
    /// Who decided that.
    pub decided_by: String,
    /// A person's note.
    pub note: String,
    /// Pictures that were drawn for it just now.
    pub drawn: usize,
    /// The sheet.
    pub sheet: CharacterSheet,
}

/// What came of reading a signed sheet again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validation {
    /// The sheet as it was signed.
    pub signed: SignedSheet,
    /// Whether its pictures still are what was signed.
    pub intact: bool,
    /// What is not as it was signed, as sentences.
    pub damage: Vec<String>,
    /// Places whose picture the bible would have drawn differently by now.
    pub stale: Vec<Slug>,
    /// Whether it can be the reference: intact, not stale, whole, and accepted.
    pub valid: bool,
    /// All that was measured anew; none when a picture cannot be read.
    pub now: Option<CharacterSheet>,
}

impl Studio {
    /// Draws what is missing of a character's sheet, measures all of it, and signs it as the next version, unless the
    /// newest version is the same already. The gate accepts it when every place has a picture, none is a copy, and
    /// all agree; anything else waits for a person.
    ///
    /// # Errors
    /// [`StudioError::Unknown`] with the nearest name, [`StudioError::Busy`] while a production runs in `data`.
    pub async fn generate_sheet(&self, show: &Show, asked: &SheetAsked, data: &Path) -> Result<SignedSheet, StudioError> {
        let _lock = ProductionLock::take(data)?;
        let layout = Arc::new(show.engine());
        let rendering = self.rendering_of(show).await?;
        let graph = Graph::drawn(&show.project, &layout, rendering.clone())?;
        let (name, nodes) = found(&graph, asked)?;
        let project = self.note(show).await?;
        let (plan, _) = self.plan_graph(show, &graph).await?;
        let stale = |node: &&Node, action: Action| plan.steps.iter().any(|step| step.subject == node.subject && step.action == action);
        let gate = show.gate_of_sheets();
        let progress = Progress::default();
        let cancel = CancellationToken::new();
        let draws = nodes.iter().any(|node| stale(node, Action::Draw));
        let at_work = self.engine_of(&layout, rendering, draws, project, data, &cancel).await?;
        let production = Production {
            studio: self,
            show,
            graph: &graph,
            engine: Arc::clone(&at_work.engine),
            comfy: at_work.comfy.clone(),
            project,
            scratch: fresh_scratch(data)?,
            out: data.to_owned(),
            progress: &progress,
            cancel: &cancel,
            judges: self.judges_of(show, &graph)?,
        };
        let to_draw: Vec<&Node> = nodes.iter().copied().filter(|node| stale(node, Action::Draw)).collect();
        let drawn = to_draw.len();
        let carried_out = async {
            let reused = nodes.iter().filter(|node| stale(node, Action::Reuse)).map(|node| (&node.subject, node.recipe));
            production.place_again(reused.collect()).await?;
            production.draw_look(to_draw).await
        };
        let carried_out = carried_out.await;
        at_work.rest().await;
        carried_out?;
        let sheet = self.measured_sheet(project, name, &nodes, gate).await?;
        // Who the pictures show is for a person where nobody measured it.
        let known = matches!(sheet.identity, Finding::Passed(_) | Finding::ByConstruction(_));
        let accepted = sheet.is_whole() && known && !sheet.slots.is_empty();
        let now = (self.environment.now)();
        let signed = Sheet {
            id: (self.environment.new_id)(),
            project,
            subject: sheet.name.to_string(),
            version: 0,
            digest: sheet.digest,
            status: if accepted { VerdictStatus::Accepted } else { VerdictStatus::NeedsReview },
            decided_by: GATE.to_owned(),
            note: String::new(),
            document: serde_json::to_value(&sheet).map_err(|source| damaged(&sheet.name, source))?,
            bible: show.version,
            created_at: now,
            decided_at: now,
        };
        signed_sheet(self.store.sign_sheet(&signed).await?, drawn)
    }

    /// Reads the newest version of a sheet again: every picture from where it is kept, decoded, measured, and held
    /// against the signature.
    ///
    /// # Errors
    /// [`StudioError::Unknown`] when the character has no such look, or no sheet was signed yet.
    pub async fn validate_sheet(&self, show: &Show, asked: &SheetAsked) -> Result<Validation, StudioError> {
        let layout = show.engine();
        let graph = Graph::drawn(&show.project, &layout, self.rendering_of(show).await?)?;
        let (name, nodes) = found(&graph, asked)?;
        let signed = signed_sheet(self.newest_sheet(show, &name).await?, 0)?;
        let mut damage = Vec::new();
        let mut kept = Vec::new();
        for picture in &signed.sheet.slots {
            let Some(node) = nodes.iter().find(|node| slot_of(node) == Some(&picture.slot)) else {
                damage.push(format!("the sheet has no place `{}` any more", picture.slot));
                continue;
            };
            match self.kept(node, (picture.artifact, picture.recipe), picture.status).await {
                Ok(read) => kept.push(read),
                Err(error) => damage.push(format!("the picture of `{}` cannot be read: {error}", picture.slot)),
            }
        }
        let gate = show.gate_of_sheets();
        let missing = signed.sheet.missing.clone();
        let now = if kept.len() == signed.sheet.slots.len() {
            match measured_beside(name, kept, missing, gate, Networks::new(self.models.clone())).await {
                Ok(now) => Some(now),
                Err(error) => {
                    damage.push(error.to_string());
                    None
                }
            }
        } else {
            None
        };
        if let Some(now) = &now {
            for (was, is) in signed.sheet.slots.iter().zip(&now.slots) {
                if was.pixels != is.pixels {
                    damage.push(format!("the pixels of `{}` are not those that were signed", was.slot));
                }
            }
            if now.measures != signed.sheet.measures {
                damage.push(format!(
                    "it was measured with {} and is now with {}",
                    signed.sheet.measures.join(", "),
                    now.measures.join(", ")
                ));
            } else if damage.is_empty() && !signed.sheet.signs(now) {
                damage.push("the document is not the one that was signed".to_owned());
            }
        }
        let stale: Vec<Slug> = nodes
            .iter()
            .filter_map(|node| {
                let slot = slot_of(node)?;
                let drawn = signed.sheet.slots.iter().find(|picture| picture.slot == *slot);
                drawn.is_none_or(|picture| picture.recipe != node.recipe).then(|| slot.clone())
            })
            .collect();
        let intact = damage.is_empty();
        let valid = intact && stale.is_empty() && signed.sheet.missing.is_empty() && signed.status == VerdictStatus::Accepted;
        Ok(Validation { signed, intact, damage, stale, valid, now })
    }

    /// Puts a person's word on the newest version of a sheet.
    ///
    /// # Errors
    /// As [`Studio::validate_sheet`].
    pub async fn review_sheet(&self, show: &Show, asked: &SheetAsked, judgement: &Judgement) -> Result<SignedSheet, StudioError> {
        let layout = show.engine();
        let graph = Graph::drawn(&show.project, &layout, self.rendering_of(show).await?)?;
        let (name, _) = found(&graph, asked)?;
        let sheet = self.newest_sheet(show, &name).await?;
        let at = (self.environment.now)();
        self.store.decide_sheet(sheet.id, judgement.status, &judgement.by, &judgement.note, at).await?;
        signed_sheet(self.newest_sheet(show, &name).await?, 0)
    }

    async fn newest_sheet(&self, show: &Show, name: &SheetName) -> Result<Sheet, StudioError> {
        let unknown = || StudioError::Unknown { what: format!("signed sheet of {name} yet: generate it first"), nearest: None };
        let project = self.store.project_by_slug(&show.project.settings.slug).await?.ok_or_else(unknown)?;
        self.store.sheet(project.id, &name.to_string()).await?.ok_or_else(unknown)
    }

    async fn measured_sheet(&self, project: Uuid, name: SheetName, nodes: &[&Node], gate: Gate) -> Result<CharacterSheet, StudioError> {
        let placed = self.store.placements(project).await?;
        let (mut kept, mut missing) = (Vec::new(), Vec::new());
        for node in nodes {
            let subject = node.subject.to_string();
            let Some(slot) = slot_of(node) else { continue };
            match placed.iter().find(|placed| placed.subject == subject) {
                Some(placed) => kept.push(self.kept(node, (placed.artifact, placed.recipe), judged(placed.status)).await?),
                None => missing.push(slot.clone()),
            }
        }
        measured_beside(name, kept, missing, gate, Networks::new(self.models.clone())).await
    }

    async fn kept(&self, node: &Node, (artifact, recipe): (Uuid, Digest), status: Status) -> Result<Kept, StudioError> {
        let Work::Sheet(brief) = &node.work else { unreachable!("a node of a sheet draws a sheet's picture") };
        let gone = || StudioError::Unknown { what: format!("artifact {artifact} of {}", node.subject), nearest: None };
        let artifact = self.store.artifact(artifact).await?.ok_or_else(gone)?;
        let slot = slot_of(node).cloned().ok_or_else(gone)?;
        Kept::read(&self.blobs, slot, node.subject.clone(), artifact, recipe, status, brief.as_ref().clone()).await
    }
}

/// Measuring takes the processor for a while, so it is done beside what else goes on.
async fn measured_beside(
    name: SheetName,
    kept: Vec<Kept>,
    missing: Vec<Slug>,
    gate: Gate,
    networks: Networks,
) -> Result<CharacterSheet, StudioError> {
    let subject = kept.first().map(|kept| kept.subject.clone());
    let task = tokio::task::spawn_blocking(move || measure::measured(name, &kept, missing, gate, &networks));
    match task.await {
        Ok(sheet) => sheet,
        Err(error) => Err(match subject {
            Some(subject) => StudioError::Crashed { subject, reason: error.to_string() },
            None => StudioError::Cancelled,
        }),
    }
}

/// The name and the pictures of a sheet.
fn found<'g>(graph: &'g Graph<'_>, asked: &SheetAsked) -> Result<(SheetName, Vec<&'g Node>), StudioError> {
    let mut names: Vec<SheetName> = Vec::new();
    for node in &graph.nodes {
        if let Subject::Sheet { character, look, since, .. } = &node.subject {
            let name = SheetName { character: character.clone(), look: look.clone(), since: *since };
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
    }
    let own: Vec<&SheetName> = names.iter().filter(|name| name.character == asked.character).collect();
    if own.is_empty() {
        let nearest = bible::source::nearest(asked.character.as_str(), names.iter().map(|name| name.character.as_str()));
        return Err(StudioError::Unknown { what: format!("character `{}`", asked.character), nearest: nearest.map(str::to_owned) });
    }
    let meant = |name: &&&SheetName| asked.look.as_ref().is_none_or(|look| *look == name.look) && (asked.since == name.since);
    let Some(name) = own.iter().find(meant).copied().cloned() else {
        let known: Vec<String> = own.iter().map(|name| format!("`{name}`")).collect();
        let what = format!("such look of `{}`; there are {}", asked.character, known.join(", "));
        return Err(StudioError::Unknown { what, nearest: None });
    };
    let of_it = |subject: &Subject| matches!(subject, Subject::Sheet { character, look, since, .. } if *character == name.character && *look == name.look && *since == name.since);
    let nodes = graph.nodes.iter().map(|node| &**node).filter(|node| of_it(&node.subject)).collect();
    Ok((name, nodes))
}

fn slot_of(node: &Node) -> Option<&Slug> {
    match &node.subject {
        Subject::Sheet { slot, .. } => Some(slot),
        _ => None,
    }
}

const fn judged(status: VerdictStatus) -> Status {
    match status {
        VerdictStatus::Accepted => Status::Accepted,
        VerdictStatus::NeedsReview => Status::NeedsReview,
        VerdictStatus::Rejected => Status::Rejected,
    }
}

fn damaged(name: &SheetName, source: serde_json::Error) -> StudioError {
    StudioError::Damaged { what: format!("the sheet of {name}"), source }
}

fn signed_sheet(stored: Sheet, drawn: usize) -> Result<SignedSheet, StudioError> {
    let Sheet { id, version, status, decided_by, note, document, subject, .. } = stored;
    let sheet =
        serde_json::from_value(document).map_err(|source| StudioError::Damaged { what: format!("the sheet of {subject}"), source })?;
    Ok(SignedSheet { id, version, status, decided_by, note, drawn, sheet })
}
