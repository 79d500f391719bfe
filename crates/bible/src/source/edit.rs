//! YAML edited as a person would: what changes is changed, and comments, order and spacing of all else stay.

use std::ops::Range;

use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

use super::{emit, yaml};

/// Where a value stands in the text, in bytes.
enum Place {
    Scalar(Range<usize>),
    List { span: Range<usize>, items: Vec<Place> },
    Map { span: Range<usize>, entries: Vec<(usize, Place)> },
}

impl Place {
    fn span(&self) -> &Range<usize> {
        match self {
            Self::Scalar(span) | Self::List { span, .. } | Self::Map { span, .. } => span,
        }
    }
}

/// The text with its value changed to `new`.
///
/// Where that cannot be done in place, the smallest part around it is written anew, and at worst the whole file;
/// the result always reads as `new`.
#[must_use]
pub fn edit(text: &str, new: &Value) -> String {
    let Ok(node) = yaml::parse("", text) else { return emit::emit(new) };
    let old = node.to_json();
    if old == *new {
        return text.to_owned();
    }
    let edited = places(text).and_then(|root| {
        let mut edits = Vec::new();
        change(text, &root, &old, new, 0, &mut edits)?;
        Some(apply(text, edits))
    });
    match edited {
        Some(edited) if yaml::parse("", &edited).is_ok_and(|node| node.to_json() == *new) => edited,
        _ => emit::emit(new),
    }
}

/// A stretch of the text and what stands there instead.
type Edit = (Range<usize>, String);

fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (span, replacement) in edits {
        if span.start < at {
            continue;
        }
        out.push_str(&text[at..span.start]);
        out.push_str(&replacement);
        at = span.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Collects what has to change; none when the text cannot be changed in place.
fn change(text: &str, place: &Place, old: &Value, new: &Value, depth: usize, edits: &mut Vec<Edit>) -> Option<()> {
    if old == new {
        return Some(());
    }
    match (place, old, new) {
        (Place::Map { span, entries }, Value::Object(old), Value::Object(new)) if !new.is_empty() => {
            map(text, span, entries, old, new, depth, edits)
        }
        (Place::List { items, .. }, Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            old.iter().zip(new).zip(items).try_for_each(|((old, new), place)| change(text, place, old, new, depth + 1, edits))
        }
        (Place::Scalar(span), _, new) if depth > 0 => {
            // A block scalar ends with its line; a flow value takes its place only on one line.
            let old_text = &text[span.clone()];
            if old_text.starts_with(['|', '>']) || old_text.contains('\n') || span.is_empty() {
                return None;
            }
            edits.push((span.clone(), emit::flow(new)));
            Some(())
        }
        (place, _, new) if depth > 0 && in_one_line(text, place) => {
            edits.push((place.span().clone(), emit::flow(new)));
            Some(())
        }
        _ => None,
    }
}

fn in_one_line(text: &str, place: &Place) -> bool {
    let old = &text[place.span().clone()];
    old.starts_with(['{', '[']) && !old.contains('\n')
}

fn map(
    text: &str,
    span: &Range<usize>,
    entries: &[(usize, Place)],
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    depth: usize,
    edits: &mut Vec<Edit>,
) -> Option<()> {
    let flow = text[span.clone()].starts_with('{');
    let keys: Vec<&String> = {
        // The parser keeps the order written; JSON does not. Places are matched to keys by reading them again.
        let node = yaml::parse("", &dedented(text, span, entries)?).ok()?;
        let yaml::Kind::Map(written) = &node.kind else { return None };
        written.iter().map(|entry| old.get_key_value(&entry.key).map(|(key, _)| key)).collect::<Option<_>>()?
    };
    if keys.len() != entries.len() {
        return None;
    }
    if flow && (old.keys().any(|key| !new.contains_key(key)) || new.keys().any(|key| !old.contains_key(key))) {
        if text[span.clone()].contains('\n') || depth == 0 {
            return None;
        }
        edits.push((span.clone(), emit::flow(&Value::Object(new.clone()))));
        return Some(());
    }
    let indent = column(text, entries.first()?.0);
    for (index, ((start, place), key)) in entries.iter().zip(&keys).enumerate() {
        let lines = line_start(text, *start)..block_end(text, entries, index, span);
        match new.get(*key) {
            None => edits.push((lines, String::new())),
            Some(value) => {
                let before = edits.len();
                if change(text, place, &old[*key], value, depth + 1, edits).is_none() {
                    edits.truncate(before);
                    if flow || line_start(text, *start) + indent_bytes(text, *start) != *start {
                        return None;
                    }
                    edits.push((lines, emit::entry(key, value, indent)));
                }
            }
        }
    }
    let added: String = new.iter().filter(|(key, _)| !old.contains_key(*key)).map(|(key, value)| emit::entry(key, value, indent)).collect();
    if !added.is_empty() {
        let end = block_end(text, entries, entries.len() - 1, span);
        let lead = if text[..end].ends_with('\n') { "" } else { "\n" };
        edits.push((end..end, format!("{lead}{added}")));
    }
    Some(())
}

/// A map's text on its own, so that it can be read alone.
fn dedented(text: &str, span: &Range<usize>, entries: &[(usize, Place)]) -> Option<String> {
    if text[span.clone()].starts_with('{') {
        return Some(text[span.clone()].to_owned());
    }
    let start = entries.first()?.0;
    Some(format!("{}{}", " ".repeat(column(text, start)), &text[start..span.end.max(start)]))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].chars().count()
}

