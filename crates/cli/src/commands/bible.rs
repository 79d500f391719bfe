//! `echo-studio bible …`: the history of a project's bible. What is versioned are the files of the project folder.

mod conflicts;
mod landing;
mod listing;
mod people;

use std::path::PathBuf;

use bible::version::{Author, RefName, Reference, diff};
use bible::{Slug, StoryTime};
use studio::folder::Folder;
use studio::history::folder_changes;
use studio::{History, Show, Studio, StudioError};

use crate::exit::Exit;
use crate::{Context, output};
use conflicts::ResolveArguments;
use listing::whoami;

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
    /// Make the folder's edits a commit on the current branch, together with what others committed meanwhile
    Commit {
        /// Why
        #[arg(long, short)]
        message: String,
        /// Who
        #[arg(long, env = "USER", default_value = "someone")]
        author: String,
        #[command(flatten)]
        resolve: ResolveArguments,
    },
    /// Commit the folder's edits when there are any, and bring in what others committed
    Sync {
        /// Why; a sentence that names what was edited when left out
        #[arg(long, short)]
        message: Option<String>,
        #[command(flatten)]
        resolve: ResolveArguments,
    },
    /// Say what the folder changes against the version it was taken from
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
    /// Show a commit: who, when, why, and every field that it changed
    Show {
        /// Which: a branch, a tag, a commit
        #[arg(default_value = "HEAD")]
        commit: Reference,
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
    /// Go to another branch: its files come into the folder
    Switch(landing::SwitchArguments),
    /// Merge another branch into the current one, field by field
    Merge(landing::MergeArguments),
    /// Take back what a commit did, as a new commit
    Revert(landing::ReplayArguments),
    /// Do again on this branch what a commit did on another
    CherryPick(landing::ReplayArguments),
    /// Put documents or fields back to what they were at another version
    Restore(landing::RestoreArguments),
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
        /// Delete it instead
        #[arg(long, requires = "name")]
        delete: bool,
    },
    /// Say who gave a field its value, when and why
    Blame {
        /// Which: characters.mei.colour_model.iris.left
        field: String,
        /// At which version
        #[arg(long, default_value = "HEAD")]
        at: Reference,
        /// How many of its changes, newest first
        #[arg(long, short = 'n', default_value_t = 1)]
        limit: usize,
    },
    /// Check that nothing of the history is missing or damaged
    Fsck,
    /// Say what a change makes stale: pictures, why, and what drawing them again costs
    Impact {
        /// The older version
        #[arg(default_value = "HEAD")]
        old: Reference,
        /// The newer; the folder as it is, uncommitted, when left out
        new: Option<Reference>,
        /// List every picture, however many
        #[arg(long)]
        all: bool,
    },
    /// Show a character as they are at a point of the story, with the origin of each value
    Resolve {
        /// Who
        character: Slug,
        /// When: S01E02, S01E02.05
        #[arg(long)]
        at: StoryTime,
        /// Wearing this
        #[arg(long)]
        look: Option<Slug>,
        /// In which version; the folder as it is when left out
        #[arg(long = "ref", value_name = "VERSION")]
        reference: Option<Reference>,
    },
    /// Show what changes in a character over the story; what two are to each other when both are named
    Timeline {
        /// Who
        character: Slug,
        /// The other of a relationship
        other: Option<Slug>,
        /// In which version; the folder as it is when left out
        #[arg(long = "ref", value_name = "VERSION")]
        reference: Option<Reference>,
    },
}

/// A desk with its project's history.
struct Desk {
    studio: Studio,
    folder: Folder,
    history: History,
}

