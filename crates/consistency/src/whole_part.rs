//! Parts that are too small to have pixels of their own: their whole place against the layout's.

use engine::picture::{PartMap, Raster};

use crate::measure::Region;
use crate::softened::Softened;

/// The mean colour of a part's whole place, in the layout and in the picture.
#[derive(Debug, Clone)]
pub(crate) struct WholePart {
    /// Pixels of the place, its border too.
    pub(crate) pixels: u32,
    /// Mean of the layout's gamma-encoded channels there, 0 to 255, as soft as the picture is.
    pub(crate) expected: [f64; 3],
    /// Mean of the picture's.
    pub(crate) found: [f64; 3],
    /// Where.
    pub(crate) at: Region,
}

/// The wanted parts of a map that are seen.
pub(crate) fn of(image: &Raster, softened: &Softened<'_>, map: &PartMap, wanted: &[bool]) -> Vec<Option<WholePart>> {
    struct Sums {
        count: u32,
        expected: [f64; 3],
        found: [u64; 3],
        place: [u64; 2],
        from: [u32; 2],
        to: [u32; 2],
    }
    let mut sums: Vec<Option<Sums>> = wanted.iter().map(|_| None).collect();
    let width = map.width as usize;
    for (at, index) in map.indices.iter().enumerate() {
        let index = usize::from(*index);
        if !wanted.get(index).copied().unwrap_or(false) {
            continue;
        }
        let here = [(at % width) as u32, (at / width) as u32];
        let sums = sums[index].get_or_insert(Sums { count: 0, expected: [0.0; 3], found: [0; 3], place: [0; 2], from: here, to: here });
        sums.count += 1;
        let expected = softened.at(here[0] as usize, here[1] as usize);
        sums.expected.iter_mut().zip(expected).for_each(|(sum, value)| *sum += value);
        sums.found.iter_mut().zip(&image.rgba[at * 4..]).for_each(|(sum, code)| *sum += u64::from(*code));
        for (axis, place) in here.into_iter().enumerate() {
            sums.place[axis] += u64::from(place);
            sums.from[axis] = sums.from[axis].min(place);
            sums.to[axis] = sums.to[axis].max(place);
        }
    }
    let mean = |Sums { count, expected, found, place, from, to }: Sums| WholePart {
        pixels: count,
        expected: expected.map(|sum| sum / f64::from(count)),
        found: found.map(|sum| sum as f64 / f64::from(count)),
        at: Region {
            left: from[0],
            top: from[1],
            width: to[0] - from[0] + 1,
            height: to[1] - from[1] + 1,
            centre: place.map(|sum| (sum / u64::from(count)) as u32),
        },
    };
    sums.into_iter().map(|sums| sums.map(mean)).collect()
}
