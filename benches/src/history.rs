//! What the history of a large bible costs: 200 characters with 2,000 arc entries, a series of 60 episodes, and 10,000
//! commits, on SQLite and on PostgreSQL.
//!
//! PostgreSQL is measured when `ECHO_BENCH_POSTGRES` names an empty database of it.

use std::time::{Duration, Instant};

use bible::lint::{Input, lint};
use bible::resolve::Timeline;
use bible::source::{SourceTree, edit, emit};
use bible::version::archive::Limits;
use bible::version::{Author, CommitId, Document, DocumentPath, Edit, Reference, Resolutions, Snapshot};
use bible::{Digest, Slug, StoryTime};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use store::{DatabaseUrl, Project, Store};
use studio::History;
use studio::history::{Archive, Change, Expected, ImportOptions, LogRequest, NewCommit, ObjectCache, Onto, Outcome};
use uuid::Uuid;

use crate::series::{Size, series};
use crate::{Figure, Promise, median};

const CHARACTERS: usize = 200;
const ARC_ENTRIES: usize = 10;
const EPISODES: u16 = 60;
const SCENES: usize = 12;
const COMMITS: usize = 10_000;

pub(crate) async fn measure() -> anyhow::Result<Vec<Figure>> {
    let files = files()?;
    let mut figures = without_store(&files)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("studio.db");
    let sqlite = DatabaseUrl::Sqlite(file.clone());
    figures.extend(on(&sqlite, "SQLite", &files, Some(&|| size(&file))).await?);
    match std::env::var("ECHO_BENCH_POSTGRES") {
        Ok(url) => figures.extend(on(&url.parse()?, "PostgreSQL", &files, None).await?),
        Err(_) => println!("history on PostgreSQL: not measured, for ECHO_BENCH_POSTGRES names no database"),
    }
    Ok(figures)
}

/// The database with what is not yet folded into it.
fn size(file: &std::path::Path) -> u64 {
    ["db", "db-wal"].iter().filter_map(|end| std::fs::metadata(file.with_extension(end)).ok()).map(|found| found.len()).sum()
}

/// The whole project as people would have typed it.
fn files() -> anyhow::Result<SourceTree> {
    let project = series(Size { episodes: EPISODES, shots: u32::from(EPISODES) * 24, characters: CHARACTERS });
    let mut tree = SourceTree::new();
    tree.insert("project.yaml", "slug: long-series # sixty episodes\ntitle: A long series\n");
    for (number, (slug, character)) in project.bible.characters.iter().enumerate() {
        let mut value = serde_json::to_value(character)?;
        value["arc"] = (0..ARC_ENTRIES)
            .map(|entry| {
                let at = StoryTime::episode(1, (entry * 6 + 1) as u16);
                json!({ "at": at, "note": format!("Something happens, the {entry}th time."), "changes": { "age": 12 + number % 60 + entry } })
            })
            .collect();
        tree.insert(&format!("bible/characters/{slug}.yaml"), format!("# Number {number} of the cast.\n{}", emit(&value)));
    }
    for (slug, location) in &project.bible.locations {
        tree.insert(&format!("bible/locations/{slug}.yaml"), emit(&serde_json::to_value(location)?));
    }
    let names: Vec<String> = project.bible.characters.values().map(|character| character.name.to_uppercase()).collect();
    for episode in 0..usize::from(EPISODES) {
        let mut script = String::new();
        for scene in 0..SCENES {
            script.push_str(&format!("EXT. PLACE {} - DAY\n\n", (episode + scene) % 12));
            for line in 0..8 {
                let who = &names[(episode * 31 + scene * 7 + line % 3) % names.len()];
                script.push_str(&format!("{who} crosses to the lamp and waits.\n\n{who}\nThis is line {line} of scene {scene}.\n\n"));
            }
        }
        tree.insert(&format!("episodes/s01e{:02}/script.fountain", episode + 1), script);
    }
    Ok(tree)
}

fn without_store(files: &SourceTree) -> anyhow::Result<Vec<Figure>> {
    let loaded = director::load(files).map_err(|problems| anyhow::anyhow!("the generated series has errors: {problems}"))?;
    let input = Input { project: &loaded.project, episodes: &loaded.source.episodes, source: Some(&loaded.source), tree: Some(files) };
    let start = Instant::now();
    let report = lint(&input);
    let linted = start.elapsed().as_secs_f64();
    let who: Slug = "character-7".parse()?;
    let timeline = Timeline::of(&who, &loaded.project.bible.characters[&who])?;
    let mut times = Vec::new();
    for step in 0..1000_u16 {
        let at = StoryTime::episode(1, 1 + step % EPISODES).at_scene(3);
        let start = Instant::now();
        std::hint::black_box(timeline.at(at, None)?);
        times.push(start.elapsed());
    }
    let entries: usize = loaded.project.bible.characters.values().map(|character| character.arc.len()).sum();
    Ok(vec![
        Figure::new("characters / arc entries of the bible", loaded.project.bible.characters.len() as f64, "", Promise::Exactly(200.0)),
        Figure::new("arc entries", entries as f64, "", Promise::Exactly(2000.0)),
        Figure::new("resolve a character at a story time, median", median(times) * 1e3, "µs", Promise::Under(100.0)),
        Figure::new("lint of 60 episodes", linted, "s", Promise::Under(2.0)),
        Figure::new("findings of that lint", report.findings.len() as f64, "", Promise::None),
    ])
}

