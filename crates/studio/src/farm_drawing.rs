//! Pictures and films that the farm draws.
//!
//! The id of a job follows from its graph, so whoever asks for the same picture again gets the same job: one
//! that was queued before a crash is waited for, and one that was drawn is not drawn twice.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bible::Digest;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use comfyui::template::Filled;
use comfyui::{Graph, Media};
use engine::EngineError;
use engine::picture::Making;
use farm::{Band, JobId, JobState, Policy, Requirements};
use store::farm::NewJob;
use store::{BlobError, BlobStore, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::{Drawn, ExpectedOutput, Input, Payload, Variant};

use crate::said::Said;

/// Where pictures that steer go on a server.
const FOLDER: &str = "echo-studio";

/// How often a job is looked at: at first, and in the end.
const LOOKS: [Duration; 2] = [Duration::from_millis(40), Duration::from_millis(500)];

/// A job that waits for longer is said to wait, with its reason.
const LONG: Duration = Duration::from_secs(15);

/// Pictures of size 1 have as many pixels.
const USUAL_PIXELS: f64 = 1_048_576.0;

/// Draws a project's pictures and films on the farm.
#[derive(Debug)]
pub(crate) struct FarmDrawing {
    pub(crate) store: Store,
    pub(crate) blobs: BlobStore,
    pub(crate) now: fn() -> DateTime<Utc>,
    pub(crate) project: Uuid,
    pub(crate) user: String,
    pub(crate) cancel: CancellationToken,
    /// Whether files were waited for that nobody read: others are not waited for then.
    pub(crate) unread: AtomicBool,
}

/// A picture or a film to be drawn.
pub(crate) struct Order<'a> {
    /// The template's name: times are learned by it.
    pub(crate) template: &'a str,
    /// What is drawn.
    pub(crate) filled: Filled,
    /// The same with less memory, by the variant's name: what the farm goes on with when memory does not do.
    pub(crate) smaller: Vec<(String, Filled)>,
    /// Pictures that the graph names, by [`FarmDrawing::keep`].
    pub(crate) inputs: &'a [Digest],
    /// BLAKE3 that model files have to have, by their names.
    pub(crate) pinned: BTreeMap<String, Digest>,
    /// For people: what it is of.
    pub(crate) subject: String,
    /// Width and height in pixels.
    pub(crate) size: (u32, u32),
    /// What is asked for.
    pub(crate) media: Media,
    /// How many frames it has; 1 for a picture.
    pub(crate) frames: u32,
}

/// What was drawn.
pub(crate) struct Delivered {
    pub(crate) bytes: Bytes,
    /// Its media type, by content.
    pub(crate) media_type: String,
    pub(crate) making: Making,
}

impl FarmDrawing {
    /// Keeps a picture that graphs read. Gives its digest.
    pub(crate) async fn keep(&self, png: Vec<u8>) -> Result<Digest, EngineError> {
        self.blobs.put(png.into()).await.map(|blob| blob.digest).map_err(|error| unavailable(&error))
    }

    /// The name by which a graph reads a kept picture.
    pub(crate) fn name(picture: Digest) -> String {
        format!("{FOLDER}/{picture}.png")
    }

