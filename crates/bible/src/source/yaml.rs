//! YAML 1.2 as a tree in which every key and value knows its place.
//!
//! Built from the parser's events, so that duplicate keys, the depth, and the growth through aliases
//! are checked while the tree grows and not after the memory is gone.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};
use serde_json::{Map, Number, Value};

use super::error::{Position, SourceError};

/// Bytes that a YAML file may have; a character sheet written by hand has a few thousand.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Levels of maps and lists inside each other.
pub const MAX_DEPTH: usize = 32;
/// Values in one file, with aliases written out.
pub const MAX_NODES: usize = 200_000;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its first character.
    pub at: Position,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Null, a truth value, a number or a text.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order written.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Its first character.
    pub at: Position,
    /// The value.
    pub value: Node,
}

/// A step from a node to one inside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To the value of a key.
    Key(String),
    /// To an element, from 0.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl Node {
    /// The same as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Kind::Map(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect::<Map<_, _>>())
            }
        }
    }

    /// The entry of a key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| entry.key == key),
            Kind::Scalar(_) | Kind::List(_) => None,
        }
    }

    /// The node one step inside.
    #[must_use]
    pub fn step(&self, step: &Step) -> Option<&Self> {
        match (step, &self.kind) {
            (Step::Key(key), Kind::Map(_)) => self.entry(key).map(|entry| &entry.value),
            (Step::Index(index), Kind::List(items)) => items.get(*index),
            _ => None,
        }
    }

    /// Where the value at the end of `path` stands, or else the deepest place on the way that exists.
    #[must_use]
    pub fn locate(&self, path: &[Step]) -> Position {
        let mut node = self;
        let mut at = self.at;
        for step in path {
            let Some(next) = node.step(step) else { return at };
            // An empty value has no first character of its own: its key is what the reader sees.
            at = match (step, &next.kind) {
                (Step::Key(key), Kind::Scalar(Value::Null)) => node.entry(key).map_or(next.at, |entry| entry.at),
                _ => next.at,
            };
            node = next;
        }
        at
    }

    /// Where the key at the end of `path` stands (for a list element, the element).
    #[must_use]
    pub fn locate_key(&self, path: &[Step]) -> Position {
        let Some((Step::Key(key), parents)) = path.split_last() else { return self.locate(path) };
        let parent = parents.iter().try_fold(self, |node, step| node.step(step));
        parent.and_then(|node| node.entry(key)).map_or_else(|| self.locate(parents), |entry| entry.at)
    }
}

/// Parses one document.
///
/// # Errors
/// The first thing that is no YAML, or that is beyond the limits of this module.
pub fn parse(file: &str, text: &str) -> Result<Node, SourceError> {
    let fail = |at, problem: &str, fix: &str| SourceError::new(file, at, problem, fix);
    if text.len() > MAX_BYTES {
        let problem = format!("the file has {} bytes; {MAX_BYTES} is the most that is read", text.len());
        return Err(fail(Position::FILE, &problem, "split it, or keep long texts elsewhere"));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().collect();
    let mut builder = Builder { file, lines, open: Vec::new(), root: None, anchors: HashMap::new(), nodes: 0 };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| syntax_error(file, text, &error))?;
        let at = position(&span.start);
        match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(fail(at, "a second document begins here", "keep one document in a file: remove the line `---`"));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                // In quotes it is a key like any other.
                if style == ScalarStyle::Plain && text == "<<" && builder.waits_for_key() {
                    let problem = "merge keys (<<) are not part of YAML 1.2";
                    return builder.fail(at, problem, "write the fields out, or alias whole values (*name)");
                }
                let value = builder.scalar(&text, style, tag.is_some(), at)?;
                builder.add(Node { at, kind: Kind::Scalar(value) }, anchor)?;
            }
            Event::SequenceStart(anchor, _) => builder.open(at, Kind::List(Vec::new()), anchor)?,
            Event::MappingStart(anchor, _) => builder.open(at, Kind::Map(Vec::new()), anchor)?,
            Event::SequenceEnd | Event::MappingEnd => builder.close()?,
            Event::Alias(anchor) => builder.alias(anchor, at)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
    Ok(builder.root.unwrap_or(Node { at: Position::new(1, 1), kind: Kind::Scalar(Value::Null) }))
}

fn position(marker: &Marker) -> Position {
    let clip = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position::new(clip(marker.line()).max(1), clip(marker.col()).saturating_add(1))
}

