//! `echo-studio bible …`: the history of a project's bible. What is versioned are the files of the project folder.

use std::path::PathBuf;

use bible::version::{Author, Change, ChangeKind, RefName, Reference, Written, diff};
use serde_json::{Value, json};
use studio::history::{Branch, LogEntry, LogRequest, Synced};
use studio::{History, Show, Studio};

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the project
    #[arg(long, global = true, default_value = ".", value_name = "DIR")]
    project: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make the folder's edits a commit on the current branch
    Commit {
        /// Why
        #[arg(long, short)]
        message: String,
        /// Who
        #[arg(long, env = "USER", default_value = "someone")]
        author: String,
    },
    /// Say what the folder changes against the last commit
    Status,
    /// List the commits, newest first
    Log {
        /// From where: a branch, a tag, a commit, HEAD~2
        #[arg(default_value = "HEAD")]
        from: Reference,
        /// Only commits that changed this document: characters/mei
        #[arg(long)]
        path: Vec<String>,
        /// At most this many
        #[arg(long, short = 'n', default_value_t = 50)]
        limit: usize,
    },
    /// Say what differs between two versions, field by field
    Diff {
        /// The older: a branch, a tag, a commit
        #[arg(default_value = "HEAD")]
        old: Reference,
        /// The newer; the folder as it is when left out
        new: Option<Reference>,
    },
    /// List the branches, or make one
    Branch {
        /// The name of a new one
        name: Option<RefName>,
        /// Where it begins
        #[arg(long, default_value = "HEAD")]
        at: Reference,
        /// Delete it instead; refused when it holds commits that no other branch has
        #[arg(long, requires = "name")]
        delete: bool,
        /// Delete it even so
        #[arg(long, requires = "delete")]
        force: bool,
    },
    /// List the tags, or name a version: a delivery
    Tag {
        /// The name of a new one
        name: Option<RefName>,
        /// What it names
        #[arg(long, default_value = "HEAD")]
        at: Reference,
        /// What it is
        #[arg(long, short, default_value = "")]
        message: String,
    },
}

/// A desk with its project's history.
struct Desk {
    studio: Studio,
    show: Show,
    history: History,
}

impl Desk {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        (self.studio.environment.now)()
    }

    async fn at(&self, reference: &Reference) -> anyhow::Result<Written> {
        Ok(self.history.snapshot_at(reference).await?.written())
    }

    fn folder(&self) -> anyhow::Result<Written> {
        Ok(self.show.folder.snapshot()?.written())
    }
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let show = super::load(&arguments.project)?;
    let studio = super::open(context, &arguments.project).await?;
    let history = studio.history_of(&show).await?;
    let desk = Desk { studio, show, history };
    match arguments.command {
        Command::Commit { message, author } => commit(&desk, message, author).await?,
        Command::Status => status(&desk, context.json).await?,
        Command::Log { from, path, limit } => log(&desk, &from, path, limit, context.json).await?,
        Command::Diff { old, new } => {
            let new = match new {
                Some(new) => desk.at(&new).await?,
                None => desk.folder()?,
            };
            changes(&diff(&desk.at(&old).await?, &new), context.json)?;
        }
        Command::Branch { name: None, .. } => branches(&desk.history.branches().await?, context.json)?,
        Command::Branch { name: Some(name), delete: true, force, .. } => {
            let who = Author::named(whoami());
            let head = desk.history.delete_branch(&name, force, &who, desk.now()).await?;
            output::line(format_args!("{name} is deleted; it was at {}.", head.short()));
        }
        Command::Branch { name: Some(name), at, .. } => {
            let at = desk.history.resolve(&at).await?;
            desk.history.create_branch(&name, at, &Author::named(whoami()), desk.now()).await?;
            output::line(format_args!("{name} begins at {}.", at.short()));
        }
        Command::Tag { name: None, .. } => tags(&desk, context.json).await?,
        Command::Tag { name: Some(name), at, message } => {
            let at = desk.history.resolve(&at).await?;
            desk.history.create_tag(&name, at, &Author::named(whoami()), &message, desk.now()).await?;
            output::line(format_args!("{name} names {}.", at.short()));
        }
    }
    Ok(Exit::Success)
}

