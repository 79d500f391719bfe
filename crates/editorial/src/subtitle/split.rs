//! Breaking text into lines and pages where a reader would pause.

use unicode_linebreak::linebreaks;
use unicode_width::UnicodeWidthChar;

use super::LINE_WIDTH;

/// What a full-width character counts: 16 of them fill a line of 42.
const FULL_WIDTH: f64 = LINE_WIDTH / 16.0;

/// Width in half-width characters.
pub(super) fn width(text: &str) -> f64 {
    text.chars()
        .map(|character| match character.width() {
            Some(0) | None => 0.0,
            Some(1) => 1.0,
            Some(_) => FULL_WIDTH,
        })
        .sum()
}

/// The text as pages of one or two lines, nothing lost but white space. Empty text has no page.
pub(super) fn pages(text: &str) -> Vec<Vec<String>> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = pieces(&text);
    let mut pages = Vec::new();
    while !rest.is_empty() {
        let count = pages_needed(&rest);
        let taken = if count == 1 { rest.len() } else { page_end(&rest, count) };
        pages.push(two_lines(&rest[..taken]));
        rest.drain(..taken);
    }
    pages
}

/// The text cut at every place where a line may break (UAX #14, with the rules for Japanese), and words
/// that are wider than a line cut wherever they must be.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (end, _) in linebreaks(text) {
        let mut piece = String::new();
        for character in text[start..end].chars() {
            if width(&piece) + width(character.encode_utf8(&mut [0; 4])) > LINE_WIDTH && !character.is_whitespace() {
                pieces.push(std::mem::take(&mut piece));
            }
            piece.push(character);
        }
        if !piece.trim().is_empty() {
            pieces.push(piece);
        }
        start = end;
    }
    pieces
}

fn line(pieces: &[String]) -> String {
    pieces.concat().trim_end().to_owned()
}

fn fits(pieces: &[String]) -> bool {
    width(&line(pieces)) <= LINE_WIDTH
}

/// How many pieces go into the first line when it takes as many as it can.
fn fill(pieces: &[String]) -> usize {
    (1..=pieces.len()).take_while(|end| fits(&pieces[..*end])).last().unwrap_or(1)
}

fn pages_needed(mut pieces: &[String]) -> usize {
    let mut lines = 0usize;
    while !pieces.is_empty() {
        pieces = &pieces[fill(pieces)..];
        lines += 1;
    }
    lines.div_ceil(2)
}

fn fits_page(pieces: &[String]) -> bool {
    pages_needed(pieces) <= 1
}

/// How strongly a reader pauses after this text, in characters of imbalance that it is worth.
fn pause(text: &str) -> f64 {
    let text = text.trim_end_matches(|character: char| character.is_whitespace() || "\"'”’)]」』）".contains(character));
    match text.chars().last() {
        Some('.' | '!' | '?' | '…' | '。' | '！' | '？') => 24.0,
        Some(',' | ';' | ':' | '—' | '–' | '、' | '；' | '：') => 12.0,
        _ => 0.0,
    }
}

/// Where the first of `count` pages ends: near its fair share of the text, at a pause, without needing
/// more pages for the rest.
fn page_end(pieces: &[String], count: usize) -> usize {
    let share = width(&line(pieces)) / count as f64;
    let cost = |end: usize| (width(&line(&pieces[..end])) - share).abs() - pause(&pieces[end - 1]);
    (1..pieces.len())
        .filter(|end| fits_page(&pieces[..*end]) && pages_needed(&pieces[*end..]) < count)
        .min_by(|one, other| cost(*one).total_cmp(&cost(*other)))
        .unwrap_or_else(|| {
            // Uneven words can make every even split need a page more; then fill this one.
            let first = fill(pieces);
            first + if first < pieces.len() { fill(&pieces[first..]) } else { 0 }
        })
}

/// One line when it fits, else two of like length, the lower one rather longer.
fn two_lines(pieces: &[String]) -> Vec<String> {
    if fits(pieces) {
        return vec![line(pieces)];
    }
    let cost = |end: usize| {
        let (upper, lower) = (width(&line(&pieces[..end])), width(&line(&pieces[end..])));
        (upper - lower).abs() + if upper > lower { 2.0 } else { 0.0 } - pause(&pieces[end - 1]) / 2.0
    };
    let best = (1..pieces.len())
        .filter(|end| fits(&pieces[..*end]) && fits(&pieces[*end..]))
        .min_by(|one, other| cost(*one).total_cmp(&cost(*other)))
        .unwrap_or_else(|| fill(pieces));
    vec![line(&pieces[..best]), line(&pieces[best..])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lines_break_at_the_pause_near_the_middle() {
        assert_eq!(
            pages("We looked for it all night, but the fox was already gone."),
            [["We looked for it all night,", "but the fox was already gone."]]
        );
        assert_eq!(pages("Come home."), [["Come home."]]);
        assert!(pages("  ").is_empty());
    }

    #[test]
    fn japanese_breaks_after_sixteen_and_never_before_a_full_stop() {
        let pages = pages("この道には昔、四十の提灯が灯っていたのだと祖父が話してくれた。");
        assert_eq!(pages.len(), 1);
        for line in pages.iter().flatten() {
            assert!(line.chars().count() <= 16 && !line.starts_with(['。', '、']), "{line}");
        }
    }

    #[test]
    fn a_word_wider_than_a_line_is_cut_and_nothing_is_lost() {
        let word = "A".repeat(130);
        let pages = pages(&word);
        assert_eq!(pages.concat().concat(), word);
        assert!(pages.iter().flatten().all(|line| width(line) <= LINE_WIDTH));
    }
}