fn syntax_error(file: &str, text: &str, error: &ScanError) -> SourceError {
    let at = position(error.marker());
    let line = text.lines().nth(at.line.saturating_sub(1) as usize).unwrap_or_default();
    let indent = &line[..line.len() - line.trim_start().len()];
    let reason = error.info();
    if indent.contains('\t') || reason.contains("tab") {
        let column = indent.chars().take_while(|sign| *sign != '\t').count() as u32 + 1;
        return SourceError::new(file, Position::new(at.line, column), "a tab cannot indent YAML", "use two spaces for each level");
    }
    if reason.contains("unknown anchor") {
        return SourceError::new(file, at, "this alias refers to no anchor", "write &name where the value stands, and *name here");
    }
    if reason.contains("recursion limit") {
        return SourceError::new(file, at, format!("more than {MAX_DEPTH} levels inside each other"), "write it flatter");
    }
    let fix = if reason.contains("mapping values") {
        "put a text that holds a colon in quotes, and check that the line is indented like its neighbours"
    } else if reason.contains("quoted scalar") {
        "close the quote that is open"
    } else if reason.contains("flow") {
        "close the bracket or brace that is open, and put commas between the items"
    } else {
        "check quotes, brackets and the indentation of this line and the one before"
    };
    SourceError::new(file, at, format!("this is no YAML ({reason})"), fix)
}

struct Builder<'a> {
    file: &'a str,
    lines: Vec<&'a str>,
    /// Containers not yet closed, with the key that waits for a value and the anchor to give.
    open: Vec<(Node, Option<(String, Position)>, usize)>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl Builder<'_> {
    fn fail<T>(&self, at: Position, problem: impl Into<String>, fix: impl Into<String>) -> Result<T, SourceError> {
        Err(SourceError::new(self.file, at, problem, fix))
    }

    /// Whether the next value is the key of a map.
    fn waits_for_key(&self) -> bool {
        matches!(self.open.last(), Some((Node { kind: Kind::Map(_), .. }, None, _)))
    }

    fn count(&mut self, more: usize, at: Position) -> Result<(), SourceError> {
        self.nodes += more;
        if self.nodes > MAX_NODES {
            let problem = format!("the file unfolds to more than {MAX_NODES} values");
            return self.fail(at, problem, "use fewer aliases (*name), or split the file");
        }
        Ok(())
    }

    fn open(&mut self, at: Position, kind: Kind, anchor: usize) -> Result<(), SourceError> {
        if self.open.len() >= MAX_DEPTH {
            return self.fail(at, format!("more than {MAX_DEPTH} levels inside each other"), "write it flatter");
        }
        if let Some((Node { kind: Kind::Map(_), .. }, None, _)) = self.open.last() {
            return self.fail(at, "a map or list cannot be a key here", "put a text before the colon");
        }
        self.open.push((Node { at, kind }, None, anchor));
        Ok(())
    }

    fn close(&mut self) -> Result<(), SourceError> {
        match self.open.pop() {
            Some((node, _, anchor)) => self.add(node, anchor),
            None => Ok(()),
        }
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Result<(), SourceError> {
        let Some(node) = self.anchors.get(&anchor) else {
            return self.fail(at, "this alias refers to a value that holds the alias itself", "write the value out");
        };
        let (node, size) = (node.clone(), size(node));
        self.count(size, at)?;
        self.add(node, 0)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), SourceError> {
        self.count(1, node.at)?;
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some((container, key, _)) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut container.kind, key.take()) {
            (Kind::List(items), _) => items.push(node),
            (Kind::Map(entries), Some((key, at))) => entries.push(Entry { key, at, value: node }),
            (Kind::Map(entries), None) => {
                let Some(name) = key_text(&node) else {
                    return self.fail(node.at, "this is no key", "put a text before the colon");
                };
                if let Some(first) = entries.iter().find(|entry| entry.key == name) {
                    let problem = format!("`{name}` is given twice, first in line {}", first.at.line);
                    return self.fail(node.at, problem, "keep one of the two");
                }
                *key = Some((name, node.at));
            }
            (Kind::Scalar(_), _) => {}
        }
        Ok(())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tagged: bool, at: Position) -> Result<Value, SourceError> {
        if style != ScalarStyle::Plain || tagged {
            return Ok(Value::String(text.to_owned()));
        }
        let line = self.lines.get(at.line.saturating_sub(1) as usize).copied().unwrap_or_default();
        if text.is_empty()
            && let Some(colour) = bare_colour(line)
        {
            let column = line.chars().take_while(|sign| *sign != '#').count() as u32 + 1;
            return self.fail(
                Position::new(at.line, column),
                format!("YAML reads the bare {colour} as a comment, so nothing is left of this value"),
                format!("put the colour in quotes: \"{colour}\""),
            );
        }
        plain(text).map_or_else(|| self.fail(at, format!("{text} is no number that can be used"), "write a finite number"), Ok)
    }
}

/// The colour in a line such as `hair: #2b4c7e`, where YAML sees a comment.
fn bare_colour(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once('#')?;
    let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    let before = before.trim_end();
    let ends = rest[digits..].chars().next().is_none_or(|next| next.is_whitespace() || ",}]".contains(next));
    let a_value_is_due = before.ends_with([':', '-', ',', '[']);
    ((digits == 6 || digits == 3) && ends && a_value_is_due).then(|| &line[line.len() - rest.len() - 1..line.len() - rest.len() + digits])
}

