//! Reads a drawing from SVG: shapes become marks by what their ids say.

use std::sync::Arc;

use bible::Colour;
use engine::EngineError;
use kurbo::{Affine, BezPath, Point, Rect, Shape};
use usvg::tiny_skia_path::PathSegment;
use usvg::{Node, Tree};

use crate::cel::{FIXED, Mark, OUTLINE, Paint, Tone};
use crate::part::Art;

/// What an id means.
#[derive(Debug, PartialEq)]
enum Meaning<'a> {
    Fill(&'a str, Tone),
    Ink(&'a str),
    Fixed,
    Anchor(&'a str),
}

/// A drawing, and the colours that its fills have in the file, by slot and tone.
pub(crate) struct Drawing {
    pub(crate) art: Art,
    pub(crate) defaults: Vec<(String, Tone, Colour)>,
}

/// Reads the drawing in `bytes`; `path` is for errors.
pub(crate) fn read(path: &str, bytes: &[u8]) -> Result<Drawing, EngineError> {
    let broken = |reason: String| EngineError::BrokenPart { path: path.to_owned(), reason };
    let text = std::str::from_utf8(bytes).map_err(|error| broken(format!("it is no UTF-8 text: {error}")))?;
    let document = usvg::roxmltree::Document::parse(text).map_err(|error| broken(format!("it is no XML: {error}")))?;
    let tree = Tree::from_xmltree(&document, &usvg::Options::default()).map_err(|error| broken(format!("it is no SVG: {error}")))?;
    let to_user = user_space(&document, &tree);
    let mut drawing = Drawing { art: Art::default(), defaults: Vec::new() };
    read_group(tree.root(), None, to_user, &mut drawing).map_err(broken)?;
    Ok(drawing)
}

/// Back from the picture's pixels to the units that the file is drawn in.
fn user_space(document: &usvg::roxmltree::Document<'_>, tree: &Tree) -> Affine {
    let view_box = document.root_element().attribute("viewBox").and_then(|text| {
        let numbers: Vec<f64> = text.split([' ', ',']).filter_map(|number| number.parse().ok()).collect();
        <[f64; 4]>::try_from(numbers).ok()
    });
    let Some([x, y, width, height]) = view_box else { return Affine::IDENTITY };
    let (shown_width, shown_height) = (f64::from(tree.size().width()), f64::from(tree.size().height()));
    let scale = (shown_width / width).min(shown_height / height);
    let margin = ((shown_width - width * scale) / 2.0, (shown_height - height * scale) / 2.0);
    Affine::translate((x, y)) * Affine::scale(1.0 / scale) * Affine::translate((-margin.0, -margin.1))
}

fn read_group(group: &usvg::Group, layer: Option<&Arc<str>>, to_user: Affine, drawing: &mut Drawing) -> Result<(), String> {
    let own_layer: Option<Arc<str>> = plain(group.id()).strip_prefix("layer.").map(Arc::from);
    let layer = own_layer.as_ref().or(layer);
    for node in group.children() {
        match node {
            Node::Group(inner) => read_group(inner, layer, to_user, drawing)?,
            Node::Path(path) => read_path(path, layer, to_user, drawing)?,
            Node::Image(image) => return Err(format!("`{}` is an image; a part has only shapes", image.id())),
            Node::Text(text) => return Err(format!("`{}` is text; turn it into paths", text.id())),
        }
    }
    Ok(())
}

fn read_path(path: &usvg::Path, layer: Option<&Arc<str>>, to_user: Affine, drawing: &mut Drawing) -> Result<(), String> {
    let transform = to_user * affine(path.abs_transform());
    let outline = transform * bez_path(path.data());
    let mut push = |slot: &str, paint| {
        drawing.art.marks.push(Mark { path: outline.clone(), slot: slot.into(), paint, layer: layer.map(Arc::clone) });
    };
    let fill = path.fill().map(|fill| (fill.paint(), fill.opacity().get()));
    match meaning(path.id())? {
        Meaning::Fill(slot, tone) => {
            let colour = fill.and_then(|(paint, _)| flat(paint)).ok_or_else(|| format!("`{}` needs a flat fill", path.id()))?;
            push(slot, Paint::Fill(tone));
            drawing.defaults.push((slot.to_owned(), tone, colour));
        }
        Meaning::Ink(slot) => {
            let stroke = path.stroke().ok_or_else(|| format!("`{}` is ink and needs a stroke", path.id()))?;
            push(slot, Paint::Ink { weight: f64::from(stroke.width().get()) * crate::cel::mean_scale(transform) });
        }
        Meaning::Fixed => {
            if let Some((paint, opacity)) = fill {
                let colour = flat(paint).ok_or_else(|| format!("`{}` needs a flat fill", path.id()))?;
                push(FIXED, Paint::Fixed { colour, alpha: f64::from(opacity) });
            } else {
                return Err(format!("`{}` is fixed and needs a fill", path.id()));
            }
        }
        Meaning::Anchor(name) => {
            let place: Rect = outline.bounding_box();
            drawing.art.anchors.insert(name.to_owned(), place.center());
        }
    }
    Ok(())
}

/// An id without the counter that lets shapes share a meaning.
fn plain(id: &str) -> &str {
    id.split_once("--").map_or(id, |(meaning, _)| meaning)
}

fn meaning(id: &str) -> Result<Meaning<'_>, String> {
    const FORMS: &str = "<slot>.base, <slot>.shadow, <slot>.highlight, ink, ink.<slot>, fixed.<name> or anchor.<name>";
    if id.is_empty() {
        return Err(format!("a shape has no id; every shape says what it is: {FORMS}"));
    }
    let name = plain(id);
    if name == "ink" {
        return Ok(Meaning::Ink(OUTLINE));
    }
    let parsed = match name.split_once('.') {
        Some(("ink", slot)) => Some(Meaning::Ink(slot)),
        Some(("fixed", _)) => Some(Meaning::Fixed),
        Some(("anchor", anchor)) => Some(Meaning::Anchor(anchor)),
        _ => name.rsplit_once('.').and_then(|(slot, tone)| {
            let tone = match tone {
                "base" => Tone::Base,
                "shadow" => Tone::Shadow,
                "highlight" => Tone::Highlight,
                _ => return None,
            };
            Some(Meaning::Fill(slot, tone))
        }),
    };
    let empty = matches!(parsed, Some(Meaning::Fill("", _) | Meaning::Ink("") | Meaning::Anchor("")));
    parsed.filter(|_| !empty).ok_or_else(|| format!("the id `{id}` means nothing here; write {FORMS}"))
}

fn flat(paint: &usvg::Paint) -> Option<Colour> {
    match paint {
        usvg::Paint::Color(colour) => Some(Colour::new(colour.red, colour.green, colour.blue)),
        _ => None,
    }
}

fn affine(transform: usvg::Transform) -> Affine {
    Affine::new([transform.sx, transform.ky, transform.kx, transform.sy, transform.tx, transform.ty].map(f64::from))
}

fn bez_path(path: &usvg::tiny_skia_path::Path) -> BezPath {
    let point = |point: usvg::tiny_skia_path::Point| Point::new(f64::from(point.x), f64::from(point.y));
    let mut bez = BezPath::new();
    for segment in path.segments() {
        match segment {
            PathSegment::MoveTo(to) => bez.move_to(point(to)),
            PathSegment::LineTo(to) => bez.line_to(point(to)),
            PathSegment::QuadTo(control, to) => bez.quad_to(point(control), point(to)),
            PathSegment::CubicTo(first, second, to) => bez.curve_to(point(first), point(second), point(to)),
            PathSegment::Close => bez.close_path(),
        }
    }
    bez
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inside: &str) -> Result<Drawing, EngineError> {
        read(
            "parts/hand/x/front.svg",
            format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="-50 -20 100 200" width="300" height="600">{inside}</svg>"#)
                .as_bytes(),
        )
    }

    #[test]
    fn shapes_come_in_the_files_own_units_with_their_meaning() {
        let drawing = svg(r##"<g id="layer.back" transform="translate(1 2)"><rect id="iris.near.base--2" x="-5" y="0" width="10" height="4" fill="#123456"/></g>
               <path id="ink.skin" d="M0 0L10 0" stroke="#000" stroke-width="2" fill="none"/>
               <circle id="anchor.grip" cx="7" cy="-9" r="1" fill="red"/>"##)
        .unwrap();
        let marks = &drawing.art.marks;
        assert_eq!((&*marks[0].slot, marks[0].paint, marks[0].layer.as_deref()), ("iris.near", Paint::Fill(Tone::Base), Some("back")));
        let bounds = marks[0].path.bounding_box();
        assert!((bounds.x0 + 4.0).abs() < 1e-4 && (bounds.y1 - 6.0).abs() < 1e-4, "{bounds:?}");
        assert!(matches!(marks[1].paint, Paint::Ink { weight } if (weight - 2.0).abs() < 1e-4));
        assert!((drawing.art.anchors["grip"] - Point::new(7.0, -9.0)).hypot() < 1e-3);
        assert_eq!(drawing.defaults, [("iris.near".to_owned(), Tone::Base, "#123456".parse().unwrap())]);
    }

    #[test]
    fn an_error_names_the_file_and_the_id() {
        for (inside, id) in [
            (r#"<rect id="sleeve" width="4" height="4"/>"#, "`sleeve`"),
            (r#"<rect id=".base" width="4" height="4"/>"#, "`.base`"),
            (r#"<rect id="ink.main" width="4" height="4"/>"#, "`ink.main`"),
            (r#"<rect width="4" height="4"/>"#, "no id"),
        ] {
            let error = svg(inside).err().unwrap().to_string();
            assert!(error.contains("parts/hand/x/front.svg") && error.contains(id), "{error}");
        }
        assert!(svg("<rect").err().unwrap().to_string().contains("no XML"));
    }
}
