//! A set's drawing under a light: the SVG with other colours.
//!
//! Light is applied to the colours in the file before it is drawn, not to pixels afterwards. So it costs the
//! same however large the picture is, shapes that glow can keep their own colour, and a location may repaint a slot.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use bible::story::TimeOfDay;
use bible::{Colour, Tones};
use usvg::roxmltree::{Document, Node, NodeId};

/// What changes in a drawing.
pub(crate) struct Repaint<'a> {
    /// Shapes made for other times are left out.
    pub(crate) time: TimeOfDay,
    /// Slots as they are in the file.
    pub(crate) drawn: &'a BTreeMap<String, Tones>,
    /// Slots as they are wanted.
    pub(crate) wanted: &'a BTreeMap<String, Tones>,
    /// A colour in the light.
    pub(crate) grade: &'a dyn Fn(Colour) -> Colour,
}

/// What is known about a shape from itself and the groups around it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Meaning<'a> {
    glows: bool,
    slot: Option<(&'a str, &'a str)>,
}

/// The text of the drawing with its colours changed.
pub(crate) fn repaint(text: &str, repaint: &Repaint<'_>) -> Result<String, String> {
    let document = Document::parse(text).map_err(|error| format!("it is no XML: {error}"))?;
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut gradients: HashMap<&str, Meaning<'_>> = HashMap::new();
    let mut stops: Vec<NodeId> = Vec::new();
    let mut open = vec![(document.root_element(), Meaning::default())];
    while let Some((node, outer)) = open.pop() {
        if matches!(node.tag_name().name(), "linearGradient" | "radialGradient") {
            stops.extend(node.children().filter(Node::is_element).map(|stop| stop.id()));
            continue;
        }
        let id = node.attribute("id").map_or("", |id| id.split_once("--").map_or(id, |(meaning, _)| meaning));
        if let Some(times) = id.strip_prefix("when.")
            && !times.split('.').any(|time| time == repaint.time.word())
        {
            let after_name = node.range().start + 1 + node.tag_name().name().len();
            edits.push((after_name..after_name, r#" display="none""#.to_owned()));
            continue;
        }
        let own = Meaning {
            glows: outer.glows || id.starts_with("glow."),
            slot: id.rsplit_once('.').filter(|(_, tone)| matches!(*tone, "base" | "shadow" | "highlight")).or(outer.slot),
        };
        for name in ["fill", "stroke"] {
            let Some(attribute) = node.attribute_node(name) else { continue };
            let value = attribute.value();
            if let Some(gradient) = value.strip_prefix("url(#").and_then(|rest| rest.strip_suffix(')')) {
                gradients.insert(gradient, own);
            } else if let Some(colour) = repaint.colour(value, own)? {
                edits.push((attribute.range_value(), colour));
            }
        }
        open.extend(node.children().filter(Node::is_element).map(|child| (child, own)));
    }
    for stop in stops.into_iter().filter_map(|id| document.get_node(id)) {
        let gradient = stop.parent().and_then(|gradient| gradient.attribute("id")).unwrap_or_default();
        let meaning = gradients.get(gradient).copied().unwrap_or_default();
        if let Some(attribute) = stop.attribute_node("stop-color")
            && let Some(colour) = repaint.colour(attribute.value(), meaning)?
        {
            edits.push((attribute.range_value(), colour));
        }
    }
    edits.sort_unstable_by_key(|(range, _)| range.start);
    let mut repainted = String::with_capacity(text.len() + edits.len() * 4);
    let mut done = 0;
    for (range, with) in edits {
        repainted.push_str(&text[done..range.start]);
        repainted.push_str(&with);
        done = range.end;
    }
    repainted.push_str(&text[done..]);
    Ok(repainted)
}

impl Repaint<'_> {
    /// The new text of a colour; `None` when it stays.
    fn colour(&self, value: &str, meaning: Meaning<'_>) -> Result<Option<String>, String> {
        if value == "none" {
            return Ok(None);
        }
        let mut colour: Colour = value.parse().map_err(|error: bible::colour::ParseColourError| error.to_string())?;
        if let Some((slot, tone)) = meaning.slot
            && let (Some(drawn), Some(wanted)) = (self.drawn.get(slot), self.wanted.get(slot))
        {
            let of = |tones: &Tones| match tone {
                "shadow" => tones.shadow(),
                "highlight" => tones.highlight(),
                _ => tones.base,
            };
            // Shapes of a slot vary a little around its colour; they keep their difference.
            let (from, to, own) = (of(drawn).oklab(), of(wanted).oklab(), colour.oklab());
            colour = Colour::from_oklab(std::array::from_fn(|axis| own[axis] + to[axis] - from[axis]));
        }
        let seen = if meaning.glows { colour } else { (self.grade)(colour) };
        Ok(Some(seen.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ART: &str = r##"<svg xmlns="http://www.w3.org/2000/svg"><defs><linearGradient id="l1"><stop offset="0" stop-color="#404040"/></linearGradient></defs>
<g id="wall.base"><path id="x" fill="#808080" d="M0 0"/><path fill="url(#l1)" d="M0 0"/></g>
<g id="when.night.sunset--2"><path id="glow.window" fill="#ffcc00" stroke="none" d="M0 0"/></g></svg>"##;

    fn painted(time: TimeOfDay, wanted: &BTreeMap<String, Tones>) -> String {
        let drawn = BTreeMap::from([("wall".to_owned(), Tones::from_base("#808080".parse().unwrap()))]);
        let halve = |colour: Colour| Colour::new(colour.red / 2, colour.green / 2, colour.blue / 2);
        repaint(ART, &Repaint { time, drawn: &drawn, wanted, grade: &halve }).unwrap()
    }

    #[test]
    fn light_falls_on_flat_colours_and_gradients_but_not_on_what_glows() {
        let night = painted(TimeOfDay::Night, &BTreeMap::new());
        assert!(night.contains("fill=\"#404040\"") && night.contains("stop-color=\"#202020\"") && night.contains("#ffcc00"), "{night}");
        assert!(!night.contains("display"));
    }

    #[test]
    fn shapes_of_another_time_are_hidden() {
        assert!(painted(TimeOfDay::Day, &BTreeMap::new()).contains(r#"<g display="none" id="when.night.sunset--2">"#));
    }

    #[test]
    fn a_repainted_slot_keeps_the_variation_of_its_shapes() {
        let wanted = BTreeMap::from([("wall".to_owned(), Tones::from_base("#c0c0c0".parse().unwrap()))]);
        let day = painted(TimeOfDay::Day, &wanted);
        assert!(day.contains("fill=\"#606060\""), "{day}");
        let stop = day.split("stop-color=\"").nth(1).unwrap()[..7].parse::<Colour>().unwrap();
        assert!(stop.red > 0x20 && stop.red < 0x60, "{stop}");
    }

    #[test]
    fn a_colour_that_is_no_hex_colour_is_an_error_that_says_so() {
        let error = repaint(
            &ART.replace("#808080", "grey"),
            &Repaint { time: TimeOfDay::Day, drawn: &BTreeMap::new(), wanted: &BTreeMap::new(), grade: &|colour| colour },
        );
        assert!(error.unwrap_err().contains("\"grey\" is no colour"));
    }
}
