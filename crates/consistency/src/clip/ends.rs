//! The two ends of a clip, small enough to be kept with its verdict: what comes before and after it can be held against them
//! without decoding it again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::glance::{COLUMNS, Glance, Join, JoinKind, ROWS, oklab};

/// Cells of a glance that one of these holds together, across and down.
const TOGETHER: usize = 4;
/// Cells across.
const ACROSS: usize = COLUMNS / TOGETHER;
/// Cells down.
const DOWN: usize = ROWS / TOGETHER;

/// The first and the last picture of a clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipEnds {
    /// The first.
    pub first: End,
    /// The last.
    pub last: End,
}

impl ClipEnds {
    /// The ends of a clip by its first and last picture.
    #[must_use]
    pub fn of(first: &Glance, last: &Glance) -> Self {
        Self { first: End::of(first), last: End::of(last) }
    }

    /// How this clip goes over into the one after it.
    #[must_use]
    pub fn join_to(&self, after: &Self) -> Join {
        Join::of(self.last.oklab().zip(after.first.oklab()))
    }
}

/// A picture as the mean colours of 16 x 9 cells: gamma-encoded sRGB, three bytes a cell, row by row. Base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End(Vec<[u8; 3]>);

impl End {
    fn of(glance: &Glance) -> Self {
        let cells = glance.cells();
        let mean = |cell: usize| -> [u8; 3] {
            let (left, top) = (cell % ACROSS * TOGETHER, cell / ACROSS * TOGETHER);
            let mut sum = [0.0_f32; 3];
            for at in 0..TOGETHER * TOGETHER {
                let own = cells[(top + at / TOGETHER) * COLUMNS + left + at % TOGETHER];
                sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            }
            let linear = palette::LinSrgb::from(sum.map(|sum| sum / (TOGETHER * TOGETHER) as f32));
            palette::Srgb::<f32>::from_linear(linear).into_format::<u8>().into()
        };
        Self((0..ACROSS * DOWN).map(mean).collect())
    }

    /// Whether all of it has one colour, as what has faded out has.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let Some(first) = self.oklab().next() else { return true };
        Join::of(self.oklab().map(|cell| (first, cell))).kind == JoinKind::Same
    }

    fn oklab(&self) -> impl Iterator<Item = [f32; 3]> {
        let linear = |code: u8| crate::glance::LINEAR[usize::from(code)] as f32 / 65_535.0;
        self.0.iter().map(move |cell| oklab(cell.map(linear)))
    }
}

impl Serialize for End {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0.as_flattened()))
    }
}

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(&text).map_err(D::Error::custom)?;
        match bytes.as_chunks::<3>() {
            (cells, []) if cells.len() == ACROSS * DOWN => Ok(Self(cells.to_vec())),
            _ => Err(D::Error::custom(format!("the end of a clip has {} bytes, got {}", ACROSS * DOWN * 3, bytes.len()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{face, flat, noise};

    fn ends(first: &engine::picture::Raster, last: &engine::picture::Raster) -> ClipEnds {
        ClipEnds::of(&Glance::of(first).unwrap(), &Glance::of(last).unwrap())
    }

    #[test]
    fn the_ends_tell_a_cut_from_a_movement_from_a_hold_as_the_pictures_do() {
        let still = face(640, 360);
        let mut moved = still.clone();
        moved.rgba[..640 * 4 * 90].fill(255);
        let clip = ends(&noise(640, 360, 3), &still);
        assert_eq!(clip.join_to(&ends(&still, &moved)).kind, JoinKind::Same);
        assert_eq!(clip.join_to(&ends(&moved, &still)).kind, JoinKind::Continuous);
        assert_eq!(clip.join_to(&ends(&flat(640, 360, [200, 20, 20, 255]), &still)).kind, JoinKind::Cut);
    }

    #[test]
    fn what_faded_out_is_plain_and_a_drawing_is_not() {
        let clip = ends(&flat(320, 180, [0, 0, 0, 255]), &face(320, 180));
        assert!(clip.first.is_plain() && !clip.last.is_plain());
    }

    #[test]
    fn they_are_kept_as_they_are() {
        let clip = ends(&face(320, 180), &noise(320, 180, 9));
        let json = serde_json::to_string(&clip).unwrap();
        assert!(json.len() < 1_300, "{} bytes", json.len());
        assert_eq!(serde_json::from_str::<ClipEnds>(&json).unwrap(), clip);
        let short = serde_json::from_str::<End>("\"AAAA\"").unwrap_err();
        assert!(short.to_string().contains("432 bytes, got 3"), "{short}");
    }
}
