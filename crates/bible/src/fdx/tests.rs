//! What is read of Final Draft's files.

use super::*;

const BRIDGE: &str = include_str!("samples/lantern-bridge.fdx");

/// A file of some paragraphs.
fn file(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\" ?>\n<FinalDraft DocumentType=\"Script\" Version=\"5\"><Content>{content}</Content></FinalDraft>"
    )
}

fn fountain(content: &str) -> String {
    read(file(content).as_bytes()).unwrap().script.to_fountain()
}

fn paragraph(kind: &str, text: &str) -> String {
    format!("<Paragraph Type=\"{kind}\"><Text>{text}</Text></Paragraph>")
}

#[test]
fn a_script_with_everything_becomes_the_same_in_fountain() {
    let read = read(BRIDGE.as_bytes()).unwrap();
    insta::assert_snapshot!(read.script.to_fountain());
    let remarks: Vec<String> = read.remarks.iter().map(|remark| format!("{}: {}", remark.line, remark.text)).collect();
    insta::assert_snapshot!(remarks.join("\n"));
}

#[test]
fn the_fountain_that_it_becomes_reads_back_as_the_same_screenplay() {
    let read = read(BRIDGE.as_bytes()).unwrap();
    let kinds = |script: &Script| -> Vec<Kind> {
        script.elements.iter().map(|element| element.kind.clone()).filter(|kind| !matches!(kind, Kind::Blank { .. })).collect()
    };
    assert_eq!(kinds(&Script::parse(&read.script.to_fountain())), kinds(&read.script));
}

#[test]
fn elements_know_their_line_in_the_file() {
    let read = read(BRIDGE.as_bytes()).unwrap();
    let line = |wanted: &str| BRIDGE.lines().position(|line| line.contains(wanted)).unwrap() as u32 + 1;
    let scene = read.script.scenes()[1];
    assert_eq!(scene.line, line("Number=\"A3\""));
}

#[test]
fn text_that_looks_like_something_else_stays_what_it_is() {
    for text in
        ["INT. is how this begins", "SHOUTED", "CUT TO:", "# 3", "= x", "~ y", "> z", "@home", ".5 mm", "!", "Tokyo: 1980", "a\n#b\n~c"]
    {
        let written = fountain(&paragraph("Action", text));
        let script = Script::parse(&written);
        assert_eq!(script.elements.len(), 1, "{written}");
        assert!(matches!(&script.elements[0].kind, Kind::Action(read) if crate::fountain::plain(read) == text), "{text:?} {written:?}");
    }
}

#[test]
fn speech_that_nobody_speaks_and_a_cue_without_speech_are_action() {
    assert_eq!(fountain(&paragraph("Dialogue", "Nobody says this.")), "Nobody says this.\n");
    assert_eq!(fountain(&(paragraph("Character", "MEI") + &paragraph("Action", "Silence."))), "!MEI\n\nSilence.\n");
}

#[test]
fn dual_dialogue_is_read_with_and_without_a_paragraph_around_it() {
    let inner = [("Character", "MEI"), ("Dialogue", "Now."), ("Character", "KIT"), ("Dialogue", "Never.")];
    let inner: String = inner.iter().map(|(kind, text)| paragraph(kind, text)).collect();
    let dual = format!("<DualDialogue>{inner}</DualDialogue>");
    let wanted = "MEI\nNow.\n\nKIT ^\nNever.\n";
    assert_eq!(fountain(&dual), wanted);
    assert_eq!(fountain(&format!("<Paragraph>{dual}</Paragraph>")), wanted);
}

#[test]
fn what_is_no_script_is_refused_with_the_place() {
    let refused = |bytes: &[u8]| read(bytes).unwrap_err();
    assert_eq!(refused(b"<FinalDraft>\xff"), FdxError::NotText { at: 12 });
    assert!(matches!(refused(b"<FinalDraft>\n<Content></FinalDraft>"), FdxError::Xml { line: 2, column: 10, .. }));
    assert_eq!(refused(b"<html/>"), FdxError::NotFinalDraft { root: "html".into() });
    assert_eq!(refused(b"<FinalDraft/>"), FdxError::NoScript);
    assert!(matches!(refused(b""), FdxError::Xml { .. }));
    assert!(matches!(refused(&vec![b' '; MAX_BYTES + 1]), FdxError::TooLarge { .. }));
}

#[test]
fn entities_of_a_files_own_are_refused_before_they_grow() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\
                <FinalDraft><Content><Paragraph Type=\"Action\"><Text>&b;</Text></Paragraph></Content></FinalDraft>";
    assert!(matches!(read(bomb.as_bytes()), Err(FdxError::Xml { .. })));
    let outside = "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><FinalDraft><Content/></FinalDraft>";
    assert!(matches!(read(outside.as_bytes()), Err(FdxError::Xml { .. })));
    assert!(matches!(read(file(&paragraph("Action", "&unknown;")).as_bytes()), Err(FdxError::Xml { .. })));
}

#[test]
fn paragraphs_nested_without_end_are_read_in_good_time() {
    let deep = "<Paragraph><DualDialogue>".repeat(20_000);
    let close = "</DualDialogue></Paragraph>".repeat(20_000);
    let read = read(file(&format!("{deep}{}{close}", paragraph("Action", "at the bottom"))).as_bytes());
    if let Ok(read) = read {
        assert!(read.script.to_fountain().contains("at the bottom"));
    }
}

#[test]
fn a_script_of_nothing_is_a_script_of_nothing() {
    let read = read(file("").as_bytes()).unwrap();
    assert_eq!((read.script.elements.len(), read.remarks.len()), (0, 0));
}
