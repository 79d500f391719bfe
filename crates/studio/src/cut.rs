//! Cutting episodes: voices, sound, subtitles, joining, contact sheet, report.

mod films;
mod joins;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use bible::story::{Episode, Scene, Shot};
use bible::version::CommitId;
use bible::{Digest, StoryTime};
use bytes::Bytes;
use consistency::{Gate, Score};
use editorial::clip::{Clip, ClipSpec};
use editorial::episode::{Chapter, EpisodeSpec};
use editorial::report::{DialogueReport, PartReport, Report, SceneReport, ShotGate, ShotReport, ShotStatus};
use editorial::sound::{Cue, Loudness, MixSpec};
use editorial::subtitle::{Dialogue, Subtitles};
use editorial::thumbnails::{ContactSheet, timecode};
use editorial::voice::{Fit, Speech, speak};
use store::{Artifact, ArtifactFile, Cut, Decision, Placed, VerdictStatus};
use uuid::Uuid;

use crate::gate::{GateReport, MeasuredPart};
use crate::graph::{EpisodeNode, lines};
use crate::listing::Listed;
use crate::people::GATE;
use crate::plan::uses;
use crate::produce::{ProducedEpisode, Production, RunFacts};
use crate::progress::Stage;
use crate::reason::Reason;
use crate::subject::Subject;
use crate::{StudioError, export};

/// A file of a cut before it is kept.
struct CutFile {
    name: String,
    media_type: &'static str,
    path: PathBuf,
}

/// What is placed for an episode's clips.
struct Material {
    by_subject: HashMap<String, Artifact>,
    verdicts: HashMap<Uuid, Decision>,
    /// What the gate said, of every verdict that can be read.
    reports: joins::Reports,
    /// Commits of the versions that the clips were drawn from, as far as these were committed.
    commits: BTreeMap<Digest, CommitId>,
    /// Where its clips meet.
    neighbours: Vec<joins::Neighbours>,
}

/// Whether a cut is of what is placed for an episode: from this recipe, and of no clip that was drawn again since.
pub(crate) fn is_of(cut: &Cut, clips: &[Subject], recipe: Digest, placed: &HashMap<String, Placed>) -> bool {
    let later = |clip: &Subject| placed.get(&clip.to_string()).is_some_and(|placed| placed.made_at > cut.created_at);
    cut.recipe == recipe && !clips.iter().any(later)
}