    /// Has a picture or a film drawn, and waits for it.
    pub(crate) async fn draw(&self, order: Order<'_>) -> Result<Delivered, EngineError> {
        let (begin, word) = match order.media {
            Media::Picture => ("image/", "picture"),
            Media::Film => ("video/", "film"),
        };
        let new = self.job(&order)?;
        for again in 0_u32.. {
            let id = job_id(self.project, &order.filled.graph, &order.pinned, again)?;
            let ending = self.ask(NewJob { id, ..new.clone() }).await?;
            let drawn = self.wait(id, ending).await?;
            let file = drawn.files.iter().find(|file| file.media_type.starts_with(begin));
            let file = file.ok_or_else(|| EngineError::Impossible { reason: format!("the template leaves no {word}") })?;
            match self.blobs.get(file.blob).await {
                Ok(bytes) => {
                    let media_type = file.media_type.clone();
                    let models = self.used_models(id, order.graph(drawn.variant)).await?;
                    let Drawn { variant_name: variant, node, prompt, seconds, .. } = drawn;
                    let making = Making {
                        template: order.template.to_owned(),
                        variant,
                        node,
                        prompt: prompt.to_string(),
                        seconds,
                        models,
                        references: Vec::new(),
                        without_reference: Vec::new(),
                    };
                    return Ok(Delivered { bytes, media_type, making });
                }
                // It was drawn once and cleared away since.
                Err(BlobError::Missing { .. }) => {}
                Err(error) => return Err(unavailable(&error)),
            }
        }
        Err(EngineError::Impossible { reason: format!("each {word} of it is cleared away as soon as it is drawn") })
    }

    fn job(&self, order: &Order<'_>) -> Result<NewJob, EngineError> {
        let needs = Requirements { pinned: order.pinned.clone(), ..worker::needs_of(&order.filled.graph, order.template) };
        let smaller = order.smaller.iter().map(|(name, filled)| variant(Some(name.clone()), filled, order.inputs));
        let variants: Vec<Variant> = std::iter::once(variant(None, &order.filled, order.inputs)).chain(smaller).collect();
        let smaller = u32::try_from(variants.len() - 1).unwrap_or(u32::MAX);
        let payload = Payload { variants };
        Ok(NewJob {
            id: JobId(Uuid::nil()),
            project: self.project,
            user: self.user.clone(),
            subject: order.subject.clone(),
            band: Band::Normal,
            deadline: None,
            size: size_of(order.size) * f64::from(order.frames),
            needs,
            after: Vec::new(),
            payload: serde_json::to_value(payload).map_err(|error| EngineError::Impossible { reason: error.to_string() })?,
            variants: smaller,
            held: false,
        })
    }

    /// Queues a job, or has one tried again that came to no end before. Says whether it is one that an earlier production
    /// gave up and that has yet to end.
    async fn ask(&self, new: NewJob) -> Result<bool, EngineError> {
        let id = new.id;
        let before = self.store.farm_job_state(id).await.map_err(|error| unavailable(&error))?;
        let asked = match before {
            None => self.store.submit_jobs(vec![new], (self.now)()).await.map(|_| false),
            Some(JobState::Failed | JobState::Cancelled) => self.store.retry_job(id, (self.now)()).await.map(|_| false),
            Some(JobState::Done) => Ok(false),
            Some(_) => self.store.farm_job(id).await.map(|detail| detail.is_some_and(|detail| detail.job.cancel_requested)),
        };
        asked.map_err(|error| unavailable(&error))
    }

    /// Waits for a job. One that is `ending` is tried again when it has ended.
    async fn wait(&self, id: JobId, mut ending: bool) -> Result<Drawn, EngineError> {
        let (mut pause, begun, mut said) = (LOOKS[0], Instant::now(), Said::default());
        loop {
            match self.store.farm_job_state(id).await.map_err(|error| unavailable(&error))? {
                Some(JobState::Done) => return self.drawn(id).await,
                Some(JobState::Failed) => return Err(failed(self.why_failed(id).await)),
                Some(JobState::Cancelled) if std::mem::take(&mut ending) => {
                    self.store.retry_job(id, (self.now)()).await.map_err(|error| unavailable(&error))?;
                }
                Some(JobState::Cancelled) => return Err(failed("somebody cancelled it on the farm".to_owned())),
                None => return Err(failed("its job is gone from the farm".to_owned())),
                Some(_) => {}
            }
            if self.cancel.is_cancelled() {
                drop(self.store.cancel_job(id, (self.now)()).await);
                return Err(failed("the production was cancelled".to_owned()));
            }
            if begun.elapsed() > LONG {
                self.say_why(id, &mut said).await;
            }
            tokio::select! {
                () = self.cancel.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 3 / 2).min(LOOKS[1]);
        }
    }

