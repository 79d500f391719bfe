//! Changes that land on a branch, and in the folder that shows it: commit, merge, revert, cherry-pick, restore, switch.

use bible::version::{Author, RefName, Reference, Resolutions};
use serde_json::json;
use studio::history::{Committed, Edits, Expected, Onto, Outcome, Switched, Synced, folder_changes};
use studio::{HistoryError, Show, StudioError};

use super::Desk;
use super::conflicts::{self, ResolveArguments};
use super::listing::whoami;
use crate::exit::Exit;
use crate::output;

#[derive(Debug, clap::Args)]
pub(super) struct MergeArguments {
    /// What is merged: a branch, a tag, a commit
    version: Reference,
    /// Why; a sentence that names both branches when left out
    #[arg(long, short)]
    message: Option<String>,
    /// Make a commit even where the branch could simply go ahead
    #[arg(long)]
    no_ff: bool,
    #[command(flatten)]
    resolve: ResolveArguments,
}

#[derive(Debug, clap::Args)]
pub(super) struct ReplayArguments {
    /// Which commit
    commit: Reference,
    /// Of a merge: the number of the parent that it is compared with
    #[arg(long, short = 'm', value_name = "NUMBER")]
    mainline: Option<u32>,
    /// Why; a sentence that names the commit when left out
    #[arg(long)]
    message: Option<String>,
    #[command(flatten)]
    resolve: ResolveArguments,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArguments {
    /// Documents (characters.mei, characters) or fields (characters.mei.age)
    #[arg(required = true)]
    names: Vec<String>,
    /// From which version
    #[arg(long)]
    from: Reference,
    /// Why; a sentence that names both when left out
    #[arg(long, short)]
    message: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct SwitchArguments {
    /// To which branch
    branch: RefName,
    /// Make it first, where one stands
    #[arg(long, short = 'c')]
    create: bool,
    /// Take the folder's edits along, uncommitted
    #[arg(long, conflicts_with = "discard")]
    carry: bool,
    /// Throw the folder's edits away
    #[arg(long)]
    discard: bool,
    #[command(flatten)]
    resolve: ResolveArguments,
}

fn onto(desk: &Desk, author: Author, message: Option<String>, resolutions: Resolutions) -> Onto {
    Onto { branch: None, expected: Expected::Any, resolutions, author, message, at: desk.now() }
}

pub(super) async fn commit(
    desk: &Desk,
    message: Option<String>,
    author: Author,
    resolve: &ResolveArguments,
    as_json: bool,
) -> anyhow::Result<Exit> {
    // What is committed is a project that can be read; a broken one names its places here.
    desk.show()?;
    let message = match message {
        Some(message) => message,
        None => edited(desk).await?,
    };
    let mut choices = resolve.choices()?;
    loop {
        let synced = desk.history.sync(&desk.folder, message.clone(), onto(desk, author.clone(), None, choices.clone())).await?;
        match synced {
            Synced::Conflicts(conflicts) => match conflicts::settle(&conflicts, as_json)? {
                Some(more) => {
                    choices.extend(more);
                    continue;
                }
                None => return Ok(Exit::Conflicts),
            },
            Synced::Unchanged { branch } if as_json => output::json(&json!({ "branch": branch, "commit": null, "updated": [] }))?,
            Synced::Unchanged { branch } => output::line(format_args!("Nothing to commit: {branch} has all of it.")),
            Synced::Updated { branch, commit, updated } if as_json => {
                output::json(&json!({ "branch": branch, "commit": commit, "updated": updated }))?;
            }
            Synced::Updated { branch, commit, updated } => {
                output::line(format_args!("Nothing to commit; the folder is {branch} at {} now.", commit.short()));
                print_updated(&updated);
            }
            Synced::Committed { made, updated } if as_json => {
                output::json(&json!({ "branch": made.branch, "commit": made.id, "updated": updated }))?;
            }
            Synced::Committed { made, updated } => {
                print_made(&made);
                print_updated(&updated);
            }
        }
        desk.studio.name_version(&desk.history, &Show::load(&desk.folder.path)?).await?;
        return Ok(Exit::Success);
    }
}

/// A message that names what was edited.
async fn edited(desk: &Desk) -> anyhow::Result<String> {
    let mut documents: Vec<String> = Vec::new();
    for change in folder_changes(&desk.history, &desk.folder).await? {
        let document = change.path.split('.').take(2).collect::<Vec<_>>().join(".");
        if !documents.contains(&document) {
            documents.push(document);
        }
    }
    let more = documents.len().saturating_sub(5);
    documents.truncate(5);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Ok(format!("Edits in the folder: {}{more}", documents.join(", ")))
}

pub(super) async fn merge(desk: &Desk, arguments: MergeArguments, as_json: bool) -> anyhow::Result<Exit> {
    let change = async |onto| desk.history.merge(&arguments.version, onto, arguments.no_ff).await;
    land(desk, arguments.message.as_deref(), &arguments.resolve, as_json, change).await
}

pub(super) async fn revert(desk: &Desk, arguments: ReplayArguments, as_json: bool) -> anyhow::Result<Exit> {
    let change = async |onto| desk.history.revert(&arguments.commit, arguments.mainline, onto).await;
    land(desk, arguments.message.as_deref(), &arguments.resolve, as_json, change).await
}

pub(super) async fn cherry_pick(desk: &Desk, arguments: ReplayArguments, as_json: bool) -> anyhow::Result<Exit> {
    let change = async |onto| desk.history.cherry_pick(&arguments.commit, arguments.mainline, onto).await;
    land(desk, arguments.message.as_deref(), &arguments.resolve, as_json, change).await
}

/// Lands a change from elsewhere, again with more choices as long as somebody makes them.
async fn land(
    desk: &Desk,
    message: Option<&str>,
    resolve: &ResolveArguments,
    as_json: bool,
    change: impl AsyncFn(Onto) -> Result<Outcome, HistoryError>,
) -> anyhow::Result<Exit> {
    clean(desk).await?;
    let mut choices = resolve.choices()?;
    loop {
        let outcome = change(onto(desk, whoami(), message.map(str::to_owned), choices.clone())).await?;
        match landed(desk, outcome, as_json).await? {
            Landed::Exit(exit) => return Ok(exit),
            Landed::Again(more) => choices.extend(more),
        }
    }
}

pub(super) async fn restore(desk: &Desk, arguments: RestoreArguments, as_json: bool) -> anyhow::Result<Exit> {
    clean(desk).await?;
    let onto = onto(desk, whoami(), arguments.message, Resolutions::new());
    let made = desk.history.restore(&arguments.names, &arguments.from, onto).await?;
    landed(desk, Outcome::Committed(made), as_json).await?;
    Ok(Exit::Success)
}

pub(super) async fn switch(desk: &Desk, arguments: SwitchArguments, as_json: bool) -> anyhow::Result<Exit> {
    if arguments.create {
        let base = match desk.history.folder_base(&desk.folder).await? {
            Some(base) => base,
            None => desk.history.resolve(&Reference::head()).await?,
        };
        desk.history.create_branch(&arguments.branch, base, &whoami(), desk.now()).await?;
    }
    let edits = match (arguments.carry || arguments.create, arguments.discard) {
        (_, true) => Edits::Discard,
        (true, false) => Edits::Carry,
        (false, false) => Edits::Refuse,
    };
    let mut choices = arguments.resolve.choices()?;
    loop {
        let onto = onto(desk, whoami(), None, choices.clone());
        match desk.history.switch_folder(&desk.folder, &arguments.branch, edits, onto).await? {
            Switched::Conflicts(conflicts) => match conflicts::settle(&conflicts, as_json)? {
                Some(more) => choices.extend(more),
                None => return Ok(Exit::Conflicts),
            },
            Switched::Done { head, updated } => {
                let place = head.commit.map_or_else(String::new, |commit| format!(" ({})", commit.short()));
                if as_json {
                    output::json(&json!({ "branch": head.branch, "commit": head.commit, "updated": updated }))?;
                } else {
                    output::line(format_args!("On {}{place}.", head.branch));
                    print_updated(&updated);
                }
                return Ok(Exit::Success);
            }
        }
    }
}

/// A change of the branch comes into the folder, so the folder's own edits are committed first.
async fn clean(desk: &Desk) -> anyhow::Result<()> {
    let edits = folder_changes(&desk.history, &desk.folder).await?;
    if edits.is_empty() {
        return Ok(());
    }
    let mut documents: Vec<String> = edits.iter().map(|change| change.path.split('.').take(2).collect::<Vec<_>>().join(".")).collect();
    documents.dedup();
    anyhow::bail!("the folder has uncommitted edits in {}; commit them first with `echo-studio bible commit -m …`", documents.join(", "))
}

/// How a change ended: with an exit code, or with choices for another try.
enum Landed {
    Exit(Exit),
    Again(Resolutions),
}

async fn landed(desk: &Desk, outcome: Outcome, as_json: bool) -> anyhow::Result<Landed> {
    let (said, commit) = match outcome {
        Outcome::Conflicts(conflicts) => {
            return Ok(conflicts::settle(&conflicts, as_json)?.map_or(Landed::Exit(Exit::Conflicts), Landed::Again));
        }
        Outcome::UpToDate { branch, head } => (format!("{branch} has all of it already."), head),
        Outcome::FastForward { branch, from, to } => (format!("{branch} goes ahead from {} to {}.", from.short(), to.short()), to),
        Outcome::Committed(made) => {
            if !as_json {
                print_made(&made);
            }
            (String::new(), made.id)
        }
    };
    let updated = match desk.history.update_folder(&desk.folder, &whoami(), desk.now()).await? {
        Switched::Done { updated, .. } => updated,
        Switched::Conflicts(conflicts) => {
            conflicts::settle(&conflicts, as_json)?;
            return Ok(Landed::Exit(Exit::Conflicts));
        }
    };
    if as_json {
        output::json(&json!({ "commit": commit, "updated": updated }))?;
    } else {
        if !said.is_empty() {
            output::line(said);
        }
        print_updated(&updated);
        sound(desk).await;
    }
    Ok(Landed::Exit(Exit::Success))
}

/// Says so when what two sides made together is no sound project any more, though each side was.
async fn sound(desk: &Desk) {
    if let Err(StudioError::Source(problems)) = desk.history.show_at(&Reference::head()).await {
        output::note("The result has errors that are to be mended now:");
        super::super::print_problems(&problems.0);
    }
}

fn print_made(made: &Committed) {
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

fn print_updated(updated: &[String]) {
    for file in updated {
        output::line(format_args!(" {file} is up to date"));
    }
}