impl Production<'_> {
    /// Cuts every episode whose clips are all accepted and which is not cut from them yet.
    pub(crate) async fn cut_all(&self, held: &[Listed], facts: &RunFacts) -> Result<Vec<ProducedEpisode>, StudioError> {
        let held: HashSet<&str> = held.iter().map(|held| held.subject.as_str()).collect();
        let placed = self.studio.placed_by_subject(self.project).await?;
        let mut episodes = Vec::new();
        let mut begun = false;
        for node in &self.graph.episodes {
            let Some(episode) = self.show.project.episodes.iter().find(|episode| episode.at == node.at) else { continue };
            let waiting: Vec<String> = node.clips.iter().map(Subject::to_string).filter(|name| held.contains(name.as_str())).collect();
            let known = self.studio.store.latest_cut(self.project, node.at).await?;
            let slug = &self.show.project.settings.slug;
            if let Some(missing) = self.undrawn(node).or_else(|| unaccepted(&waiting)) {
                let missing = Some(missing);
                // An earlier film is left where it is: it was right when it was cut.
                let files = match known {
                    Some(cut) => export::put_out(self.studio, &cut, slug, &self.out).await?,
                    None => Vec::new(),
                };
                episodes.push(ProducedEpisode { episode: node.at.to_string(), cut: false, missing, files });
                continue;
            }
            let (clips, recipe) = node.cut_with(|film| uses(&placed, film));
            let (cut, made) = match known.filter(|cut| is_of(cut, &clips, recipe, &placed)) {
                Some(cut) => (cut, false),
                None => {
                    if !begun {
                        self.progress.begin(Stage::Episodes, self.graph.episodes.len() as u64);
                        begun = true;
                    }
                    (self.cut(episode, &EpisodeNode { clips, recipe, ..node.as_ref().clone() }, facts).await?, true)
                }
            };
            let files = export::put_out(self.studio, &cut, slug, &self.out).await?;
            episodes.push(ProducedEpisode { episode: node.at.to_string(), cut: made, missing: None, files });
            if begun {
                self.progress.advance(Stage::Episodes, 1);
            }
        }
        Ok(episodes)
    }

    /// Why clips of an episode are not drawn; none where all are, as they should be now.
    fn undrawn(&self, node: &EpisodeNode) -> Option<String> {
        let awaited = |clip: &Subject| self.graph.awaited(clip).into_iter().next().map(|front| (clip.to_string(), front));
        let waits: Vec<_> = node.clips.iter().filter_map(awaited).collect();
        let (first, front) = waits.first()?;
        Some(format!("{} not drawn: {first} {}", of_its_clips(waits.len()), Reason::from(front.clone())))
    }

    async fn cut(&self, episode: &Episode, node: &EpisodeNode, facts: &RunFacts) -> Result<Cut, StudioError> {
        let folder = self.scratch.join(node.at.to_string());
        std::fs::create_dir_all(&folder).map_err(StudioError::file("making", &folder))?;
        let placed = self.studio.store.placed_artifacts(self.project).await?;
        let by_subject: HashMap<String, Artifact> = placed.into_iter().collect();
        // What a person says of a film counts for its shot, whichever of the two is shown.
        let told = node.clips.iter().chain(node.films.iter().flat_map(|film| [&film.shot, &film.film]));
        let told: Vec<&Artifact> = told.filter_map(|subject| by_subject.get(&subject.to_string())).collect();
        let ids: Vec<Uuid> = told.iter().map(|artifact| artifact.id).collect();
        let versions = told.iter().map(|artifact| artifact.bible).collect();
        let commits = self.studio.store.commits_of_versions(self.project, &versions).await?;
        let verdicts = self.studio.store.latest_verdicts(&ids).await?;
        let reports = reports(&by_subject, &verdicts);
        let neighbours = joins::neighbours(&node.clips, &reports);
        let material = Material { by_subject, verdicts, reports, commits, neighbours };
        let clips = self.clips(node, &material, &folder).await?;
        let mut notes = films::notes(node, &material.by_subject, &material.verdicts);
        notes.extend(material.neighbours.iter().flat_map(joins::Neighbours::notes));
        let sound = self.sound(episode, &folder, &mut notes).await?;
        let project = &self.show.project;
        let rate = self.graph.rate();
        let subtitles = Subtitles::lay_out(rate, episode.frames(), &self.dialogue(episode));
        notes.extend(subtitles.notes.iter().cloned());
        let doing = |what: &str| StudioError::editorial(format!("{what} of {}", node.at));
        let (srt, ass, vtt) = (folder.join("subtitles.srt"), folder.join("subtitles.ass"), folder.join("subtitles.vtt"));
        subtitles.write_srt(&srt).map_err(doing("writing the subtitles"))?;
        subtitles.write_ass(&ass, &episode.title, project.settings.canvas).map_err(doing("writing the subtitles"))?;
        subtitles.write_vtt(&vtt).map_err(doing("writing the subtitles"))?;
        let film = folder.join("episode.mp4");
        let spec = EpisodeSpec {
            title: format!("{} – {}", project.settings.title, episode.title),
            language: project.settings.language.clone(),
            clips,
            sound: Some(sound),
            subtitles: Some(srt.clone()),
            chapters: chapters(episode),
        };
        let made = editorial::episode::assemble(&self.studio.programs, &spec, &film, |_| {}).await.map_err(doing("joining the clips"))?;
        if let Some(Loudness::NotMeasured { reason }) = &made.loudness {
            notes.push(format!("loudness is not measured: {reason}"));
        }
        let pictures = self.pictures(episode, &material).await?;
        let sheet = folder.join("contact-sheet.jpg");
        let sheet_bytes = contact_sheet(&project.settings.title, episode, rate, &pictures).map_err(doing("drawing the contact sheet"))?;
        std::fs::write(&sheet, sheet_bytes).map_err(StudioError::file("writing", &sheet))?;
        let report = self.report((episode, node), &material, pictures, notes, made.loudness.clone(), facts);
        let page = folder.join("report.html");
        report.write(&page).map_err(doing("writing the report"))?;
        let files = vec![
            CutFile { name: "film.mp4".to_owned(), media_type: "video/mp4", path: film },
            CutFile { name: "subtitles.srt".to_owned(), media_type: "application/x-subrip", path: srt },
            CutFile { name: "subtitles.ass".to_owned(), media_type: "text/x-ssa", path: ass },
            CutFile { name: "subtitles.vtt".to_owned(), media_type: "text/vtt", path: vtt },
            CutFile { name: "contact-sheet.jpg".to_owned(), media_type: "image/jpeg", path: sheet },
            CutFile { name: "report.html".to_owned(), media_type: "text/html", path: page },
        ];
        let mut kept = Vec::with_capacity(files.len());
        for CutFile { name, media_type, path } in files {
            let bytes = tokio::fs::read(&path).await.map_err(StudioError::file("reading", &path))?;
            let blob = self.studio.blobs.put(Bytes::from(bytes)).await?;
            kept.push(ArtifactFile { name, digest: blob.digest, media_type: media_type.to_owned(), bytes: blob.bytes });
        }
        let facts = serde_json::json!({
            "loudness": made.loudness, "notes": report.notes, "gate": self.show.project.settings.gate, "joins": material.neighbours
        });
        let cut = Cut {
            id: (self.studio.environment.new_id)(),
            project: self.project,
            episode: node.at,
            recipe: node.recipe,
            files: kept,
            frames: made.frames,
            report: facts,
            bible: self.show.version,
            created_at: (self.studio.environment.now)(),
        };
        self.studio.store.record_cut(&cut).await?;
        Ok(cut)
    }

    /// The clips of an episode as files, in order.
    async fn clips(&self, node: &EpisodeNode, material: &Material, folder: &std::path::Path) -> Result<Vec<Clip>, StudioError> {
        let mut clips = Vec::with_capacity(node.clips.len());
        for subject in &node.clips {
            let missing = || StudioError::Unknown { what: format!("clip for {subject}"), nearest: None };
            let artifact = material.by_subject.get(&subject.to_string()).ok_or_else(missing)?;
            let file = artifact.files.iter().find(|file| file.media_type == "video/mp4").ok_or_else(missing)?;
            let path = match self.studio.blobs.local_path(file.digest).filter(|path| path.exists()) {
                Some(path) => path,
                None => {
                    let path = folder.join(format!("{}.mp4", file.digest));
                    let bytes = self.studio.blobs.get(file.digest).await?;
                    tokio::fs::write(&path, bytes).await.map_err(StudioError::file("writing", &path))?;
                    path
                }
            };
            let canvas = bible::project::Canvas { width: artifact.width, height: artifact.height };
            let spec = ClipSpec { canvas, rate: self.graph.rate(), frames: artifact.frames };
            clips.push(Clip::open(&path, spec).map_err(StudioError::editorial(format!("reading the clip of {subject}")))?);
        }
        Ok(clips)
    }

    /// Speaks every line and mixes them.
    async fn sound(&self, episode: &Episode, folder: &std::path::Path, notes: &mut Vec<String>) -> Result<PathBuf, StudioError> {
        let spoken = lines(&self.show.project, episode);
        self.progress.begin(Stage::Voices, spoken.len() as u64);
        let rate = self.graph.rate();
        let mut cues = Vec::new();
        for (number, line) in spoken.iter().enumerate() {
            if self.cancel.is_cancelled() {
                return Err(StudioError::Cancelled);
            }
            self.progress.advance(Stage::Voices, 1);
            let Some(voice) = &line.voice else { continue };
            let target = folder.join(format!("line-{number:04}.wav"));
            let said = speak(&self.studio.programs, voice, line.text, rate.seconds(line.frames.into()), &target).await;
            match said.map_err(StudioError::editorial(format!("speaking {:?}", line.text)))? {
                Speech::Spoken { path, fit, .. } => {
                    if let Fit::TooLong { over_seconds, .. } = fit {
                        notes.push(format!("{}: {:?} runs {over_seconds:.1} s past its time", line.speaker, line.text));
                    }
                    cues.push(Cue::voice(path, line.start, pan_of(line.speaker)));
                }
                Speech::Silent { reason } => notes.push(format!("{} is not heard: {reason}", line.speaker)),
            }
        }
        notes.dedup();
        let target = folder.join("mix.wav");
        let spec = MixSpec { rate, frames: episode.frames(), cues };
        let at = episode.at;
        let made = tokio::task::spawn_blocking(move || editorial::sound::mix(&spec, &target)).await;
        let made = made.map_err(|error| StudioError::Crashed { subject: Subject::Episode(at), reason: error.to_string() })?;
        Ok(made.map_err(StudioError::editorial(format!("mixing the sound of {at}")))?.path)
    }

    fn dialogue(&self, episode: &Episode) -> Vec<Dialogue> {
        let mut start = 0;
        let mut dialogue = Vec::new();
        for (_, shot) in episode.shots() {
            for line in &shot.lines {
                let character = self.show.project.bible.characters.get(&line.character);
                dialogue.push(Dialogue {
                    start: start + u64::from(line.start),
                    frames: line.frames.into(),
                    speaker: character.map_or_else(|| line.character.to_string(), |character| character.name.clone()),
                    colour: character.and_then(|character| Some(character.colour_model.get("hair")?.base)),
                    text: line.text.clone(),
                    off_screen: line.off_screen,
                });
            }
            start += u64::from(shot.frames);
        }
        dialogue
    }

    /// Each shot's first picture as small JPEG bytes.
    async fn pictures(&self, episode: &Episode, material: &Material) -> Result<HashMap<StoryTime, Vec<u8>>, StudioError> {
        let mut pictures = HashMap::new();
        for (_, shot) in episode.shots() {
            let artifact = material.by_subject.get(&Subject::Shot(shot.at).to_string());
            if let Some(file) = artifact.and_then(|artifact| artifact.files.iter().find(|file| file.name == "poster.jpg")) {
                pictures.insert(shot.at, self.studio.blobs.get(file.digest).await?.to_vec());
            }
        }
        Ok(pictures)
    }

    fn report(
        &self,
        (episode, node): (&Episode, &EpisodeNode),
        material: &Material,
        mut pictures: HashMap<StoryTime, Vec<u8>>,
        notes: Vec<String>,
        loudness: Option<Loudness>,
        facts: &RunFacts,
    ) -> Report {
        let settings = &self.show.project.settings;
        let mut start = 0;
        let mut scenes = Vec::new();
        for scene in &episode.scenes {
            let mut shots = Vec::new();
            for shot in &scene.shots {
                shots.push(self.shot_report(scene, shot, start, node, material, pictures.remove(&shot.at)));
                start += u64::from(shot.frames);
            }
            scenes.push(SceneReport { heading: scene.heading.clone(), synopsis: scene.synopsis.clone(), shots });
        }
        Report {
            show: settings.title.clone(),
            title: episode.title.clone(),
            episode: episode.at.to_string(),
            produced_at: (self.studio.environment.now)().format("%Y-%m-%d %H:%M UTC").to_string(),
            rate: settings.frame_rate,
            frames: episode.frames(),
            drawn: facts.drawn,
            cached: facts.cached,
            seconds: Some(facts.start.elapsed().as_secs_f64()),
            loudness,
            notes,
            scenes,
        }
    }

    fn shot_report(
        &self,
        scene: &Scene,
        shot: &Shot,
        start: u64,
        node: &EpisodeNode,
        material: &Material,
        picture: Option<Vec<u8>>,
    ) -> ShotReport {
        let name_of = |slug: &bible::Slug| {
            self.show.project.bible.characters.get(slug).map_or_else(|| slug.to_string(), |character| character.name.clone())
        };
        let subject = Subject::Shot(shot.at).to_string();
        let artifact = material.by_subject.get(&subject);
        let verdict = artifact.and_then(|artifact| material.verdicts.get(&artifact.id));
        let gate = material.reports.get(&subject);
        let cast: Vec<String> = shot.cast.iter().map(|member| name_of(&member.character)).collect();
        let description = if shot.action.is_empty() { format!("{}: {}", scene.heading, cast.join(", ")) } else { shot.action.clone() };
        ShotReport {
            id: shot.at.to_string(),
            start,
            frames: shot.frames,
            picture,
            description,
            tags: [shot.framing.word(), shot.angle.word(), shot.camera.kind.word()].map(str::to_owned).to_vec(),
            dialogue: shot
                .lines
                .iter()
                .map(|line| DialogueReport { speaker: name_of(&line.character), text: line.text.clone(), note: None })
                .collect(),
            status: verdict.map(|verdict| match verdict.status {
                VerdictStatus::Accepted => ShotStatus::Accepted,
                VerdictStatus::NeedsReview => ShotStatus::NeedsReview,
                VerdictStatus::Rejected => ShotStatus::Rejected,
            }),
            score: artifact.and_then(|artifact| artifact.score),
            gate: gate.map(|report| shot_gate(report.gate)),
            reasons: gate.map(|gate| gate.reasons().collect()).unwrap_or_default(),
            parts: gate.map(parts).unwrap_or_default(),
            approved_by: verdict.filter(|verdict| verdict.decided_by != GATE).map(|verdict| verdict.decided_by.clone()),
            provenance: artifact
                .map(|artifact| provenance(artifact, material.commits.get(&artifact.bible).copied(), gate))
                .unwrap_or_default()
                .into_iter()
                .chain(material.neighbours.iter().filter_map(|met| Some(("begins with".to_owned(), met.words_before(shot.at)?))))
                .chain(self.shown_by(shot.at))
                .chain(films::provenance(node, shot.at, &material.by_subject, &material.verdicts))
                .collect(),
        }
    }
}

