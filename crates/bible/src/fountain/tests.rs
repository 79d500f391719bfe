use super::*;
use proptest::prelude::*;

/// One element a line: kind, line, text and notes.
fn shown(source: &str) -> String {
    let script = Script::parse(source);
    let lines = script.elements.iter().map(|element| {
        let text = match &element.kind {
            Kind::TitlePage(entries) => {
                let fields: Vec<String> = entries.iter().map(|entry| format!("{}={:?}", entry.key, entry.values)).collect();
                format!("title {}", fields.join(" "))
            }
            Kind::Blank { lines } => format!("blank {lines}"),
            Kind::Scene(heading) => format!("scene {:?} {:?} {:?}", heading.text, heading.number, heading.parts()),
            Kind::Character(cue) => format!("character {:?} {:?}{}", cue.name, cue.extension, if cue.dual { " dual" } else { "" }),
            Kind::Action(text) => format!("action {text:?}"),
            Kind::Parenthetical(text) => format!("paren {text:?}"),
            Kind::Dialogue(text) => format!("dialogue {text:?}"),
            Kind::Lyrics(text) => format!("lyrics {text:?}"),
            Kind::Transition(text) => format!("transition {text:?}"),
            Kind::Centred(text) => format!("centred {text:?}"),
            Kind::PageBreak => "page break".to_owned(),
            Kind::Section { level, text } => format!("section {level} {text:?}"),
            Kind::Synopsis(text) => format!("synopsis {text:?}"),
            Kind::Note => "note".to_owned(),
            Kind::Boneyard(text) => format!("boneyard {text:?}"),
        };
        let notes = if element.notes.is_empty() { String::new() } else { format!(" notes {:?}", element.notes) };
        format!("{:>3} {text}{notes}", element.line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn covers(source: &str) -> bool {
    let script = Script::parse(source);
    let mut at = 0;
    for element in &script.elements {
        if element.span.start != at || element.span.end <= at {
            return false;
        }
        at = element.span.end;
    }
    at == source.len()
}

const EVERYTHING: &str = include_str!("samples/everything.fountain");
const BRICK: &str = include_str!("samples/river-crossing.fountain");
const WILD: &str = include_str!("samples/wild.fountain");

#[test]
fn every_element_of_fountain_is_told_apart() {
    insta::assert_snapshot!(shown(EVERYTHING));
}

#[test]
fn a_script_as_people_write_them_is_read() {
    insta::assert_snapshot!(shown(BRICK));
}

#[test]
fn a_script_found_in_the_wild_is_read_without_loss() {
    insta::assert_snapshot!(shown(WILD));
}

#[test]
fn windows_line_ends_tabs_and_a_byte_order_mark_change_nothing() {
    for sample in [EVERYTHING, BRICK, WILD] {
        let windows = format!("\u{feff}{}", sample.replace('\n', "\r\n"));
        assert_eq!(shown(&windows), shown(sample));
        assert!(covers(&windows));
    }
}

#[test]
fn the_spans_of_the_elements_are_the_source() {
    for sample in [EVERYTHING, BRICK, WILD, "", "\n", "  \n\n", "[[", "/*", "a /* b\n\nc */ d"] {
        assert!(covers(sample), "{sample:?}");
    }
}

#[test]
fn what_was_written_out_reads_back_the_same() {
    let kinds = |script: &Script| -> Vec<(Kind, Vec<String>)> {
        let elements = script.elements.iter().filter(|element| !matches!(element.kind, Kind::Blank { .. }));
        elements.map(|element| (element.kind.clone(), element.notes.clone())).collect()
    };
    for sample in [EVERYTHING, BRICK, WILD] {
        let script = Script::parse(sample);
        let written = script.to_fountain();
        assert_eq!(kinds(&Script::parse(&written)), kinds(&script), "{written}");
    }
}

#[test]
fn a_script_built_by_hand_is_written_so_that_it_reads_back() {
    let element = |kind: Kind| Element { kind, notes: Vec::new(), line: 1, span: 0..0 };
    let kinds = vec![
        Kind::Scene(Heading { text: "THE SHRINE".into(), number: Some("3".into()) }),
        Kind::Action("INT. is how this sentence begins.".into()),
        Kind::Action("HE SHOUTS".into()),
        Kind::Character(Cue { name: "美咲".into(), extension: Some("V.O.".into()), dual: false }),
        Kind::Parenthetical("softly".into()),
        Kind::Dialogue("One.\n\nTwo.".into()),
        Kind::Character(Cue { name: "KIT".into(), extension: None, dual: true }),
        Kind::Dialogue("Three.".into()),
        Kind::Transition("Slowly to black".into()),
        Kind::Scene(Heading { text: "EXT. ROAD - NIGHT".into(), number: None }),
        Kind::Action("Nothing.".into()),
    ];
    let script = Script { elements: kinds.iter().cloned().map(element).collect() };
    let text = script.to_fountain();
    let back: Vec<Kind> =
        Script::parse(&text).elements.into_iter().map(|element| element.kind).filter(|kind| !matches!(kind, Kind::Blank { .. })).collect();
    assert_eq!(back, kinds, "{text}");
}

#[test]
fn a_long_script_of_open_marks_is_read_in_good_time() {
    // Each open mark looks for its end: without care that is quadratic.
    let text = "[[ /* ".repeat(100_000);
    assert_eq!(Script::parse(&text).elements.len(), 1);
    let text = "[[a\n\nb]] ".repeat(20_000);
    assert!(covers(&text));
}

#[test]
fn extensions_say_who_is_not_seen() {
    let off = |extension: &str| Cue { name: "MEI".into(), extension: Some(extension.into()), dual: false }.off_screen();
    for extension in ["V.O.", "O.S.", "O.C.", "v.o., cont'd", "on the radio", "over phone"] {
        assert!(off(extension), "{extension}");
    }
    for extension in ["CONT'D", "YOUNG", "softly"] {
        assert!(!off(extension), "{extension}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_a_script_and_nothing_of_it_is_lost(source in any::<String>()) {
        prop_assert!(covers(&source));
    }

    #[test]
    fn text_that_looks_like_fountain_is_never_lost(source in "([A-Z]{1,4}|[a-z]{1,3}|INT\\. |EXT |#|=|===|>|<|~|@|!|\\.|\\^|\\(|\\)|\\[\\[|\\]\\]|/\\*|\\*/|\\*|_|:|TO:| |  |\t|\r\n|\n|\n\n|é|提){0,40}") {
        prop_assert!(covers(&source));
        let script = Script::parse(&source);
        for element in &script.elements {
            if let Kind::Action(text) | Kind::Dialogue(text) = &element.kind {
                let _ = plain(text);
            }
        }
        let _ = Script::parse(&script.to_fountain());
    }
}