/// The time below which so many of a thousand lie, in milliseconds.
fn per_mille(times: &[Duration], share: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    let place = (times.len() * share / 1000).min(times.len().saturating_sub(1));
    times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

fn at(second: usize) -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + second as i64)
}

async fn history_in(store: &Store) -> anyhow::Result<History> {
    let project = Project {
        id: Uuid::from_u128(1),
        slug: "long-series".parse()?,
        title: "A long series".to_owned(),
        description: String::new(),
        bible: Digest::of(b""),
        created_at: at(0),
        updated_at: at(0),
    };
    Ok(History::new(store.clone(), store.note_project(&project).await?.id, ObjectCache::default()))
}

/// Commits one after the other, each changing a field or two of one character in place.
struct Editor {
    texts: Vec<(DocumentPath, String)>,
}

impl Editor {
    fn of(files: &SourceTree) -> anyhow::Result<Self> {
        let characters = files.iter().filter(|(path, _)| path.starts_with("bible/characters/"));
        Ok(Self { texts: characters.map(|(path, text)| (DocumentPath::of_file(path), text.to_owned())).collect() })
    }

    fn edit(&mut self, number: usize) -> anyhow::Result<Edit> {
        let count = self.texts.len();
        let (path, text) = &mut self.texts[number * 37 % count];
        let mut value = bible::source::yaml::parse("", text)?.to_json();
        match number % 3 {
            0 => value["age"] = Value::from(1_000 + number),
            1 => value["description"] = Value::from(format!("As of change {number}.")),
            _ => value["arc"][number % ARC_ENTRIES]["note"] = Value::from(format!("Otherwise since change {number}.")),
        }
        *text = edit(text, &value);
        Ok(Edit { path: path.clone(), document: Some(Document::of_yaml("", text)?) })
    }
}

fn commit(branch: &str, change: Change, expected: Expected, number: usize) -> anyhow::Result<NewCommit> {
    let (author, message) = (Author::named("Mei"), format!("Change {number}"));
    Ok(NewCommit { branch: Some(branch.parse()?), expected, change, author, message, at: at(number) })
}

async fn timed<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<(T, Duration), E> {
    let start = Instant::now();
    let done = work.await?;
    Ok((done, start.elapsed()))
}

/// Where two neighbours differ, as a person asks for it: field by field.
async fn neighbours(history: &History, new: CommitId) -> anyhow::Result<usize> {
    let commit = history.commit_of(new).await?;
    let old = commit.parents.first().copied().ok_or_else(|| anyhow::anyhow!("the first commit has no neighbour"))?;
    Ok(history.compare(Some(old), new).await?.len())
}