fn indent_bytes(text: &str, at: usize) -> usize {
    let line = &text[line_start(text, at)..at];
    line.len() - line.trim_start_matches(' ').len()
}

/// Where the lines of an entry end: behind its value's last line. Comments further down belong to what follows.
fn block_end(text: &str, entries: &[(usize, Place)], index: usize, span: &Range<usize>) -> usize {
    let limit = entries.get(index + 1).map_or(span.end.max(entries[index].1.span().end), |(next, _)| line_start(text, *next));
    // The value's own end may lie behind the lines after it (a block ends where the next thing begins).
    let lines_of = &text[..limit.min(text.len())];
    let mut end = entries[index].0;
    let mut at = line_start(text, entries[index].0);
    let indent = column(text, entries[index].0);
    for line in lines_of[at..].split_inclusive('\n') {
        let bare = line.trim();
        let deeper = line.len() - line.trim_start_matches(' ').len() > indent;
        let first = at <= entries[index].0;
        let dash = line.trim_start_matches(' ').starts_with("- ");
        if first || (!bare.is_empty() && (deeper || dash)) {
            end = at + line.len();
        }
        at += line.len();
    }
    // A last line without an end, or a value on the line of its key.
    let value_line = text[entries[index].1.span().start..].find('\n').map_or(text.len(), |end| entries[index].1.span().start + end + 1);
    if entries[index].1.span().is_empty() { end } else { end.max(value_line.min(limit.max(value_line))) }
}

/// Where everything stands; none when the text has anchors, which tie places together.
fn places(text: &str) -> Option<Place> {
    // The parser counts characters.
    let mut bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    bytes.push(text.len());
    let byte = |index: usize| bytes.get(index).copied().unwrap_or(text.len());
    let mut open: Vec<(Place, Option<usize>)> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let span = byte(span.start.index())..byte(span.end.index());
        let done = match event {
            Event::Scalar(_, _, anchor, tag) => {
                if anchor > 0 || tag.is_some() {
                    return None;
                }
                Place::Scalar(unquoted_rest_left_out(text, span))
            }
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) if anchor > 0 || tag.is_some() => return None,
            Event::SequenceStart(..) => {
                open.push((Place::List { span, items: Vec::new() }, None));
                continue;
            }
            Event::MappingStart(..) => {
                open.push((Place::Map { span, entries: Vec::new() }, None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (mut place, _) = open.pop()?;
                match &mut place {
                    Place::List { span: whole, .. } | Place::Map { span: whole, .. } => whole.end = span.end,
                    Place::Scalar(_) => {}
                }
                place
            }
            Event::Alias(_) => return None,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => continue,
        };
        match open.last_mut() {
            None => root = Some(done),
            Some((Place::List { items, .. }, _)) => items.push(done),
            Some((Place::Map { entries, .. }, key)) => match key.take() {
                None => *key = Some(done.span().start),
                Some(start) => entries.push((start, done)),
            },
            Some((Place::Scalar(_), _)) => return None,
        }
    }
    root
}

