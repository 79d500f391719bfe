//! Who makes an edit, and why: told in the header until there is sign-in.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bible::version::Author;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::desk::Desk;
use crate::problem::{FieldProblem, Problem};

const AUTHOR: &str = "echo-author";
const MESSAGE: &str = "echo-message";

/// Characters that a name may have.
const LONGEST_NAME: usize = 200;

/// Characters that a message may have.
const LONGEST_MESSAGE: usize = 10_000;

/// Who, and why.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) author: Author,
    pub(crate) message: Option<String>,
}

/// For the document: the header of an edit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes header fields that another type reads")]
pub(crate) struct SignedHeader {
    /// Who makes the edit: a name, or `Name <address>`, as UTF-8 with percent encoding (`Mei%20%E6%98%8E`). Who the
    /// server was started for, when left out.
    #[param(rename = "Echo-Author", example = "Mei%20Tanaka")]
    #[serde(rename = "Echo-Author")]
    author: Option<String>,
    /// Why, with percent encoding; what changed, in words, when left out.
    #[param(rename = "Echo-Message", example = "She%20is%20older%20in%20season%20two")]
    #[serde(rename = "Echo-Message")]
    message: Option<String>,
}

impl FromRequestParts<Desk> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        let author = match field(parts, AUTHOR)? {
            None => desk.author.clone(),
            Some(text) => parse_author(&text).ok_or_else(|| {
                let fix = format!("write a name of 1 to {LONGEST_NAME} characters on one line, or `Name <address>`");
                Problem::invalid_request("").with([FieldProblem::in_header("Echo-Author", format!("{text:?} names nobody"), Some(fix))])
            })?,
        };
        let message = field(parts, MESSAGE)?;
        if let Some(text) = &message
            && (text.trim().is_empty() || text.chars().count() > LONGEST_MESSAGE)
        {
            let wrong = FieldProblem::in_header("Echo-Message", format!("a message has 1 to {LONGEST_MESSAGE} characters"), None);
            return Err(Problem::invalid_request("").with([wrong]));
        }
        Ok(Self { author, message })
    }
}

fn field(parts: &Parts, name: &'static str) -> Result<Option<String>, Problem> {
    let Some(value) = parts.headers.get(name) else { return Ok(None) };
    decoded(value.as_bytes()).map(Some).ok_or_else(|| {
        let fix = "send UTF-8 with percent encoding, and `%25` for a percent sign".to_owned();
        Problem::invalid_request("").with([FieldProblem::in_header(name, "it cannot be read", Some(fix))])
    })
}

/// UTF-8 with percent encoding.
fn decoded(bytes: &[u8]) -> Option<String> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(*rest.next()?).to_digit(16);
            text.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            text.push(byte);
        }
    }
    String::from_utf8(text).ok()
}

fn parse_author(text: &str) -> Option<Author> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return None;
    }
    let (name, email) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, email)) => (name.trim(), Some(email.trim().to_owned()).filter(|email| !email.is_empty())),
        None => (text, None),
    };
    let fits = |text: &str| (1..=LONGEST_NAME).contains(&text.chars().count());
    (fits(name) && email.as_deref().is_none_or(fits)).then(|| Author { name: name.to_owned(), email })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_come_through_a_header() {
        assert_eq!(decoded("明 & O'Brien".as_bytes()).as_deref(), Some("明 & O'Brien"));
        assert_eq!(decoded(b"%E6%98%8E%20100%25").as_deref(), Some("明 100%"));
        assert_eq!(decoded(b"100%"), None);
        assert_eq!(decoded(b"%FF"), None);
        let rin = parse_author("Rin <rin@example.org>").unwrap();
        assert_eq!((rin.name.as_str(), rin.email.as_deref()), ("Rin", Some("rin@example.org")));
        assert_eq!(parse_author(" <rin@example.org>"), None);
        assert_eq!(parse_author("a\nb"), None);
    }
}
