//! From XML to paragraphs.

use roxmltree::Node;

use super::Remark;
use crate::fountain::Run;

/// Paragraphs inside of paragraphs: a cut scene that holds a dual dialogue is two.
const MAX_DEPTH: usize = 4;

/// Units that an embedded block takes in the range of a script note, its own paragraphs not counted.
const BLOCK_UNITS: usize = 2;

/// A paragraph of a script.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    /// `Scene Heading`, `Action`…; empty where none is given.
    pub(super) kind: String,
    /// The scene number.
    pub(super) number: Option<String>,
    /// In the middle of the page.
    pub(super) centred: bool,
    /// On the left or right of the page.
    pub(super) aside: bool,
    /// Begins a page.
    pub(super) new_page: bool,
    /// Its text.
    pub(super) runs: Vec<Run>,
    /// Notes on it.
    pub(super) notes: Vec<String>,
    /// What the scene is about: its title, its summary.
    pub(super) synopses: Vec<String>,
    /// Speeches that are said at the same time.
    pub(super) dual: Vec<Paragraph>,
    /// The scene that was cut here.
    pub(super) omitted: Vec<Paragraph>,
    /// Its line in the file, from 1.
    pub(super) line: u32,
    /// What it takes in the range of a script note.
    units: usize,
}

impl Paragraph {
    /// Its text without styles.
    pub(super) fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }
}

/// A file, and where its lines begin.
pub(super) struct Source {
    line_starts: Vec<usize>,
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        Self { line_starts: std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect() }
    }

    fn line(&self, node: Node<'_, '_>) -> u32 {
        let line = self.line_starts.partition_point(|start| *start <= node.range().start);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The paragraphs right inside of an element.
    pub(super) fn paragraphs(&self, content: Node<'_, '_>, depth: usize, remarks: &mut Vec<Remark>) -> Vec<Paragraph> {
        let mut found = Vec::new();
        for node in content.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "Paragraph" => found.push(self.paragraph(node, depth, remarks)),
                // Some programs leave the paragraph around it out.
                "DualDialogue" => {
                    let dual = self.nested(node, depth, remarks);
                    found.push(Paragraph { dual, line: self.line(node), units: BLOCK_UNITS, ..Paragraph::default() });
                }
                other => {
                    let text = words(node);
                    if !text.is_empty() {
                        remarks.push(Remark { line: self.line(node), text: format!("<{other}> is unknown here; its text is a note") });
                        found.push(Paragraph { notes: vec![text], line: self.line(node), ..Paragraph::default() });
                    }
                }
            }
        }
        found
    }

    fn nested(&self, node: Node<'_, '_>, depth: usize, remarks: &mut Vec<Remark>) -> Vec<Paragraph> {
        if depth < MAX_DEPTH {
            return self.paragraphs(node, depth + 1, remarks);
        }
        remarks.push(Remark { line: self.line(node), text: "paragraphs this deep inside each other are kept as a note".to_owned() });
        let text = words(node);
        let notes = if text.is_empty() { Vec::new() } else { vec![text] };
        vec![Paragraph { notes, line: self.line(node), ..Paragraph::default() }]
    }

    fn paragraph(&self, node: Node<'_, '_>, depth: usize, remarks: &mut Vec<Remark>) -> Paragraph {
        let attribute = |name: &str| node.attribute(name).map(str::trim).filter(|value| !value.is_empty());
        let mut paragraph = Paragraph {
            kind: attribute("Type").unwrap_or_default().to_owned(),
            number: attribute("Number").map(str::to_owned),
            centred: attribute("Alignment") == Some("Center"),
            aside: matches!(attribute("Alignment"), Some("Left" | "Right")),
            new_page: attribute("StartsNewPage") == Some("Yes"),
            line: self.line(node),
            ..Paragraph::default()
        };
        for child in node.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "Text" => {
                    let run = run(child);
                    paragraph.units += run.text.encode_utf16().count();
                    paragraph.runs.push(run);
                }
                "ScriptNote" => paragraph.notes.extend(script_note(child)),
                "SceneProperties" => paragraph.synopses.extend(synopses(child)),
                "DualDialogue" => {
                    paragraph.units += BLOCK_UNITS;
                    paragraph.dual.extend(self.nested(child, depth, remarks));
                }
                "OmittedScene" => {
                    paragraph.units += BLOCK_UNITS;
                    paragraph.omitted.extend(self.nested(child, depth, remarks));
                }
                other => {
                    let text = words(child);
                    if !text.is_empty() {
                        remarks.push(Remark { line: self.line(child), text: format!("<{other}> is unknown here; its text is a note") });
                        paragraph.notes.push(text);
                    }
                }
            }
        }
        paragraph
    }

    /// Puts notes that stand at the end of the file to the paragraphs on which they were made.
    ///
    /// `Range="start,end"` counts UTF-16 units of the script's text, one for the end of each paragraph, and two for
    /// each block that is embedded in one.
    pub(super) fn place_notes(&self, notes: Node<'_, '_>, body: &mut Vec<Paragraph>, remarks: &mut Vec<Remark>) {
        let mut ends = Vec::with_capacity(body.len());
        let mut at = 0;
        for paragraph in body.iter() {
            at += paragraph.units + 1;
            ends.push(at);
        }
        for node in notes.children().filter(|node| node.has_tag_name("ScriptNote")) {
            let Some(text) = script_note(node) else { continue };
            let start = node.attribute("Range").and_then(|range| range.split(',').next()?.trim().parse::<usize>().ok());
            match start.and_then(|start| body.get_mut(ends.partition_point(|end| *end <= start))) {
                Some(paragraph) => paragraph.notes.push(text),
                None => {
                    let line = self.line(node);
                    remarks.push(Remark { line, text: "a script note does not say where it belongs; it stands at the end".to_owned() });
                    body.push(Paragraph { notes: vec![text], line, ..Paragraph::default() });
                }
            }
        }
    }
}

