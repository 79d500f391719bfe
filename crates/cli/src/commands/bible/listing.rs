//! Listings of a history: its log, its branches, its tags, and what differs.

use bible::version::{Author, Change, ChangeKind, Commit, CommitId, Reference};
use serde_json::{Value, json};
use studio::history::{Branch, LogEntry, LogRequest};

use super::Desk;
use crate::output;

pub(super) async fn log(desk: &Desk, from: &Reference, paths: Vec<String>, limit: usize, as_json: bool) -> anyhow::Result<()> {
    let page = desk.history.log(from, &LogRequest { limit, paths, cursor: None }).await?;
    if as_json {
        let entries: Vec<Value> = page.entries.iter().map(|LogEntry { id, commit }| json!({ "id": id, "commit": **commit })).collect();
        return output::json(&json!({ "entries": entries, "next": page.next.map(|next| next.to_string()) }));
    }
    for LogEntry { id, commit } in &page.entries {
        output::line(one_line(*id, commit));
    }
    Ok(())
}

/// A commit in one line.
pub(super) fn one_line(id: CommitId, commit: &Commit) -> String {
    format!("{}  {}  {}  {}", output::paint(&id.short(), 33), when(commit), commit.author, commit.subject())
}

/// When a commit was made, in UTC.
fn when(commit: &Commit) -> String {
    chrono::DateTime::from_timestamp_micros(commit.at).map(|time| time.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// A commit with everything that it did.
pub(super) async fn show(desk: &Desk, reference: &Reference, as_json: bool) -> anyhow::Result<()> {
    let id = desk.history.resolve(reference).await?;
    let commit = desk.history.commit_of(id).await?;
    let found = desk.history.compare(commit.parents.first().copied(), id).await?;
    if as_json {
        return output::json(&json!({ "id": id, "commit": *commit, "changes": found }));
    }
    output::line(format_args!("{} {id}", output::paint("commit", 33)));
    if commit.is_merge() {
        let parents: Vec<String> = commit.parents.iter().map(|parent| parent.short()).collect();
        output::line(format_args!("Merge:  {}", parents.join(" ")));
    }
    output::line(format_args!("Author: {}\nDate:   {} UTC\n", commit.author, when(&commit)));
    for line in commit.message.lines() {
        output::line(format_args!("    {line}"));
    }
    output::line("");
    changes(&found, false)
}

pub(super) fn branches(all: &[Branch], as_json: bool) -> anyhow::Result<()> {
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

pub(super) async fn tags(desk: &Desk, as_json: bool) -> anyhow::Result<()> {
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

pub(super) fn changes(all: &[Change], as_json: bool) -> anyhow::Result<()> {
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

/// A value as a person reads it, with a patch of its colour where it is one.
pub(super) fn value(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| format!("{value}{}", swatch(value)))
}

/// A colour as a patch of it, where the terminal shows colours.
fn swatch(value: &Value) -> String {
    let colour = value.as_str().and_then(|text| text.parse::<bible::Colour>().ok()).filter(|_| output::colourful());
    colour.map(|colour| format!(" \u{1b}[48;2;{};{};{}m    \u{1b}[0m", colour.red, colour.green, colour.blue)).unwrap_or_default()
}

/// Who gave a field its value.
pub(super) async fn blame(desk: &Desk, field: &str, at: &Reference, limit: usize, as_json: bool) -> anyhow::Result<()> {
    let blame = desk.history.blame(at, field, limit).await?;
    if as_json {
        let changes: Vec<Value> = blame
            .changes
            .iter()
            .map(|change| json!({ "id": change.id, "commit": *change.commit, "old": change.old, "new": change.new }))
            .collect();
        return output::json(&json!({ "field": blame.field, "file": blame.file, "value": blame.value, "changes": changes }));
    }
    output::line(format_args!("{} in {} is {}", blame.field, blame.file, value(blame.value.as_ref())));
    for change in &blame.changes {
        output::line(one_line(change.id, &change.commit));
        output::line(format_args!("    {} -> {}", value(change.old.as_ref()), value(change.new.as_ref())));
        for line in change.commit.message.lines().skip(1).filter(|line| !line.is_empty()) {
            output::line(format_args!("    {line}"));
        }
    }
    Ok(())
}

/// Whether the history is whole.
pub(super) async fn fsck(desk: &Desk, as_json: bool) -> anyhow::Result<bool> {
    let found = desk.history.fsck().await?;
    if as_json {
        output::json(&found)?;
    } else {
        for fault in &found.faults {
            output::line(format_args!("{} {}: {}; named by {}", output::paint("fault", 31), fault.at, fault.reason, fault.named_by));
        }
        output::line(format_args!(
            "{} commits and {} objects read; {} commit(s) on no branch; {} fault(s).",
            found.commits,
            found.objects,
            found.unreferenced,
            found.faults.len()
        ));
    }
    Ok(found.faults.is_empty())
}

/// Who acts: the name that the system's environment gives.
pub(super) fn whoami() -> Author {
    let name = std::env::var("USER").ok().filter(|name| !name.is_empty());
    Author::named(name.unwrap_or_else(|| "someone".to_owned()))
}
