//! Conflicts on the command line: how they are shown, and how a person says which side stands.

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use bible::version::{Choice, Conflict, ConflictKind, Resolutions};
use serde_json::Value;

use super::listing;
use crate::output;

/// How conflicts are resolved.
#[derive(Debug, Default, clap::Args)]
pub(super) struct ResolveArguments {
    /// Where our value stands: the path of a conflict
    #[arg(long, value_name = "PATH")]
    ours: Vec<String>,
    /// Where their value stands: the path of a conflict
    #[arg(long, value_name = "PATH")]
    theirs: Vec<String>,
    /// Another value for a conflict, as YAML; `null` takes the place away
    #[arg(long, value_name = "PATH=VALUE")]
    take: Vec<String>,
    /// Choices in a file: YAML or JSON, `characters.mei.age: ours`, or `{ value: 25 }`
    #[arg(long, value_name = "FILE")]
    resolutions: Option<PathBuf>,
}

impl ResolveArguments {
    pub(super) fn choices(&self) -> anyhow::Result<Resolutions> {
        let mut choices = match &self.resolutions {
            Some(file) => {
                let text = std::fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))?;
                let value = yaml(&text).with_context(|| format!("{} is no YAML", file.display()))?;
                serde_json::from_value(value).with_context(|| {
                    format!("{} holds no choices; write `path: ours`, `path: theirs` or `path: {{ value: … }}`", file.display())
                })?
            }
            None => Resolutions::new(),
        };
        choices.extend(self.ours.iter().map(|path| (path.clone(), Choice::Ours)));
        choices.extend(self.theirs.iter().map(|path| (path.clone(), Choice::Theirs)));
        for taken in &self.take {
            let Some((path, text)) = taken.split_once('=') else { bail!("`--take {taken}` has no `=`; write --take path=value") };
            choices.insert(path.to_owned(), Choice::Value(yaml(text).with_context(|| format!("{text:?} is no YAML value"))?));
        }
        Ok(choices)
    }
}

/// Shows conflicts and, at a terminal, asks one by one. None when they stay unresolved.
pub(super) fn settle(conflicts: &[Conflict], as_json: bool) -> anyhow::Result<Option<Resolutions>> {
    if as_json {
        output::json(&serde_json::json!({ "conflicts": conflicts }))?;
        return Ok(None);
    }
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        for conflict in conflicts {
            print(conflict);
        }
        output::note("Nothing was changed. Say what stands with --ours PATH, --theirs PATH or --take PATH=VALUE.");
        return Ok(None);
    }
    let mut choices = Resolutions::new();
    for (index, conflict) in conflicts.iter().enumerate() {
        output::line(format_args!("Conflict {} of {}", index + 1, conflicts.len()));
        print(conflict);
        let Some(choice) = ask(&mut std::io::stdin().lock())? else {
            output::note("Nothing was changed.");
            return Ok(None);
        };
        choices.insert(conflict.path.clone(), choice);
    }
    Ok(Some(choices))
}

/// A value as a person writes it.
fn yaml(text: &str) -> Result<Value, bible::source::SourceError> {
    Ok(bible::source::yaml::parse("the value", text)?.to_json())
}

fn print(conflict: &Conflict) {
    let kind = match conflict.kind {
        ConflictKind::EditEdit => "both changed it",
        ConflictKind::EditDelete => "one changed what the other took away",
        ConflictKind::AddAdd => "both added it",
        ConflictKind::Order => "both put the list into another order",
        ConflictKind::Lines => "both changed these lines",
        ConflictKind::Whole => "both changed the file",
    };
    output::line(format_args!("{} {} ({}): {kind}", output::paint("!", 31), conflict.path, conflict.file));
    for (side, value) in [("before", &conflict.base), ("ours", &conflict.ours), ("theirs", &conflict.theirs)] {
        match value {
            Some(Value::String(text)) if text.contains('\n') => {
                output::line(format_args!("    {side}:"));
                for line in text.lines() {
                    output::line(format_args!("        {line}"));
                }
            }
            value => output::line(format_args!("    {side:<7} {}", listing::value(value.as_ref()))),
        }
    }
}

/// Asks until there is an answer; none when the person gives up or goes away.
fn ask(input: &mut impl BufRead) -> anyhow::Result<Option<Choice>> {
    loop {
        let mut out = std::io::stdout();
        write!(out, "  [o]urs, [t]heirs, [v]alue, [q]uit? ")?;
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim() {
            "o" | "ours" => return Ok(Some(Choice::Ours)),
            "t" | "theirs" => return Ok(Some(Choice::Theirs)),
            "q" | "quit" => return Ok(None),
            "v" | "value" => {
                write!(out, "  value (YAML; null takes it away): ")?;
                out.flush()?;
                line.clear();
                input.read_line(&mut line)?;
                match yaml(line.trim()) {
                    Ok(value) => return Ok(Some(Choice::Value(value))),
                    Err(error) => output::note(error),
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_come_from_flags() {
        let arguments = ResolveArguments {
            ours: vec!["characters.mei.age".into()],
            theirs: vec!["world.rules".into()],
            take: vec!["characters.mei.colour_model.iris.left=\"#4a7a5c\"".into(), "style.line_weight=null".into()],
            resolutions: None,
        };
        let choices = arguments.choices().unwrap();
        assert_eq!(choices["characters.mei.age"], Choice::Ours);
        assert_eq!(choices["world.rules"], Choice::Theirs);
        assert_eq!(choices["characters.mei.colour_model.iris.left"], Choice::Value(Value::from("#4a7a5c")));
        assert_eq!(choices["style.line_weight"], Choice::Value(Value::Null));
        let wrong = ResolveArguments { take: vec!["age".into()], ..ResolveArguments::default() };
        assert!(wrong.choices().unwrap_err().to_string().contains("--take path=value"));
    }

    #[test]
    fn a_person_is_asked_until_they_answer() {
        let mut answers = std::io::Cursor::new("what\nv\n\"#112233\"\n");
        assert_eq!(ask(&mut answers).unwrap(), Some(Choice::Value(Value::from("#112233"))));
        assert_eq!(ask(&mut answers).unwrap(), None);
    }
}