/// The first child of a name.
pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn run(node: Node<'_, '_>) -> Run {
    let mut run = Run { text: words_of(node).replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    "), ..Run::default() };
    for style in node.attribute("Style").unwrap_or_default().split('+').map(str::trim) {
        match style {
            "Bold" => run.bold = true,
            "Italic" => run.italic = true,
            "Underline" => run.underline = true,
            "AllCaps" => run.text = run.text.to_uppercase(),
            // Struck-out, highlighted and hidden text has no mark of its own: the text stays.
            _ => {}
        }
    }
    run
}

/// A note with who or what it is by, in front.
fn script_note(node: Node<'_, '_>) -> Option<String> {
    let paragraphs = node.descendants().filter(|inner| inner.has_tag_name("Paragraph"));
    let lines: Vec<String> = paragraphs.map(words).filter(|line| !line.is_empty()).collect();
    let text = if lines.is_empty() { words(node) } else { lines.join("\n") };
    let name = ["Name", "WriterName"].iter().find_map(|name| node.attribute(*name)).map(str::trim).filter(|name| !name.is_empty());
    match (name, text.is_empty()) {
        (_, true) => None,
        (Some(name), false) => Some(format!("{name}: {text}")),
        (None, false) => Some(text),
    }
}

fn synopses(properties: Node<'_, '_>) -> Vec<String> {
    let title = properties.attribute("Title").map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
    let summary = properties.children().filter(|node| node.has_tag_name("Summary")).map(words);
    title.into_iter().chain(summary).filter(|text| !text.is_empty()).collect()
}

/// The text of an element as it is.
fn words_of(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|inner| inner.text()).collect()
}

/// The text of an element with single spaces.
fn words(node: Node<'_, '_>) -> String {
    let texts: Vec<&str> = node.descendants().filter(Node::is_text).filter_map(|inner| inner.text()).collect();
    texts.concat().split_whitespace().collect::<Vec<_>>().join(" ")
}