/// Why an episode is not cut whose clips are held; none where none is.
fn unaccepted(held: &[String]) -> Option<String> {
    let first = held.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    (!held.is_empty()).then(|| format!("{} not accepted: {first}", of_its_clips(held.len())))
}

fn of_its_clips(count: usize) -> String {
    format!("{count} of its clips {}", if count == 1 { "is" } else { "are" })
}

impl Production<'_> {
    /// By which accepted pictures the people of a shot were shown to the model that drew it.
    fn shown_by(&self, at: StoryTime) -> Vec<(String, String)> {
        let Some(showing) = self.graph.showing(&Subject::Shot(at)) else { return Vec::new() };
        let used = showing.used().into_iter().map(|used| ("reference".to_owned(), used.words()));
        used.chain(showing.without.iter().map(|who| ("without reference".to_owned(), who.to_string()))).collect()
    }
}

/// What the gate said of everything that has a verdict which can be read.
fn reports(placed: &HashMap<String, Artifact>, verdicts: &HashMap<Uuid, Decision>) -> joins::Reports {
    let read = |(subject, artifact): (&String, &Artifact)| {
        let report = serde_json::from_value(verdicts.get(&artifact.id)?.report.clone()).ok()?;
        Some((subject.clone(), report))
    };
    placed.iter().filter_map(read).collect()
}

