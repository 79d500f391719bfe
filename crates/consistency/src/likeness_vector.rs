//! Vectors that tell which pictures look alike: their colours, where those lie, and how the light changes.
//!
//! Nothing in it knows who is in a picture. Two characters in the same colours are near each other, and one character in
//! other clothes, or in other light, is far from themselves. It finds what shares its colours and its layout.

use engine::picture::{PartMap, Raster};

use crate::glance::{COLUMNS, Glance, ROWS};
use crate::palette_overlap::Palette;

/// Name and version: vectors of another version cannot be compared with these.
pub const MODEL: &str = "colours-and-layout@1";

/// Numbers in a vector.
pub const LENGTH: usize = Palette::COARSE + LAYOUT[0] * LAYOUT[1] * 3 + TURNS[0] * TURNS[1] * DIRECTIONS;

/// Columns and rows of the layout of colours.
const LAYOUT: [usize; 2] = [8, 4];
/// Columns and rows of the layout of changes of light.
const TURNS: [usize; 2] = [4, 3];
/// Directions in which light changes, of half a turn.
const DIRECTIONS: usize = 4;
/// What each part is worth: the share of the cosine that it decides.
const WORTH: [f32; 3] = [0.7, 0.2, 0.1];
/// What a step of a and b in Oklab is worth beside one of lightness, which has three times their reach.
const CHROMA: f32 = 3.0;

/// The vector of a picture without its ground, of length 1; none for a picture without pixels.
#[must_use]
pub fn of_picture(image: &Raster) -> Option<Vec<f32>> {
    of(image, Palette::of(image))
}

/// The vector of one character alone: what a part map says is theirs, in the box around it. None where they are not in
/// sight, or map and picture do not fit.
#[must_use]
pub fn of_figure(image: &Raster, map: &PartMap, owner: &bible::Slug) -> Option<Vec<f32>> {
    let (width, height) = (image.width as usize, image.height as usize);
    if (map.width, map.height) != (image.width, image.height)
        || map.indices.len() != width * height
        || image.rgba.len() != map.indices.len() * 4
    {
        return None;
    }
    let theirs = map.owned_by(owner);
    let [columns, rows] = map.extent_of(owner)?;
    let mut rgba = Vec::with_capacity(columns.len() * rows.len() * 4);
    for y in rows.clone() {
        for x in columns.clone() {
            let at = y as usize * width + x as usize;
            let seen = theirs[usize::from(map.indices[at])];
            rgba.extend_from_slice(if seen { &image.rgba[at * 4..at * 4 + 4] } else { &[0; 4] });
        }
    }
    let cut = Raster { width: columns.end - columns.start, height: rows.end - rows.start, rgba };
    of(&cut, Palette::of_all(&cut))
}