/// A key as text: scene numbers may be written without quotes.
fn key_text(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Scalar(Value::String(text)) => Some(text.clone()),
        Kind::Scalar(Value::Number(number)) => Some(number.to_string()),
        Kind::Scalar(Value::Bool(value)) => Some(value.to_string()),
        Kind::Scalar(_) | Kind::List(_) | Kind::Map(_) => None,
    }
}

fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::Scalar(_) => 1,
        Kind::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Kind::Map(entries) => 1 + entries.iter().map(|entry| size(&entry.value)).sum::<usize>(),
    }
}

/// A plain scalar by the core schema of YAML 1.2 (section 10.3.2); `None` for what JSON has no value for.
pub(super) fn plain(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        if let Ok(number) = u64::from_str_radix(digits, 16) {
            return Some(number.into());
        }
    } else if let Some(digits) = text.strip_prefix("0o")
        && let Ok(number) = u64::from_str_radix(digits, 8)
    {
        return Some(number.into());
    }
    let numeric = unsigned.starts_with(|sign: char| sign.is_ascii_digit() || sign == '.')
        && unsigned.bytes().any(|byte| byte.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if numeric {
        let positive = text.strip_prefix('+').unwrap_or(text);
        if let Ok(number) = positive.parse::<i64>() {
            return Some(number.into());
        }
        if let Ok(number) = positive.parse::<f64>() {
            return Number::from_f64(number).map(Value::Number);
        }
    }
    Some(Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(text: &str) -> Result<Value, String> {
        parse("a.yaml", text).map(|node| node.to_json()).map_err(|error| error.to_string())
    }

    #[test]
    fn plain_words_follow_the_core_schema_so_no_is_a_word() {
        let read = read("a: no\nb: true\nc: ~\nd: 12\ne: 1.5\nf: 0x1f\ng: '12'\nh: S01E02\ni: 1e3\nj: 12-13\nk: -4\n1: x").unwrap();
        assert_eq!(
            read,
            json!({"a":"no","b":true,"c":null,"d":12,"e":1.5,"f":31,"g":"12","h":"S01E02","i":1000.0,"j":"12-13","k":-4,"1":"x"})
        );
    }

    #[test]
    fn every_value_knows_its_line_and_column() {
        let node = parse("a.yaml", "\u{feff}name: Mei\nhair:\n  - 提灯: x\n    b: [1, 2]\nempty:\n").unwrap();
        assert_eq!(node.locate(&["name".into()]), Position::new(1, 7));
        assert_eq!(node.locate(&["hair".into(), 0.into(), "b".into(), 1.into()]), Position::new(4, 12));
        assert_eq!(node.locate(&["hair".into(), 0.into(), "提灯".into()]), Position::new(3, 9));
        assert_eq!(node.locate(&["empty".into()]), Position::new(5, 1));
        assert_eq!(node.locate_key(&["hair".into(), 0.into(), "b".into()]), Position::new(4, 5));
    }

    #[test]
    fn mistakes_in_yaml_are_named_with_their_cure() {
        let messages: Vec<String> = [
            "a: 1\na: 2",
            "a:\n\tb: 1",
            "skin: #ffe0cc\nhair: x",
            "list:\n  - #fff",
            "tones: { base: #ffe0cc\n }",
            "a: [1, 2",
            "a: \"open",
            "a: b: c",
            "a: 1\n---\nb: 2",
            "a: .inf",
            "a: *nobody",
            "a: &x [*x]",
            "<<: {a: 1}",
            "? [a]\n: 1",
        ]
        .map(|text| read(text).unwrap_err())
        .into();
        insta::assert_snapshot!(messages.join("\n"));
    }

    #[test]
    fn a_comment_that_looks_like_a_colour_stays_a_comment_after_a_value() {
        assert_eq!(read("a: 1 #fff\nb: # a list\n  - 1").unwrap(), json!({"a": 1, "b": [1]}));
    }

    #[test]
    fn depth_size_and_alias_bombs_are_bounded() {
        let deep = "[".repeat(5_000);
        assert!(read(&deep).unwrap_err().contains("levels"));
        let deep = (0..100).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>();
        assert!(read(&deep).unwrap_err().contains("levels"));
        let mut bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for level in 1..20 {
            let before = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(",")));
        }
        assert!(read(&bomb).unwrap_err().contains("unfolds"));
        assert!(read(&"x".repeat(MAX_BYTES + 1)).unwrap_err().contains("bytes"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
            let _ = read(&text);
        }

        #[test]
        fn no_yaml_like_text_makes_the_parser_panic(text in "[a-c:\\-#&*\\[\\]{},'\"|>!\n\t ]{0,60}") {
            let _ = read(&text);
        }
    }
}