/// The bounds that decided on a shot.
fn shot_gate(gate: Gate) -> ShotGate {
    ShotGate { accept: gate.accept.value(), person: gate.person.map(Score::value), words: gate.to_string() }
}

/// The measured parts of all pictures, worst first.
fn parts(gate: &GateReport) -> Vec<PartReport> {
    let named = |part: MeasuredPart| PartReport {
        name: part.part,
        expected: part.expected,
        found: part.found,
        difference: part.difference,
        tolerance: part.tolerance,
        score: part.score.value(),
    };
    gate.measured_parts().into_iter().map(named).collect()
}

fn provenance(artifact: &Artifact, commit: Option<CommitId>, report: Option<&GateReport>) -> Vec<(String, String)> {
    let seed = artifact.seed.map_or_else(|| "none".to_owned(), |seed| seed.to_string());
    let tries = report
        .into_iter()
        .flat_map(|report| &report.pictures)
        .flat_map(|picture| picture.tries.iter().map(move |tried| (picture.picture.clone(), tried.words())));
    let facts = [
        ("engine", format!("{} {}", artifact.engine, artifact.engine_version)),
        ("recipe", artifact.recipe.to_string()),
        ("bible", artifact.bible.to_string()),
        ("commit", commit.map_or_else(|| "drawn from files that were not committed".to_owned(), |commit| commit.to_string())),
        ("seed", seed),
        ("attempts", artifact.attempts.to_string()),
        ("took", format!("{:.2} s", artifact.seconds)),
    ];
    facts.map(|(label, value)| (label.to_owned(), value)).into_iter().chain(tries).collect()
}