fn of(image: &Raster, palette: Option<Palette>) -> Option<Vec<f32>> {
    let glance = Glance::of(image)?;
    let cells: Vec<[f32; 3]> = glance.oklab().collect();
    // The root makes the cosine of two histograms their Bhattacharyya coefficient, which no single large area rules.
    let colours = palette.map_or_else(|| vec![0.0; Palette::COARSE], |palette| palette.coarse().map(f32::sqrt).collect());
    let mut vector = Vec::with_capacity(LENGTH);
    for (part, worth) in [colours, layout(&cells), turns(&cells)].into_iter().zip(WORTH) {
        let length = part.iter().map(|value| value * value).sum::<f32>().sqrt();
        let scale = if length > 1e-6 { worth.sqrt() / length } else { 0.0 };
        vector.extend(part.into_iter().map(|value| value * scale));
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    (length > 0.0).then(|| vector.into_iter().map(|value| value / length).collect())
}

/// The mean colour of each field of a coarse grid.
fn layout(cells: &[[f32; 3]]) -> Vec<f32> {
    let (wide, high) = (COLUMNS / LAYOUT[0], ROWS / LAYOUT[1]);
    let mut fields = vec![[0.0f32; 3]; LAYOUT[0] * LAYOUT[1]];
    for (place, [lightness, a, b]) in cells.iter().enumerate() {
        let field = &mut fields[place / COLUMNS / high * LAYOUT[0] + place % COLUMNS / wide];
        field[0] += lightness - 0.5;
        field[1] += CHROMA * a;
        field[2] += CHROMA * b;
    }
    fields.into_iter().flatten().map(|sum| sum / (wide * high) as f32).collect()
}

/// How much the light changes in which direction, in each field of a coarser grid.
fn turns(cells: &[[f32; 3]]) -> Vec<f32> {
    let (wide, high) = (COLUMNS / TURNS[0], ROWS / TURNS[1]);
    let mut fields = vec![0.0f32; TURNS[0] * TURNS[1] * DIRECTIONS];
    let light = |x: usize, y: usize| cells[y * COLUMNS + x][0];
    for y in 1..ROWS - 1 {
        for x in 1..COLUMNS - 1 {
            let (across, along) = (light(x + 1, y) - light(x - 1, y), light(x, y + 1) - light(x, y - 1));
            // A line has no beginning and no end: opposite directions are the same.
            let turn = along.atan2(across).rem_euclid(std::f32::consts::PI) / std::f32::consts::PI * DIRECTIONS as f32;
            let (low, part) = (turn as usize, turn.fract());
            let strength = across.hypot(along);
            let field = (y / high * TURNS[0] + x / wide) * DIRECTIONS;
            fields[field + low % DIRECTIONS] += strength * (1.0 - part);
            fields[field + (low + 1) % DIRECTIONS] += strength * part;
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Face, face, flat, noise};

    fn cosine(one: &[f32], other: &[f32]) -> f32 {
        one.iter().zip(other).map(|(one, other)| one * other).sum()
    }

    #[test]
    fn a_vector_has_length_one_and_the_same_picture_the_same_vector() {
        let vector = of_picture(&face(640, 360)).unwrap();
        assert_eq!(vector.len(), LENGTH);
        assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-5);
        assert_eq!(of_picture(&face(640, 360)), Some(vector));
    }

    #[test]
    fn a_picture_is_nearer_to_itself_in_another_size_than_to_one_in_other_colours() {
        let vector = of_picture(&face(640, 360)).unwrap();
        let small = of_picture(&face(320, 180)).unwrap();
        let other = Face { hair: "#c03030".parse().unwrap(), skin: "#8a5a40".parse().unwrap(), ..Face::default() };
        let other = of_picture(&other.draw(640, 360).0).unwrap();
        let (small, other, noise) =
            (cosine(&vector, &small), cosine(&vector, &other), cosine(&vector, &of_picture(&noise(640, 360, 3)).unwrap()));
        assert!(small > 0.98 && other < 0.9 && noise < other, "{small} {other} {noise}");
    }

    #[test]
    fn a_figure_is_the_same_before_another_ground() {
        let mei: bible::Slug = "mei".parse().unwrap();
        let (picture, map) = Face::default().draw(640, 360);
        let mut elsewhere = picture.clone();
        for (pixel, index) in elsewhere.rgba.as_chunks_mut::<4>().0.iter_mut().zip(&map.indices) {
            if *index == 0 {
                *pixel = [200, 40, 40, 255];
            }
        }
        let figure = |picture: &Raster| of_figure(picture, &map, &mei).unwrap();
        assert_eq!(figure(&picture), figure(&elsewhere));
        assert!(cosine(&of_picture(&picture).unwrap(), &of_picture(&elsewhere).unwrap()) < 0.99);
        assert_eq!(of_figure(&picture, &map, &"nobody".parse().unwrap()), None);
        assert_eq!(of_figure(&flat(3, 3, [9; 4]), &map, &mei), None);
    }

    #[test]
    fn pictures_of_one_colour_and_without_pixels_are_no_trouble() {
        assert!(of_picture(&flat(40, 40, [120, 120, 120, 255])).is_some());
        assert_eq!(of_picture(&flat(0, 0, [0; 4])), None);
    }
}
