//! All documents of a project at one moment, to and from its files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::Document;
use super::path::{DocumentKind, DocumentPath};
use super::written::Written;
use crate::source::{SourceErrors, SourceTree};

/// A change of one document: what it is from now on, or that it is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Which.
    pub path: DocumentPath,
    /// What it is; none when it goes.
    pub document: Option<Document>,
}

/// Every document of a project.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot(BTreeMap<DocumentPath, Document>);

impl Snapshot {
    /// The documents of a project's text files.
    ///
    /// # Errors
    /// Every file that is no YAML. What a file says is not checked here: see [`crate::source::read`].
    pub fn of_source(tree: &SourceTree) -> Result<Self, SourceErrors> {
        let (mut snapshot, mut problems) = (Self::default(), Vec::new());
        for (file, text) in tree.iter() {
            match Document::of_file(file, text.as_bytes()) {
                Ok((path, document)) => drop(snapshot.0.insert(path, document)),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(snapshot) } else { Err(SourceErrors(problems)) }
    }

    /// Adds a file that is no text of the bible: a drawing.
    pub fn insert_file(&mut self, file: &str, bytes: &[u8]) {
        self.0.insert(DocumentPath::of_file(file), Document::File(bytes.into()));
    }

    /// The documents of a project's files.
    ///
    /// # Errors
    /// Every file that is no YAML or, where it is a text, not UTF-8.
    pub fn of_written(files: &Written) -> Result<Self, SourceErrors> {
        let (mut snapshot, mut problems) = (Self::default(), Vec::new());
        for (file, bytes) in files.iter() {
            match Document::of_file(file, bytes) {
                Ok((path, document)) => drop(snapshot.0.insert(path, document)),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(snapshot) } else { Err(SourceErrors(problems)) }
    }

    /// Every file as it is written into a folder.
    #[must_use]
    pub fn written(&self) -> Written {
        self.0.iter().map(|(path, document)| (path.file(), document.to_bytes().to_vec())).collect()
    }

    /// The project's text files.
    #[must_use]
    pub fn to_source(&self) -> SourceTree {
        let mut tree = SourceTree::new();
        for (path, document) in &self.0 {
            let file = path.file();
            if SourceTree::wants(&file)
                && let Some(text) = document.to_text()
            {
                tree.insert(&file, &*text);
            }
        }
        tree
    }

    /// The files that are no text of the bible, by path in the folder.
    pub fn files(&self) -> impl Iterator<Item = (String, Arc<[u8]>)> + '_ {
        self.0
            .iter()
            .map(|(path, document)| (path.file(), document))
            .filter(|(file, _)| !SourceTree::wants(file))
            .map(|(file, document)| (file, document.to_bytes()))
    }

    /// A document.
    #[must_use]
    pub fn get(&self, path: &DocumentPath) -> Option<&Document> {
        self.0.get(path)
    }

    /// Adds or replaces a document.
    pub fn insert(&mut self, path: DocumentPath, document: Document) -> Option<Document> {
        self.0.insert(path, document)
    }

    /// Takes a document away.
    pub fn remove(&mut self, path: &DocumentPath) -> Option<Document> {
        self.0.remove(path)
    }

    /// Every document, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&DocumentPath, &Document)> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Document {
    /// The document that a file of a project folder is.
    ///
    /// # Errors
    /// The first place where a structured document is no YAML, or where a text is not UTF-8; and a file whose name no
    /// document can have.
    pub fn of_file(file: &str, bytes: &[u8]) -> Result<(DocumentPath, Self), crate::source::SourceError> {
        use crate::source::{Position, SourceError};
        let path = DocumentPath::of_file(file);
        // A tree that named it could be written, and never be read again.
        if path.as_str().parse::<DocumentPath>().is_err() {
            let fix = "use no `:` and no backslash in the name, and let no part of it begin with a dot";
            return Err(SourceError::new(file, Position::FILE, "a file of this name cannot be kept in the history", fix));
        }
        if path.kind() == DocumentKind::File {
            return Ok((path, Self::File(bytes.into())));
        }
        let text =
            std::str::from_utf8(bytes).map_err(|_| SourceError::new(file, Position::FILE, "this is not UTF-8 text", "save it as UTF-8"))?;
        let document = match path.kind() {
            DocumentKind::Script => Self::Script(text.into()),
            _ => Self::of_yaml(file, text)?,
        };
        Ok((path, document))
    }
}

impl FromIterator<(DocumentPath, Document)> for Snapshot {
    fn from_iter<I: IntoIterator<Item = (DocumentPath, Document)>>(documents: I) -> Self {
        Self(documents.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_whose_name_could_not_be_read_again_is_refused() {
        for file in ["parts/hair/a:b.svg", "parts/hair\\mine.svg", "parts/.hidden/x.svg", "bible/characters/a:b.yaml"] {
            let refused = Document::of_file(file, b"name: x").unwrap_err();
            assert!(refused.to_string().contains("of this name"), "{refused}");
        }
        assert!(Document::of_file("parts/hair/mine (2).svg", b"<svg/>").is_ok());
    }
}