/// The span of a scalar. The parser's goes on to the next token where the scalar is quoted, over a comment behind it.
fn unquoted_rest_left_out(text: &str, span: Range<usize>) -> Range<usize> {
    let written = &text[span.clone()];
    let Some(quote) = written.chars().next().filter(|first| ['"', '\''].contains(first)) else { return span };
    let mut inside = written.char_indices().skip(1).peekable();
    while let Some((at, character)) = inside.next() {
        match character {
            '\\' if quote == '"' => drop(inside.next()),
            '\'' if quote == '\'' && inside.peek().is_some_and(|(_, next)| *next == '\'') => drop(inside.next()),
            character if character == quote => return span.start..span.start + at + character.len_utf8(),
            _ => {}
        }
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const MEI: &str = "\
# The hero.
name: Mei   # as the audience hears it
age: 15

# How she looks.
visual_traits:
  build: teen
  hair: { style: bob }  # cut in episode 4
colour_model:
  skin: \"#f6d9c4\"
  hair: { base: \"#2b2f4a\", shadow: \"#1c1f35\" }
relationships:
  - { to: kit, kind: friend }   # since they were small
  - { to: rin, kind: rival }
favourite_food: dango
";

    fn after(change: impl Fn(&mut Value)) -> String {
        let mut value = yaml::parse("", MEI).unwrap().to_json();
        change(&mut value);
        let text = edit(MEI, &value);
        assert_eq!(yaml::parse("", &text).unwrap().to_json(), value);
        text
    }

    #[test]
    fn a_changed_value_changes_its_place_and_nothing_else() {
        assert_eq!(after(|mei| mei["age"] = json!(16)), MEI.replace("age: 15", "age: 16"));
        assert_eq!(after(|mei| mei["colour_model"]["hair"]["base"] = json!("#7a2b3a")), MEI.replace("#2b2f4a", "#7a2b3a"));
        assert_eq!(after(|mei| mei["relationships"][1]["kind"] = json!("ally")), MEI.replace("rival", "ally"));
        assert_eq!(after(|mei| mei["name"] = json!("Mei: the second")), MEI.replace("name: Mei ", "name: \"Mei: the second\" "));
    }

    #[test]
    fn a_comment_behind_a_quoted_value_stays() {
        let text = "hair: \"#111111\"   # change \"this\"\niris: '#222222' # it's 'hers'\nnext: 1\n";
        let new = json!({ "hair": "#333333", "iris": "#444444", "next": 1 });
        assert_eq!(edit(text, &new), text.replace("#111111", "#333333").replace("'#222222'", "\"#444444\""));
    }

    #[test]
    fn a_new_field_and_one_that_is_gone_leave_the_others_as_typed() {
        let text = after(|mei| mei["visual_traits"]["eyes"] = json!("round"));
        assert_eq!(text, MEI.replace("# cut in episode 4\n", "# cut in episode 4\n  eyes: round\n"));
        let text = after(|mei| drop(mei.as_object_mut().unwrap().remove("age")));
        assert_eq!(text, MEI.replace("age: 15\n", ""));
        let text = after(|mei| mei["voice"] = json!({ "pitch": 60 }));
        assert_eq!(text, format!("{MEI}voice:\n  pitch: 60\n"));
    }

    #[test]
    fn a_key_that_looks_like_a_merge_is_a_key_when_it_is_quoted() {
        let new = json!({ "<<": 1 });
        let text = emit::emit(&new);
        assert_eq!(yaml::parse("", &text).unwrap().to_json(), new, "{text}");
        assert!(yaml::parse("", "<<: 1\n").is_err());
    }

    #[test]
    fn a_longer_list_is_written_anew_and_comments_elsewhere_stay() {
        let text = after(|mei| mei["relationships"].as_array_mut().unwrap().push(json!({ "to": "gen", "kind": "grandfather" })));
        assert!(text.starts_with("# The hero.\nname: Mei   # as the audience hears it\n"), "{text}");
        assert!(text.contains("# cut in episode 4") && text.ends_with("favourite_food: dango\n"), "{text}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn an_edited_text_reads_as_the_new_value(old in emit::tests::value(), new in emit::tests::value(), key in "[a-z]{1,3}") {
            let text = emit::emit(&old);
            prop_assert_eq!(&edit(&text, &old), &text);
            let edited = edit(&text, &new);
            prop_assert_eq!(&yaml::parse("", &edited).unwrap().to_json(), &new, "{}", edited);
            // Small edits of a map, which are made in place.
            if let Value::Object(mut fields) = old {
                fields.insert(key, new);
                let new = Value::Object(fields);
                prop_assert_eq!(yaml::parse("", &edit(&text, &new)).unwrap().to_json(), new);
            }
        }
    }
}
