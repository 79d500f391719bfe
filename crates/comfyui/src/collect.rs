//! Fetching what a prompt left, and looking into it.

use futures::{StreamExt, TryStreamExt};

use crate::artifact::{Artifact, ArtifactError, Expected, verify};
use crate::error::Error;
use crate::graph::NodeId;
use crate::prefix::Prefix;
use crate::server::Server;
use crate::wire::{Conclusion, HistoryEntry, OutputFile, OutputFolder};

/// How many files are fetched at once.
const AT_ONCE: usize = 4;

impl Server {
    /// Fetches the files of a prompt that has ended. They count only all together: every expected node left as many
    /// files as it should, each is ours by name, is there, and is whole.
    ///
    /// # Errors
    /// [`Error::Failed`] and [`Error::Cancelled`] as the prompt ended; [`Error::Incomplete`] when it ended in success
    /// without an output; [`Error::Artifact`] when a file does not count.
    pub async fn collect(&self, entry: &HistoryEntry, prefix: &Prefix, expected: &[Expected]) -> Result<Vec<Artifact>, Error> {
        match entry.conclusion() {
            Conclusion::Success { .. } => {}
            Conclusion::Failed(failure) => return Err(Error::Failed(failure)),
            Conclusion::Interrupted => return Err(Error::Cancelled),
        }
        let files_of = |node: &NodeId| entry.outputs.get(node).map(crate::wire::NodeOutput::files).unwrap_or_default();
        let missing: Vec<_> = expected.iter().filter(|expected| expected.count > 0 && files_of(&expected.node).is_empty()).collect();
        if !missing.is_empty() {
            let missing = missing.into_iter().map(|expected| expected.node.clone()).collect();
            return Err(Error::Incomplete { missing, blocked: None });
        }
        let mut wanted = Vec::new();
        for expected in expected {
            let files = files_of(&expected.node);
            ours(&files, prefix, expected).map_err(|what| Error::Artifact { node: expected.node.clone(), what })?;
            wanted.extend(files.into_iter().enumerate().map(|(index, file)| (expected, index, file)));
        }
        // Collected before anything is awaited: a task that holds the closure could not move between threads.
        let fetching: Vec<_> = wanted.into_iter().map(|(expected, index, file)| self.fetch(expected, index, file)).collect();
        futures::stream::iter(fetching).buffered(AT_ONCE).try_collect().await
    }

    async fn fetch(&self, expected: &Expected, index: usize, file: OutputFile) -> Result<Artifact, Error> {
        let wrong = |what| Error::Artifact { node: expected.node.clone(), what };
        let bytes = self.view(&file).await?.ok_or_else(|| wrong(ArtifactError::Missing(file.filename.clone())))?;
        let look = {
            let (name, bytes, expected) = (file.filename.clone(), bytes.clone(), expected.clone());
            // Decoding takes longer than other tasks may be kept waiting.
            tokio::task::spawn_blocking(move || verify(&name, &bytes, &expected))
        };
        let broke = |error: tokio::task::JoinError| ArtifactError::Unreadable { name: file.filename.clone(), reason: error.to_string() };
        let (media_type, size) = look.await.map_err(|error| wrong(broke(error)))?.map_err(wrong)?;
        Ok(Artifact { node: expected.node.clone(), index, file, media_type, size, bytes })
    }
}

/// Whether the files are as many as expected, and were written by this attempt.
fn ours(files: &[OutputFile], prefix: &Prefix, expected: &Expected) -> Result<(), ArtifactError> {
    if files.len() != expected.count {
        return Err(ArtifactError::Count { expected: expected.count, found: files.len() });
    }
    // Temporary files have names of the server's choosing.
    let foreign =
        files.iter().find(|file| file.folder == OutputFolder::Output && !prefix.owns(&expected.node, &file.subfolder, &file.filename));
    foreign.map_or(Ok(()), |file| Err(ArtifactError::NotOurs(file.filename.clone())))
}