/// A little to one side, always the same for a speaker, so that voices can be told apart.
fn pan_of(speaker: &str) -> f64 {
    let [byte, ..] = *Digest::of(speaker.as_bytes()).as_bytes();
    (f64::from(byte) / 255.0 - 0.5) * 0.4
}

fn chapters(episode: &Episode) -> Vec<Chapter> {
    let mut start = 0;
    let mut chapters = Vec::new();
    for scene in &episode.scenes {
        chapters.push(Chapter { title: scene.heading.clone(), start });
        start += scene.shots.iter().map(|shot| u64::from(shot.frames)).sum::<u64>();
    }
    chapters
}

fn contact_sheet(
    show: &str,
    episode: &Episode,
    rate: bible::FrameRate,
    pictures: &HashMap<StoryTime, Vec<u8>>,
) -> Result<Vec<u8>, editorial::Error> {
    let facts = format!("{} · {} · {} shots", episode.at, timecode(rate, episode.frames()), episode.shots().count());
    let mut sheet = ContactSheet::new(&format!("{show} – {}", episode.title), &facts);
    let mut start = 0;
    for (_, shot) in episode.shots() {
        let decoded = pictures.get(&shot.at).and_then(|bytes| image::load_from_memory(bytes).ok()).map(image::DynamicImage::into_rgba8);
        if let Some(picture) = decoded {
            let (width, height) = picture.dimensions();
            let raster = engine::picture::Raster { width, height, rgba: picture.into_raw() };
            sheet.add(&raster, &shot.at.to_string(), &timecode(rate, start))?;
        }
        start += u64::from(shot.frames);
    }
    sheet.jpeg()
}
