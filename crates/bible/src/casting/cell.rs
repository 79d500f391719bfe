//! Cells: what a column is in a character's file, and how its value is written.

use serde_json::{Map, Value};

/// What a column's cells hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A text that must be there, of so many characters at most.
    Name(usize),
    /// A text of so many characters at most.
    Text(usize),
    /// Texts.
    List,
    /// A whole number within bounds.
    Number(u64, u64),
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    name: &'static str,
    /// The field of the file, inside of another one or not.
    within: Option<&'static str>,
    field: &'static str,
    form: Form,
}

const fn own(name: &'static str, form: Form) -> Column {
    Column { name, within: None, field: name, form }
}

const fn voice(name: &'static str, field: &'static str, form: Form) -> Column {
    Column { name, within: Some("voice"), field, form }
}

/// What a cell says: a value, or that there is none.
pub(super) struct Cell(Option<Value>);

impl Column {
    /// Every column beside the one that names the character, in the order in which they are written.
    pub(super) const ALL: [Self; 12] = [
        own("name", Form::Name(100)),
        own("aliases", Form::List),
        own("role", Form::Text(200)),
        own("age", Form::Number(0, u16::MAX as u64)),
        own("pronouns", Form::Text(100)),
        voice("voice", "description", Form::Text(1000)),
        voice("voice_actor", "actor", Form::Text(200)),
        voice("languages", "languages", Form::List),
        voice("notes", "notes", Form::Text(2000)),
        voice("scratch_voice", "scratch", Form::Text(100)),
        voice("pitch", "pitch", Form::Number(0, 99)),
        voice("words_per_minute", "words_per_minute", Form::Number(80, 300)),
    ];

    /// Their names.
    pub(super) const NAMES: [&'static str; 12] = {
        let mut names = [""; 12];
        let mut index = 0;
        while index < names.len() {
            names[index] = Self::ALL[index].name;
            index += 1;
        }
        names
    };

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// What the cell of a character holds.
    pub(super) fn read(&self, character: &Map<String, Value>) -> String {
        let fields = match self.within {
            Some(within) => character.get(within).and_then(Value::as_object),
            None => Some(character),
        };
        match fields.and_then(|fields| fields.get(self.field)) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) if self.form == Form::List => escaped(text),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(items)) => {
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), escaped)).collect::<Vec<_>>().join("; ")
            }
            Some(other) => other.to_string(),
        }
    }

    /// Puts a cell's value into a character.
    pub(super) fn write(&self, character: &mut Map<String, Value>, cell: Cell) {
        let Some(within) = self.within else { return put(character, self.field, cell) };
        // A voice in another form than fields is a mistake of the file, which its own check names.
        let fields = character.entry(within).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(fields) = fields {
            put(fields, self.field, cell);
        }
        if fields.as_object().is_some_and(Map::is_empty) {
            character.remove(within);
        }
    }
}

fn put(fields: &mut Map<String, Value>, field: &str, cell: Cell) {
    match cell.0 {
        Some(value) => drop(fields.insert(field.to_owned(), value)),
        None => drop(fields.remove(field)),
    }
}

impl Cell {
    /// Reads a cell.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub(super) fn parse(column: Column, text: &str) -> Result<Self, (String, String)> {
        let count = text.chars().count();
        let short = |most: usize| {
            if count > most { Err((format!("{count} characters are too many"), format!("keep to {most}"))) } else { Ok(()) }
        };
        if text.trim().is_empty() {
            return match column.form {
                Form::Name(most) => Err(("every character has a name".to_owned(), format!("write 1 to {most} characters"))),
                _ => Ok(Self(None)),
            };
        }
        let value = match column.form {
            Form::Name(most) | Form::Text(most) => {
                short(most)?;
                Value::from(text)
            }
            Form::List => Value::from(items(text)),
            Form::Number(least, most) => match text.trim().parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Value::from(number),
                _ => return Err((format!("{text:?} is no whole number from {least} to {most}"), "write digits alone".to_owned())),
            },
        };
        Ok(Self(Some(value)))
    }
}

fn escaped(item: &str) -> String {
    item.replace('\\', "\\\\").replace(';', "\\;")
}

/// The values of a cell that holds several.
fn items(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => items.last_mut().into_iter().for_each(|item| item.extend(signs.next())),
            ';' => items.push(String::new()),
            sign => items.last_mut().into_iter().for_each(|item| item.push(sign)),
        }
    }
    items.into_iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

/// Signs at which a spreadsheet begins to calculate (OWASP, "CSV Injection").
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A text that no spreadsheet takes for a formula: one that begins like one, perhaps after apostrophes, gets another
/// apostrophe in front.
pub(super) fn guarded(text: &str) -> String {
    if text.trim_start_matches('\'').starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

/// The text that was guarded.
pub(super) fn unguarded(text: &str) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest.to_owned(),
        _ => text.to_owned(),
    }
}
