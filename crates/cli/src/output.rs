//! What the command prints: results on standard output, everything else on standard error.

use std::io::{IsTerminal, Write};

use serde::Serialize;

/// Whether standard output may carry colours (a terminal, and `NO_COLOR` not set; see no-color.org).
pub(crate) fn colourful() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints a line of the result. A reader that went away (`| head`) is no error.
pub(crate) fn line(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Prints a result that is a text of its own, as it is.
pub(crate) fn text(text: &str) {
    drop(std::io::stdout().write_all(text.as_bytes()));
}

/// Prints the result as JSON.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Tells the person at the terminal something that is no result.
#[expect(clippy::print_stderr, reason = "the one place that writes notes to standard error")]
pub(crate) fn note(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

/// Tells what went wrong.
pub(crate) fn error(text: &str) {
    note(format_args!("{} {text}", paint_error("error:")));
}

fn paint_error(text: &str) -> String {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) {
        format!("\u{1b}[31;1m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// Text in a colour of the terminal (an SGR code such as 32), where colours are wanted.
pub(crate) fn paint(text: &str, code: u8) -> String {
    if colourful() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}
