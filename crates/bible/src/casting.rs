//! The cast as a table (CSV), for the people who cast: one row a character, with role and voice.
//!
//! What comes back is written into the characters' files in place, so their comments stay. Only cells that differ
//! from what the bible says change anything: a table that was exported and comes back untouched changes nothing.
//!
//! ```
//! use bible::casting;
//! use bible::source::SourceTree;
//!
//! let mei = "name: Mei # our hero\nage: 15\n";
//! let tree = SourceTree::from([("bible/characters/mei.yaml", mei)]);
//! let table = casting::export(&tree).unwrap();
//! let edited = table.replace(",15,", ",16,");
//! let casting = casting::import(&tree, "cast.csv", &edited).unwrap();
//! assert_eq!(casting.files.get("bible/characters/mei.yaml"), Some("name: Mei # our hero\nage: 16\n"));
//! ```
//!
//! Cells of several values (aliases, languages) part them by `;`, with a backslash before one that belongs to the
//! text. A cell that a spreadsheet would take for a formula gets an apostrophe in front, which is taken off again.

mod cell;

use std::collections::BTreeMap;

use cell::{Cell, Column};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Slug;
use crate::source::{Position, SourceError, SourceErrors, SourceTree, edit, nearest, yaml};

/// Bytes that a table may have.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

const KEY: &str = "character";

/// What a table changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Casting {
    /// The characters' files that change, as they are then.
    pub files: SourceTree,
    /// Every cell that differs from the bible, in order of the table.
    pub changes: Vec<CellChange>,
}

/// A cell that differs from what the bible says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CellChange {
    /// Of whom.
    pub character: Slug,
    /// In which column.
    pub column: &'static str,
    /// What the bible says; empty where it says nothing.
    pub old: String,
    /// What the table says.
    pub new: String,
}

/// The table of a project's cast, by name of the characters' files.
///
/// # Errors
/// Every character's file that is no YAML.
pub fn export(tree: &SourceTree) -> Result<String, SourceErrors> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut rows = vec![std::iter::once(KEY.to_owned()).chain(Column::ALL.iter().map(|column| column.name().to_owned())).collect()];
    for (slug, (_, character)) in characters(tree)? {
        let cells = Column::ALL.iter().map(|column| cell::guarded(&column.read(&character)));
        rows.push(std::iter::once(slug.to_string()).chain(cells).collect::<Vec<String>>());
    }
    let failed = |error: csv::Error| one("cast.csv", Position::FILE, format!("the table cannot be written ({error})"), "");
    for row in rows {
        writer.write_record(&row).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
    String::from_utf8(bytes).map_err(|error| one("cast.csv", Position::FILE, error.to_string(), ""))
}

/// What a table changes in a project. Columns that it leaves out stay as they are, and so do characters that it does
/// not list; an empty cell takes a value away. Commas, semicolons and tabs are taken as what parts the cells,
/// whichever the first line has.
///
/// # Errors
/// Everything that is wrong with the table: [`SourceError::line`] is the line and [`SourceError::column`] the number
/// of the cell in it. A table of which anything is wrong changes nothing.
pub fn import(tree: &SourceTree, file: &str, table: &str) -> Result<Casting, SourceErrors> {
    if table.len() > MAX_BYTES {
        let problem = format!("the table has {} bytes; {MAX_BYTES} is the most that is read", table.len());
        return Err(one(file, Position::FILE, problem, ""));
    }
    let table = table.strip_prefix('\u{feff}').unwrap_or(table);
    let mut importer = Importer { file, characters: characters(tree)?, problems: Vec::new(), seen: BTreeMap::new() };
    let casting = importer.read(tree, table);
    if importer.problems.is_empty() { Ok(casting) } else { Err(SourceErrors(importer.problems)) }
}

fn one(file: &str, at: Position, problem: String, fix: &str) -> SourceErrors {
    SourceErrors(vec![SourceError::new(file, at, problem, fix)])
}

type Characters = BTreeMap<Slug, (String, Map<String, Value>)>;

