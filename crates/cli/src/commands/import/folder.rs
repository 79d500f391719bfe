//! A project folder: its first commit, or its next one.

use bible::version::{Author, Resolutions};
use serde_json::json;
use studio::Show;
use studio::checkout::{Over, check_out};
use studio::history::{Expected, Onto, Synced};

use super::Arguments;
use crate::exit::Exit;
use crate::{Context, output};

pub(super) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let mut show = crate::commands::load(&arguments.from)?;
    let to = arguments.to.as_ref().unwrap_or(&arguments.from);
    if to != &arguments.from {
        check_out(&show.folder.snapshot()?.written(), to, Over::Nothing)?;
        show = Show::load(to)?;
    }
    let studio = crate::commands::open(context, to).await?;
    let history = studio.history_of(&show).await?;
    let onto = Onto {
        branch: None,
        expected: Expected::Any,
        resolutions: Resolutions::new(),
        author: Author::named(&arguments.author),
        message: None,
        at: (studio.environment.now)(),
    };
    let synced = history.sync(&show.folder, arguments.message.clone(), onto).await?;
    match synced {
        Synced::Committed { made, .. } if context.json => {
            output::json(&json!({ "folder": to, "branch": made.branch, "commit": made.id, "tree": made.commit.tree }))?;
        }
        Synced::Committed { made, .. } => {
            let slug = &show.project.settings.slug;
            output::line(format_args!("{slug} is at {} on {}: {} document(s).", made.id.short(), made.branch, made.commit.summary.total()));
        }
        Synced::Unchanged { branch } | Synced::Updated { branch, .. } if context.json => {
            output::json(&json!({ "folder": to, "branch": branch, "commit": history.head().await?.commit }))?;
        }
        Synced::Unchanged { branch } => output::line(format_args!("Nothing to import: {branch} has all of it.")),
        Synced::Updated { branch, updated, .. } => {
            output::line(format_args!("Nothing to import: {branch} has all of it, and {} file(s) are up to date now.", updated.len()));
        }
        Synced::Conflicts(conflicts) => anyhow::bail!(
            "{} place(s) of the folder were changed on the branch as well; `echo-studio bible commit` shows them and takes choices",
            conflicts.len()
        ),
    }
    Ok(Exit::Success)
}