/// The name of the user, as the system's environment says it.
fn whoami() -> String {
    std::env::var("USER").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "someone".to_owned())
}

async fn commit(desk: &Desk, message: String, author: String) -> anyhow::Result<()> {
    match desk.history.sync(&desk.show.folder, Author::named(author), message, desk.now()).await? {
        Synced::Unchanged { branch } => output::line(format_args!("Nothing to commit: {branch} has all of it.")),
        Synced::Committed(made) => {
            let summary = &made.commit.summary;
            output::line(format_args!(
                "[{} {}] {}\n {} new, {} changed, {} gone",
                made.branch,
                made.id.short(),
                made.commit.subject(),
                summary.added,
                summary.changed,
                summary.removed
            ));
        }
    }
    Ok(())
}

async fn status(desk: &Desk, as_json: bool) -> anyhow::Result<()> {
    let head = desk.history.head().await?;
    let before = match head.commit {
        Some(commit) => desk.history.snapshot(commit).await?.written(),
        None => Written::default(),
    };
    let found = diff(&before, &desk.folder()?);
    if !as_json {
        let place = head.commit.map_or_else(|| "no commit yet".to_owned(), |commit| commit.short());
        output::line(format_args!("On {} ({place}); {} change(s) in the folder.", head.branch, found.len()));
    }
    changes(&found, as_json)
}

async fn log(desk: &Desk, from: &Reference, paths: Vec<String>, limit: usize, as_json: bool) -> anyhow::Result<()> {
    let page = desk.history.log(from, &LogRequest { limit, paths, cursor: None }).await?;
    if as_json {
        let entries: Vec<Value> = page.entries.iter().map(|LogEntry { id, commit }| json!({ "id": id, "commit": **commit })).collect();
        return output::json(&json!({ "entries": entries, "next": page.next.map(|next| next.to_string()) }));
    }
    for LogEntry { id, commit } in &page.entries {
        let when = chrono::DateTime::from_timestamp_micros(commit.at).map(|time| time.format("%Y-%m-%d %H:%M").to_string());
        output::line(format_args!(
            "{}  {}  {}  {}",
            output::paint(&id.short(), 33),
            when.unwrap_or_default(),
            commit.author,
            commit.subject()
        ));
    }
    Ok(())
}

fn branches(all: &[Branch], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let all: Vec<Value> =
            all.iter().map(|branch| json!({ "name": branch.name.to_string(), "head": branch.head, "current": branch.current })).collect();
        return output::json(&all);
    }
    for branch in all {
        output::line(format_args!("{} {:<24} {}", if branch.current { '*' } else { ' ' }, branch.name.to_string(), branch.head.short()));
    }
    Ok(())
}

async fn tags(desk: &Desk, as_json: bool) -> anyhow::Result<()> {
    let all = desk.history.tags().await?;
    if as_json {
        let all: Vec<Value> =
            all.iter().map(|tag| json!({ "name": tag.name.to_string(), "commit": tag.target, "message": tag.tag.message })).collect();
        return output::json(&all);
    }
    for tag in all {
        output::line(format_args!("{:<24} {}  {}", tag.name.to_string(), tag.target.short(), tag.tag.message));
    }
    Ok(())
}

fn changes(all: &[Change], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(all);
    }
    for change in all {
        let (sign, code) = match change.kind {
            ChangeKind::Added => ('+', 32),
            ChangeKind::Removed => ('-', 31),
            ChangeKind::Changed | ChangeKind::Moved | ChangeKind::Lines | ChangeKind::Form => ('~', 33),
        };
        let colours: String = [&change.old, &change.new].into_iter().flatten().map(swatch).collect();
        output::line(format_args!("{} {change}{colours}", output::paint(&sign.to_string(), code)));
    }
    Ok(())
}

/// A colour as a patch of it, where the terminal shows colours.
fn swatch(value: &Value) -> String {
    let colour = value.as_str().and_then(|text| text.parse::<bible::Colour>().ok()).filter(|_| output::colourful());
    colour.map(|colour| format!(" \u{1b}[48;2;{};{};{}m    \u{1b}[0m", colour.red, colour.green, colour.blue)).unwrap_or_default()
}