/// Every character with its file and what that says.
fn characters(tree: &SourceTree) -> Result<Characters, SourceErrors> {
    let (mut found, mut problems) = (Characters::new(), Vec::new());
    for (path, text) in tree.iter() {
        let slug = path.strip_prefix("bible/characters/").and_then(|name| name.strip_suffix(".yaml")).and_then(|name| name.parse().ok());
        let Some(slug) = slug else { continue };
        match yaml::parse(path, text).map(|node| node.to_json()) {
            Ok(Value::Object(fields)) => drop(found.insert(slug, (path.to_owned(), fields))),
            Ok(_) => {
                problems.push(SourceError::new(path, Position::FILE, "this file says nothing of a character", "write at least `name:`"));
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(SourceErrors(problems)) }
}

struct Importer<'a> {
    file: &'a str,
    characters: Characters,
    problems: Vec<SourceError>,
    /// Characters that were listed, with their lines.
    seen: BTreeMap<Slug, u32>,
}

impl Importer<'_> {
    fn problem(&mut self, line: u32, column: usize, problem: impl Into<String>, fix: impl Into<String>) {
        let column = u32::try_from(column).unwrap_or(u32::MAX);
        self.problems.push(SourceError::new(self.file, Position::new(line, column), problem, fix));
    }

    fn read(&mut self, tree: &SourceTree, table: &str) -> Casting {
        let first = table.lines().next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|sign| first.bytes().filter(|byte| byte == sign).count());
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter.filter(|sign| first.as_bytes().contains(sign)).unwrap_or(b','))
            .flexible(true)
            .has_headers(false)
            .from_reader(table.as_bytes());
        let mut records = reader.records();
        let mut casting = Casting::default();
        let Some(columns) = records.next().and_then(|header| self.header(header)) else {
            if self.problems.is_empty() {
                self.problem(1, 0, "the table is empty", format!("its first line names the columns: {KEY},{}", Column::NAMES.join(",")));
            }
            return casting;
        };
        for record in records {
            match record {
                Ok(record) => self.row(tree, &columns, &record, &mut casting),
                Err(error) => {
                    let line = error.position().map_or(0, |at| u32::try_from(at.line()).unwrap_or(u32::MAX));
                    self.problem(line, 0, format!("this is no CSV ({error})"), "save the table again as CSV, in UTF-8");
                    break;
                }
            }
        }
        casting
    }

    /// The columns of the table in their order; none for the one that names the character.
    fn header(&mut self, record: Result<csv::StringRecord, csv::Error>) -> Option<Vec<Option<Column>>> {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                self.problem(1, 0, format!("this is no CSV ({error})"), "save the table again as CSV, in UTF-8");
                return None;
            }
        };
        let mut columns = Vec::new();
        for (index, name) in record.iter().enumerate() {
            let name = name.trim().to_lowercase().replace([' ', '-'], "_");
            let column = Column::ALL.iter().find(|column| column.name() == name).copied();
            if column.is_none() && name != KEY {
                let names = std::iter::once(KEY).chain(Column::NAMES);
                let fix = match nearest(&name, names) {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => format!("the columns are {KEY}, {}; take this one out", Column::NAMES.join(", ")),
                };
                self.problem(1, index + 1, format!("there is no column `{name}`"), fix);
            } else if columns.contains(&column) {
                self.problem(1, index + 1, format!("the column `{name}` is there twice"), "keep one of the two");
            }
            columns.push(column);
        }
        if !columns.contains(&None) {
            self.problem(1, 0, format!("no column is called `{KEY}`"), "it says which character a row is about, by the name of the file");
        }
        self.problems.is_empty().then_some(columns)
    }

    fn row(&mut self, tree: &SourceTree, columns: &[Option<Column>], record: &csv::StringRecord, casting: &mut Casting) {
        let line = record.position().map_or(0, |at| u32::try_from(at.line()).unwrap_or(u32::MAX));
        // Spreadsheets leave empty rows behind.
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        if record.len() != columns.len() {
            let problem = format!("the row has {} cells, and the table has {} columns", record.len(), columns.len());
            return self.problem(line, record.len().min(columns.len()) + 1, problem, "put a cell that holds a comma in quotes");
        }
        let key = columns.iter().position(Option::is_none).unwrap_or_default();
        let name = record.get(key).unwrap_or_default().trim();
        let Some(slug) = name.parse::<Slug>().ok().filter(|slug| self.characters.contains_key(slug)) else {
            let fix = match nearest(name, self.characters.keys().map(Slug::as_str)) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "write the character's file first: looks and colours do not fit into a table".to_owned(),
            };
            return self.problem(line, key + 1, format!("there is no character `{name}`"), fix);
        };
        if let Some(before) = self.seen.insert(slug.clone(), line) {
            return self.problem(line, key + 1, format!("`{slug}` was in line {before} already"), "keep one of the two rows");
        }
        let Some((path, character)) = self.characters.get(&slug).cloned() else { return };
        let mut changed = character.clone();
        for (index, (column, text)) in columns.iter().zip(record.iter()).enumerate() {
            let Some(column) = column else { continue };
            let new = cell::unguarded(text);
            let old = column.read(&character);
            if new == old {
                continue;
            }
            match Cell::parse(*column, &new) {
                Ok(cell) => {
                    column.write(&mut changed, cell);
                    casting.changes.push(CellChange { character: slug.clone(), column: column.name(), old, new: column.read(&changed) });
                }
                Err((problem, fix)) => self.problem(line, index + 1, format!("{}: {problem}", column.name()), fix),
            }
        }
        // A cell that is only spelled otherwise (spaces, `; ` for `;`) changes nothing.
        casting.changes.retain(|change| change.old != change.new);
        if changed != character
            && let Some(text) = tree.get(&path)
        {
            casting.files.insert(&path, edit(text, &Value::Object(changed)));
        }
    }
}

#[cfg(test)]
mod tests;