impl Desk {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        (self.studio.environment.now)()
    }

    /// The show as the folder says it; what is wrong in the folder otherwise.
    fn show(&self) -> Result<Show, StudioError> {
        Show::of_folder(self.folder.clone())
    }
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let folder = Folder::read(&arguments.project).map_err(StudioError::from)?;
    let studio = super::open(context, &arguments.project).await?;
    let history = studio.history_in(&folder).await?;
    let desk = Desk { studio, folder, history };
    let json = context.json;
    match arguments.command {
        Command::Commit { message, author, resolve } => {
            return landing::commit(&desk, Some(message), Author::named(author), &resolve, json).await;
        }
        Command::Sync { message, resolve } => return landing::commit(&desk, message, whoami(), &resolve, json).await,
        Command::Status => status(&desk, json).await?,
        Command::Log { from, path, limit } => listing::log(&desk, &from, path, limit, json).await?,
        Command::Show { commit } => listing::show(&desk, &commit, json).await?,
        Command::Diff { old, new } => {
            let old = desk.history.resolve(&old).await?;
            let found = match new {
                Some(new) => desk.history.compare(Some(old), desk.history.resolve(&new).await?).await?,
                None => diff(&desk.history.snapshot(old).await?.written(), &desk.folder.snapshot()?.written()),
            };
            listing::changes(&found, json)?;
        }
        Command::Branch { name: None, .. } => listing::branches(&desk.history.branches().await?, json)?,
        Command::Branch { name: Some(name), delete: true, force, .. } => {
            let head = desk.history.delete_branch(&name, force, &whoami(), desk.now()).await?;
            output::line(format_args!("{name} is deleted; it was at {}.", head.short()));
        }
        Command::Branch { name: Some(name), at, .. } => {
            let at = desk.history.resolve(&at).await?;
            desk.history.create_branch(&name, at, &whoami(), desk.now()).await?;
            output::line(format_args!("{name} begins at {}.", at.short()));
        }
        Command::Switch(arguments) => return landing::switch(&desk, arguments, json).await,
        Command::Merge(arguments) => return landing::merge(&desk, arguments, json).await,
        Command::Revert(arguments) => return landing::revert(&desk, arguments, json).await,
        Command::CherryPick(arguments) => return landing::cherry_pick(&desk, arguments, json).await,
        Command::Restore(arguments) => return landing::restore(&desk, arguments, json).await,
        Command::Tag { name: None, .. } => listing::tags(&desk, json).await?,
        Command::Tag { name: Some(name), delete: true, .. } => {
            desk.history.delete_tag(&name, &whoami(), desk.now()).await?;
            output::line(format_args!("The tag {name} is deleted."));
        }
        Command::Tag { name: Some(name), at, message, .. } => {
            let at = desk.history.resolve(&at).await?;
            desk.history.create_tag(&name, at, &whoami(), &message, desk.now()).await?;
            output::line(format_args!("{name} names {}.", at.short()));
        }
        Command::Blame { field, at, limit } => listing::blame(&desk, &field, &at, limit, json).await?,
        Command::Fsck => return Ok(if listing::fsck(&desk, json).await? { Exit::Success } else { Exit::Failure }),
        Command::Impact { old, new, all } => impact(&desk, &old, new.as_ref(), all, json).await?,
        Command::Resolve { character, at, look, reference } => {
            people::resolve(&desk, &character, at, look.as_ref(), reference.as_ref(), json).await?;
        }
        Command::Timeline { character, other, reference } => {
            people::timeline(&desk, &character, other.as_ref(), reference.as_ref(), json).await?;
        }
    }
    Ok(Exit::Success)
}

async fn status(desk: &Desk, as_json: bool) -> anyhow::Result<()> {
    let head = desk.history.head().await?;
    let found = folder_changes(&desk.history, &desk.folder).await?;
    if as_json {
        return listing::changes(&found, true);
    }
    let place = head.commit.map_or_else(|| "no commit yet".to_owned(), |commit| commit.short());
    output::line(format_args!("On {} ({place}); {} change(s) in the folder.", head.branch, found.len()));
    let base = desk.history.folder_base(&desk.folder).await?;
    if base != head.commit
        && let Some(base) = base
    {
        output::line(format_args!(
            "The folder was taken from {}; `echo-studio bible sync` brings in what was committed since.",
            base.short()
        ));
    }
    listing::changes(&found, false)
}

async fn impact(desk: &Desk, old: &Reference, new: Option<&Reference>, all: bool, as_json: bool) -> anyhow::Result<()> {
    let before = desk.history.show_at(old).await?;
    let after = match new {
        Some(new) => desk.history.show_at(new).await?,
        None => desk.show()?,
    };
    let impact = desk.studio.impact(&before, &after).await?;
    if as_json {
        return output::json(&impact);
    }
    super::plan::print_impact(&impact, all);
    Ok(())
}
