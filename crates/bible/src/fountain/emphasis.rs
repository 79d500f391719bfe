//! Bold, italic and underline inside of a text.

use serde::Serialize;

/// A stretch of text in one style.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Run {
    /// The text without marks.
    pub text: String,
    /// `**bold**`.
    pub bold: bool,
    /// `*italic*`.
    pub italic: bool,
    /// `_underlined_`.
    pub underline: bool,
}

/// The text without emphasis marks and escapes.
#[must_use]
pub fn plain(text: &str) -> String {
    runs(text).into_iter().map(|run| run.text).collect()
}

enum Token {
    Text(String),
    /// `***`, `**`, `*` or `_`; whether it can open and close.
    Mark {
        sign: char,
        count: usize,
        opens: bool,
        closes: bool,
        used: bool,
    },
}

/// The text as runs. Marks without a partner in the same line, or with space on both sides, are text;
/// a backslash makes the next mark text, and a `[` or `/` that would otherwise hide something.
#[must_use]
pub fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            push(&mut runs, "\n", (false, false, false));
        }
        let mut tokens = tokens(line);
        pair(&mut tokens);
        let (mut bold, mut italic, mut underline) = (false, false, false);
        for token in tokens {
            match token {
                Token::Text(text) => push(&mut runs, &text, (bold, italic, underline)),
                Token::Mark { sign, count, used: false, .. } => {
                    push(&mut runs, &sign.to_string().repeat(count), (bold, italic, underline));
                }
                Token::Mark { sign: '_', .. } => underline = !underline,
                Token::Mark { count, .. } => {
                    italic ^= count != 2;
                    bold ^= count != 1;
                }
            }
        }
    }
    runs
}

fn push(runs: &mut Vec<Run>, text: &str, (bold, italic, underline): (bool, bool, bool)) {
    match runs.last_mut() {
        Some(last) if (last.bold, last.italic, last.underline) == (bold, italic, underline) => last.text.push_str(text),
        _ => runs.push(Run { text: text.to_owned(), bold, italic, underline }),
    }
}

fn tokens(line: &str) -> Vec<Token> {
    let signs: Vec<char> = line.chars().collect();
    let mut tokens = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while at < signs.len() {
        let sign = signs[at];
        if sign == '\\' && signs.get(at + 1).is_some_and(|next| matches!(next, '*' | '_' | '\\' | '[' | '/')) {
            text.push(signs[at + 1]);
            at += 2;
            continue;
        }
        if sign != '*' && sign != '_' {
            text.push(sign);
            at += 1;
            continue;
        }
        let most = if sign == '_' { 1 } else { 3 };
        let count = signs[at..].iter().take(most).take_while(|next| **next == sign).count();
        let before = at.checked_sub(1).map(|index| signs[index]);
        let after = signs.get(at + count).copied();
        let opens = after.is_some_and(|next| !next.is_whitespace());
        let closes = before.is_some_and(|last| !last.is_whitespace());
        if !text.is_empty() {
            tokens.push(Token::Text(std::mem::take(&mut text)));
        }
        tokens.push(Token::Mark { sign, count, opens, closes, used: false });
        at += count;
    }
    if !text.is_empty() {
        tokens.push(Token::Text(text));
    }
    tokens
}

/// Marks each opening mark and the nearest closing one of its kind as used.
fn pair(tokens: &mut [Token]) {
    let mut open: Vec<(usize, char, usize)> = Vec::new();
    for index in 0..tokens.len() {
        let Token::Mark { sign, count, opens, closes, .. } = tokens[index] else { continue };
        let partner = if closes { open.iter().rposition(|(_, other, length)| (*other, *length) == (sign, count)) } else { None };
        match partner {
            Some(position) => {
                for used in [open[position].0, index] {
                    if let Token::Mark { used, .. } = &mut tokens[used] {
                        *used = true;
                    }
                }
                open.truncate(position);
            }
            None if opens => open.push((index, sign, count)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        runs(text)
            .iter()
            .map(|run| {
                let style: String = [(run.bold, 'b'), (run.italic, 'i'), (run.underline, 'u')]
                    .iter()
                    .filter(|(on, _)| *on)
                    .map(|(_, sign)| *sign)
                    .collect();
                if style.is_empty() { run.text.clone() } else { format!("<{style}:{}>", run.text) }
            })
            .collect()
    }

    #[test]
    fn emphasis_is_bold_italic_underline_and_any_mix() {
        assert_eq!(shown("*a* **b** ***c*** _d_"), "<i:a> <b:b> <bi:c> <u:d>");
        assert_eq!(shown("_**all** of it_"), "<bu:all><u: of it>");
        assert_eq!(shown("*one **two** three*"), "<i:one ><bi:two><i: three>");
    }

    #[test]
    fn marks_without_a_partner_are_text() {
        assert_eq!(shown("2 * 3 * 4"), "2 * 3 * 4");
        assert_eq!(shown("a *lonely star"), "a *lonely star");
        assert_eq!(shown("*over\nlines*"), "*over\nlines*");
        assert_eq!(shown(r"\*not\* this"), "*not* this");
        assert_eq!(plain("He **really** _means_ it"), "He really means it");
    }
}
