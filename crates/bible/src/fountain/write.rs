//! From elements back to Fountain.

use super::parser::{cue, is_transition, scene_prefix, standalone, title_key};
use super::{Element, Kind, Script};

/// Writes a script. Forcing marks are put where the bare text would read as something else, and empty
/// lines where an element needs one.
pub(super) fn write(script: &Script) -> String {
    let mut out = String::new();
    let mut before: Option<&Kind> = None;
    for element in &script.elements {
        if before.is_some_and(|before| parted(before, &element.kind)) {
            out.push('\n');
        }
        write_element(&mut out, element);
        before = Some(&element.kind);
    }
    out
}

/// Whether an empty line must stand between two elements.
fn parted(before: &Kind, kind: &Kind) -> bool {
    let spoken = |kind: &Kind| matches!(kind, Kind::Character(_) | Kind::Parenthetical(_) | Kind::Dialogue(_) | Kind::Lyrics(_));
    match (before, kind) {
        (Kind::Blank { .. }, _) | (_, Kind::Blank { .. }) => false,
        // Hidden things may stand anywhere.
        (_, Kind::Note | Kind::Boneyard(_)) | (Kind::Note | Kind::Boneyard(_), _) => false,
        (Kind::TitlePage(_), _) => true,
        (Kind::Action(_), Kind::Lyrics(_)) => false,
        (_, Kind::Parenthetical(_) | Kind::Dialogue(_) | Kind::Lyrics(_)) => !spoken(before),
        (before, _) if spoken(before) => true,
        (Kind::Action(_) | Kind::Scene(_), Kind::Scene(_) | Kind::Character(_) | Kind::Transition(_) | Kind::Action(_)) => true,
        _ => false,
    }
}

fn write_element(out: &mut String, element: &Element) {
    let start = out.len();
    match &element.kind {
        Kind::TitlePage(entries) => {
            for entry in entries {
                out.push_str(&entry.key);
                out.push(':');
                match entry.values.as_slice() {
                    [only] => out.push_str(&format!(" {only}\n")),
                    values => {
                        out.push('\n');
                        values.iter().for_each(|value| out.push_str(&format!("    {value}\n")));
                    }
                }
            }
            out.pop();
        }
        Kind::Blank { lines } => {
            out.push_str(&"\n".repeat(*lines as usize));
            return;
        }
        Kind::Scene(heading) => {
            if scene_prefix(&heading.text).is_none() {
                out.push('.');
            }
            out.push_str(&heading.text);
            if let Some(number) = &heading.number {
                out.push_str(&format!(" #{number}#"));
            }
        }
        Kind::Action(text) => {
            for (index, line) in text.split('\n').enumerate() {
                if index > 0 {
                    out.push('\n');
                }
                let first_of_all = out.is_empty() && title_key(line).is_some();
                if (index == 0 && special(line)) || (index > 0 && special_within(line)) || first_of_all {
                    out.push('!');
                }
                out.push_str(line);
            }
        }
        Kind::Character(who) => {
            if cue(&who.name).is_none() {
                out.push('@');
            }
            out.push_str(&who.name);
            if let Some(extension) = &who.extension {
                out.push_str(&format!(" ({extension})"));
            }
            if who.dual {
                out.push_str(" ^");
            }
        }
        Kind::Parenthetical(text) => out.push_str(&format!("({text})")),
        // An empty line inside of a speech is kept by two spaces.
        Kind::Dialogue(text) => {
            out.push_str(&text.split('\n').map(|line| if line.is_empty() { "  " } else { line }).collect::<Vec<_>>().join("\n"));
        }
        Kind::Lyrics(text) => out.push_str(&format!("~{text}")),
        Kind::Transition(text) => {
            if !is_transition(text) {
                out.push_str("> ");
            }
            out.push_str(text);
        }
        Kind::Centred(text) => out.push_str(&format!("> {text} <")),
        Kind::PageBreak => out.push_str("==="),
        Kind::Section { level, text } => out.push_str(&format!("{} {text}", "#".repeat((*level).max(1) as usize))),
        Kind::Synopsis(text) => out.push_str(&format!("= {text}")),
        Kind::Note => {}
        Kind::Boneyard(text) => out.push_str(&format!("/*{text}*/")),
    }
    for note in &element.notes {
        if out.len() > start {
            out.push(' ');
        }
        out.push_str(&format!("[[{note}]]"));
    }
    out.push('\n');
}

/// Whether the first line of an action would read as another element.
fn special(first: &str) -> bool {
    let trimmed = first.trim_start();
    trimmed.starts_with(['!', '=', '#', '>', '~', '@'])
        || trimmed.starts_with('.')
        || scene_prefix(trimmed).is_some()
        || cue(first).is_some()
}

/// Whether a later line of an action would end it, or lose its first sign.
fn special_within(line: &str) -> bool {
    line.starts_with('!') || line.trim_start().starts_with('~') || standalone(line).is_some()
}