    /// Says once for each reason why a job waits.
    async fn say_why(&self, id: JobId, said: &mut Said) {
        let waiting = self.store.why_job_waits(id, &Policy::default(), (self.now)()).await.ok().flatten();
        if let Some(why) = waiting.and_then(|waiting| said.news(waiting)) {
            tracing::warn!(job.id = %id, "a picture waits: {why}");
        }
    }

    async fn drawn(&self, id: JobId) -> Result<Drawn, EngineError> {
        let results = self.store.farm_results(&[id]).await.map_err(|error| unavailable(&error))?;
        let result =
            results.into_iter().next().map(|(_, result)| result).ok_or_else(|| failed("the farm kept no result of it".to_owned()))?;
        serde_json::from_value(result).map_err(|error| failed(format!("the farm's result cannot be read: {error}")))
    }

    async fn why_failed(&self, id: JobId) -> String {
        let detail = self.store.farm_job(id).await.ok().flatten();
        let reason = |detail: store::farm::JobDetail| detail.attempts.into_iter().rev().find_map(|attempt| attempt.reason);
        detail.and_then(reason).unwrap_or_else(|| "the farm gave it up".to_owned())
    }
}

impl Order<'_> {
    /// The graph of a variant: 0 the usual one, then those that take less memory.
    fn graph(&self, variant: u32) -> &Graph {
        let smaller = (variant as usize).checked_sub(1).and_then(|index| self.smaller.get(index));
        &smaller.map_or(&self.filled, |(_, filled)| filled).graph
    }
}

/// How much work a picture, or a frame of a film, of so many pixels each way is, compared with a usual picture.
pub(crate) fn size_of((width, height): (u32, u32)) -> f64 {
    f64::from(width) * f64::from(height) / USUAL_PIXELS
}

/// The job of a picture: its id follows from the project and the graph, with seed, prompts and the digests of what it
/// reads, from the model files that are pinned, and from how often its picture was cleared away.
fn job_id(project: Uuid, graph: &Graph, pinned: &BTreeMap<String, Digest>, again: u32) -> Result<JobId, EngineError> {
    // Said where there are any alone, so that jobs of before are still known.
    let digest =
        if pinned.is_empty() { Digest::of_json(&(project, graph, again)) } else { Digest::of_json(&(project, graph, again, pinned)) };
    let digest = digest.map_err(|error| EngineError::Impossible { reason: error.to_string() })?;
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    Ok(JobId(uuid::Builder::from_custom_bytes(bytes).into_uuid()))
}

fn variant(name: Option<String>, filled: &Filled, inputs: &[Digest]) -> Variant {
    let graph = filled.graph.clone();
    let inputs = inputs.iter().flat_map(|blob| read_by(&graph, *blob)).collect();
    Variant { name, graph, inputs, expected: filled.outputs.iter().map(ExpectedOutput::from).collect() }
}

/// The inputs of a graph that read a kept picture.
fn read_by(graph: &Graph, blob: Digest) -> Vec<Input> {
    let name = FarmDrawing::name(blob);
    let of_node = |(id, node): (&comfyui::NodeId, &comfyui::Node)| {
        let reads = node.inputs.iter().filter(|(_, input)| input.value().and_then(|value| value.as_str()) == Some(&name));
        reads.map(|(input, _)| Input { blob, extension: "png".to_owned(), node: id.clone(), input: input.clone() }).collect::<Vec<_>>()
    };
    graph.nodes().flat_map(of_node).collect()
}

fn failed(reason: String) -> EngineError {
    EngineError::Remote { engine: "comfyui".to_owned(), reason, retryable: true }
}

pub(crate) fn unavailable(error: &dyn std::error::Error) -> EngineError {
    failed(worker::chain(error))
}