async fn on(url: &DatabaseUrl, name: &str, files: &SourceTree, size: Option<&dyn Fn() -> u64>) -> anyhow::Result<Vec<Figure>> {
    let figure =
        |what: &str, value: f64, unit: &'static str, promise: Promise| Figure::new(format!("{name}: {what}"), value, unit, promise);
    let store = Store::open(url).await?;
    let history = history_in(&store).await?;
    let snapshot = Snapshot::of_source(files)?;
    let (documents, mut editor) = (snapshot.len(), Editor::of(files)?);
    let (first, whole) = timed(history.commit(commit("main", Change::Snapshot(snapshot), Expected::Head(None), 0)?)).await?;
    let start_size = size.map(|size| size());
    let mut sizes = Vec::new();
    let (mut head, mut times, mut ids) = (first.id, Vec::with_capacity(COMMITS), vec![first.id]);
    for number in 1..COMMITS {
        let change = Change::Edits(vec![editor.edit(number)?]);
        let (made, time) = timed(history.commit(commit("main", change, Expected::Head(Some(head)), number)?)).await?;
        head = made.id;
        times.push(time);
        ids.push(head);
        if let Some(size) = size.filter(|_| (number + 1) % (COMMITS / 10) == 0) {
            sizes.push((number + 1, size()));
        }
    }
    let mut figures = vec![
        figure("first commit, of all documents", whole.as_secs_f64() * 1e3, "ms", Promise::None),
        figure("documents in it", documents as f64, "", Promise::None),
        figure("commit of one edit, median", per_mille(&times, 500), "ms", Promise::None),
        figure("commit of one edit, p99", per_mille(&times, 990), "ms", Promise::Under(10.0)),
        figure("the last 1,000 of them, p99", per_mille(&times[times.len() - 1000..], 990), "ms", Promise::Under(10.0)),
    ];
    if let (Some(size), Some(start)) = (size, start_size) {
        let grown = (size() - start) as f64;
        figures.push(figure("stored after the first commit", start as f64 / 1e3, "kB", Promise::None));
        figures.push(figure("stored for each commit after it", grown / (COMMITS - 1) as f64 / 1e3, "kB", Promise::None));
        for (commits, size) in &sizes {
            figures.push(figure(&format!("stored after {commits} commits"), *size as f64 / 1e6, "MB", Promise::None));
        }
    }

    let mut times = Vec::new();
    for id in ids.iter().rev().step_by(97).take(100) {
        times.push(timed(neighbours(&history, *id)).await?.1);
    }
    figures.push(figure("diff of neighbours, median of 100", per_mille(&times, 500), "ms", Promise::Under(3.0)));
    figures.push(figure("diff of neighbours, the slowest", per_mille(&times, 1000), "ms", Promise::None));

    let main: Reference = "main".parse()?;
    let cold = History::new(store.clone(), history.project(), ObjectCache::default());
    let (_, time) = timed(cold.log(&main, &LogRequest::default())).await?;
    figures.push(figure("log page of 50, nothing in memory", time.as_secs_f64() * 1e3, "ms", Promise::Under(5.0)));
    let mut times = Vec::new();
    for _ in 0..50 {
        times.push(timed(history.log(&main, &LogRequest::default())).await?.1);
    }
    figures.push(figure("log page of 50, median", per_mille(&times, 500), "ms", Promise::Under(5.0)));

    figures.push(merges(&history, &mut editor, ids[COMMITS / 2], head, name).await?);

    let mut times = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        let store = Store::open(url).await?;
        let history = History::new(store, history.project(), ObjectCache::default());
        let head = history.head().await?;
        std::hint::black_box(history.commit_of(head.commit.unwrap_or(first.id)).await?);
        times.push(start.elapsed());
    }
    figures.push(figure("cold open, to the last commit, median", per_mille(&times, 500), "ms", Promise::Under(50.0)));
    let history = History::new(store.clone(), history.project(), ObjectCache::default());
    let (_, time) = timed(history.snapshot_at(&main)).await?;
    figures.push(figure("every document of a version, nothing in memory", time.as_secs_f64() * 1e3, "ms", Promise::None));

    let ((archive, exported), time) = timed(history.export(Vec::new())).await?;
    figures.push(figure("archive of all of it, written", time.as_secs_f64(), "s", Promise::None));
    figures.push(figure("its size", archive.len() as f64 / 1e6, "MB", Promise::None));
    figures.push(figure("its objects", exported.objects as f64, "", Promise::None));
    let folder = tempfile::tempdir()?;
    let elsewhere = Store::open(&DatabaseUrl::Sqlite(folder.path().join("studio.db"))).await?;
    let elsewhere = history_in(&elsewhere).await?;
    let start = Instant::now();
    let archive = Archive::check(std::io::Cursor::new(archive), Limits::default())?;
    figures.push(figure("its check", start.elapsed().as_secs_f64(), "s", Promise::None));
    let options = ImportOptions { under: None, who: Author::named("Mei"), at: at(0) };
    let (_, time) = timed(elsewhere.import(archive, &options)).await?;
    figures.push(figure("its import into SQLite", time.as_secs_f64(), "s", Promise::None));
    Ok(figures)
}

/// Merges branches that begin in the middle of the history and change one document each.
async fn merges(history: &History, editor: &mut Editor, base: CommitId, head: CommitId, name: &str) -> anyhow::Result<Figure> {
    const MERGES: usize = 30;
    let mut times = Vec::new();
    for merge in 0..MERGES {
        let number = COMMITS + merge;
        let branch = format!("theirs-{merge}");
        history.create_branch(&branch.parse()?, base, &Author::named("Rin"), at(number)).await?;
        let mut value = bible::source::yaml::parse("", &editor.texts[merge].1)?.to_json();
        value["pronouns"] = Value::from(format!("of branch {merge}"));
        let path = editor.texts[merge].0.clone();
        let before = history.document(base, &path).await?.and_then(|document| document.to_text()).unwrap_or_default();
        let mut value_then = bible::source::yaml::parse("", &before)?.to_json();
        value_then["pronouns"] = value["pronouns"].clone();
        let document = Document::of_yaml("", &edit(&before, &value_then))?;
        let change = Change::Edits(vec![Edit { path, document: Some(document) }]);
        history.commit(commit(&branch, change, Expected::Any, number)?).await?;
        let onto = Onto {
            branch: Some("main".parse()?),
            expected: Expected::Any,
            resolutions: Resolutions::new(),
            author: Author::named("Mei"),
            message: None,
            at: at(number),
        };
        let (outcome, time) = timed(history.merge(&branch.parse()?, onto, false)).await?;
        anyhow::ensure!(matches!(outcome, Outcome::Committed(_)), "merge {merge} onto {}: {outcome:?}", head.short());
        times.push(time);
    }
    Ok(Figure::new(format!("{name}: merge of a branch 5,000 commits back, median"), per_mille(&times, 500), "ms", Promise::Under(20.0)))
}
