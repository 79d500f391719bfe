//! `echo-studio export`: a project's bible out of the studio, as a folder or with its whole history as one file.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bible::version::{Reference, archive};
use serde_json::json;
use studio::checkout::{CheckedOut, Over, check_out};
use studio::folder::Folder;
use studio::{History, StudioError};

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file NAME.echo for the whole history, or a folder for the files of one version
    to: PathBuf,
    /// Folder of the project
    #[arg(long, default_value = ".", value_name = "DIR")]
    project: PathBuf,
    /// Which version goes into the folder: a branch, a tag, a commit [default: HEAD]
    #[arg(long = "ref", value_name = "VERSION")]
    reference: Option<Reference>,
    /// Write over what is there: an archive, or the files of the project that the folder holds
    #[arg(long)]
    replace: bool,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    // The folder may be in the middle of an edit: only the history is asked.
    let folder = Folder::read(&arguments.project).map_err(StudioError::from)?;
    let studio = super::open(context, &arguments.project).await?;
    let history = studio.history_in(&folder).await?;
    if is_archive(&arguments.to) {
        anyhow::ensure!(arguments.reference.is_none(), "an archive holds every version: --ref is for folders");
        whole(&history, &arguments.to, arguments.replace, context.json).await?;
    } else {
        let reference = arguments.reference.unwrap_or_else(Reference::head);
        let files = history.snapshot_at(&reference).await?.written();
        let over = if arguments.replace { Over::Project } else { Over::Nothing };
        let done = check_out(&files, &arguments.to, over)?;
        if context.json {
            let done = json!({ "written": done.written, "unchanged": done.unchanged, "removed": done.removed });
            output::json(&json!({ "folder": arguments.to, "ref": reference.to_string(), "files": done }))?;
        } else {
            let CheckedOut { written, unchanged, removed } = done;
            let to = arguments.to.display();
            output::line(format_args!("{reference} is in {to}: {written} file(s) written, {unchanged} unchanged, {removed} deleted."));
        }
    }
    Ok(Exit::Success)
}

/// Whether a name is that of an archive.
pub(crate) fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(archive::EXTENSION))
}

async fn whole(history: &History, to: &Path, replace: bool, as_json: bool) -> anyhow::Result<()> {
    anyhow::ensure!(replace || !to.exists(), "{} is there already; choose another name, or say --replace", to.display());
    let name = to.file_name().context("an archive needs a name")?.to_string_lossy();
    let draft = to.with_file_name(format!(".{name}.part"));
    let file = File::create(&draft).with_context(|| format!("writing {}", draft.display()))?;
    let written = async {
        let (file, exported) = history.export(BufWriter::new(file)).await?;
        let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        std::fs::rename(&draft, to).with_context(|| format!("writing {}", to.display()))?;
        anyhow::Ok((exported, file.metadata()?.len()))
    };
    let (exported, bytes) = match written.await {
        Ok(written) => written,
        Err(error) => {
            // What is half written is of no use to anybody.
            drop(std::fs::remove_file(&draft));
            return Err(error);
        }
    };
    let (branches, tags) = (exported.header.branches.len(), exported.header.tags.len());
    if as_json {
        return output::json(&json!({
            "archive": to, "bytes": bytes, "commits": exported.commits, "objects": exported.objects, "branches": branches, "tags": tags,
        }));
    }
    output::line(format_args!(
        "{}: {} commit(s), {branches} branch(es), {tags} tag(s), {} objects, {bytes} bytes",
        to.display(),
        exported.commits,
        exported.objects
    ));
    Ok(())
}
