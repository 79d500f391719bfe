//! Counting colours part by part, away from the parts' borders.

use engine::picture::{PartMap, Raster};

use crate::colour::region;
use crate::measure::Region;

/// Colours are gathered in cells of 8 code values a channel: 5 bits each. What is measured is the mean
/// of a cell's own pixels, so the flat tones of a cel keep their exact colour.
const CELLS: usize = 1 << 15;

/// Pixels with less alpha are not a colour of the part alone.
const OPAQUE: u8 = 250;

/// The colours found in one part.
#[derive(Debug, Default)]
pub(crate) struct PartColours {
    /// One entry for each cell with pixels, in order of first appearance.
    pub(crate) cells: Vec<Cell>,
    /// Pixels counted.
    pub(crate) pixels: u32,
    /// Pixels of the part in all, with its border.
    pub(crate) seen: u32,
}

/// The pixels of one part that share a colour cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// How many.
    pub(crate) count: u32,
    sums: [u64; 3],
    sum_x: u64,
    sum_y: u64,
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) top: u32,
    pub(crate) bottom: u32,
}

impl Cell {
    /// Mean of the gamma-encoded channels, 0 to 255.
    pub(crate) fn mean(&self) -> [f64; 3] {
        self.sums.map(|sum| sum as f64 / f64::from(self.count))
    }

    /// Centre of gravity times the count.
    pub(crate) const fn moments(&self) -> [u64; 2] {
        [self.sum_x, self.sum_y]
    }
}

/// The cell of a colour, as an index below [`CELLS`].
pub(crate) fn cell_of([red, green, blue, _]: [u8; 4]) -> usize {
    (usize::from(red >> 3) << 10) | (usize::from(green >> 3) << 5) | usize::from(blue >> 3)
}

/// Counts the colours of every part but the background.
///
/// A part's border mixes with its neighbours and its line, so it loses 2 pixels all around, or 1 where
/// less than `enough` pixels would be left.
pub(crate) fn count(image: &Raster, map: &PartMap, enough: u32) -> Vec<PartColours> {
    let width = map.width as usize;
    let once = eroded(&map.indices, width);
    let twice = eroded(&once, width);
    let parts = map.parts.len();
    let mut depth = vec![1u8; 256];
    for (part, count) in tally(&twice).into_iter().enumerate() {
        depth[part] = if count >= enough { 2 } else { 1 };
    }
    let mut colours: Vec<PartColours> = (0..parts).map(|_| PartColours::default()).collect();
    for (part, seen) in tally(&map.indices).into_iter().enumerate().take(parts) {
        colours[part].seen = seen;
    }
    // One table per part, made when the part first shows up: cell -> 1 + place in `cells`.
    let mut tables: Vec<Option<Box<[u32]>>> = (0..parts).map(|_| None).collect();
    let pixels = image.rgba.as_chunks::<4>().0;
    for (y, ((row, once), twice)) in pixels.chunks_exact(width).zip(once.chunks_exact(width)).zip(twice.chunks_exact(width)).enumerate() {
        let part_at = |x: usize| {
            let part = once[x];
            if depth[usize::from(part)] == 2 { twice[x] } else { part }
        };
        let mut x = 0;
        while x < width {
            let (part, pixel) = (part_at(x), row[x]);
            let start = x;
            x += 1;
            // Cels are flat: taking equal neighbours at once is most of the speed.
            while x < width && row[x] == pixel && part_at(x) == part {
                x += 1;
            }
            let index = usize::from(part);
            if index == 0 || index >= parts || pixel[3] < OPAQUE {
                continue;
            }
            let table = tables[index].get_or_insert_with(|| vec![0; CELLS].into_boxed_slice());
            colours[index].add(table, pixel, start as u32, x as u32, y as u32);
        }
    }
    colours
}

impl PartColours {
    /// The box around the pixels counted, and their centre of gravity.
    pub(crate) fn region(&self) -> Region {
        region(self.cells.iter())
    }

    /// Adds the run of pixels from `start` to before `end` in row `y`.
    fn add(&mut self, table: &mut [u32], pixel: [u8; 4], start: u32, end: u32, y: u32) {
        let place = &mut table[cell_of(pixel)];
        if *place == 0 {
            self.cells.push(Cell { count: 0, sums: [0; 3], sum_x: 0, sum_y: 0, left: start, right: start, top: y, bottom: y });
            *place = self.cells.len() as u32;
        }
        let cell = &mut self.cells[*place as usize - 1];
        let run = end - start;
        cell.count += run;
        self.pixels += run;
        for (sum, channel) in cell.sums.iter_mut().zip(pixel) {
            *sum += u64::from(channel) * u64::from(run);
        }
        cell.sum_x += u64::from(start + end - 1) * u64::from(run) / 2;
        cell.sum_y += u64::from(y) * u64::from(run);
        cell.left = cell.left.min(start);
        cell.right = cell.right.max(end - 1);
        cell.bottom = y;
    }
}

/// The map without every pixel that has another part among its 8 neighbours; the picture's own edge
/// counts as another part.
fn eroded(indices: &[u8], width: usize) -> Vec<u8> {
    let mut across = vec![0; indices.len()];
    for (row, out) in indices.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
        if width >= 3 {
            for (out, ((left, here), right)) in out[1..].iter_mut().zip(row.iter().zip(&row[1..]).zip(&row[2..])) {
                *out = keep(*left, *here, *right);
            }
        }
    }
    let mut both = vec![0; indices.len()];
    let height = indices.len() / width;
    for y in 1..height.saturating_sub(1) {
        let [above, here, below] = [y - 1, y, y + 1].map(|row| &across[row * width..(row + 1) * width]);
        for (out, ((above, here), below)) in both[y * width..(y + 1) * width].iter_mut().zip(above.iter().zip(here).zip(below)) {
            *out = keep(*above, *here, *below);
        }
    }
    both
}

const fn keep(before: u8, here: u8, after: u8) -> u8 {
    if before == here && here == after { here } else { 0 }
}

fn tally(indices: &[u8]) -> [u32; 256] {
    // Neighbours are nearly always alike, and counting into one cell stalls on itself: four take turns.
    let mut counts = [[0u32; 256]; 4];
    let (quads, rest) = indices.as_chunks::<4>();
    for quad in quads {
        for (counts, index) in counts.iter_mut().zip(quad) {
            counts[usize::from(*index)] += 1;
        }
    }
    rest.iter().for_each(|index| counts[0][usize::from(*index)] += 1);
    std::array::from_fn(|index| counts.iter().map(|counts| counts[index]).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erosion_takes_one_pixel_all_around() {
        let mut map = vec![0u8; 49];
        for y in 1..6 {
            map[y * 7 + 1..y * 7 + 6].fill(3);
        }
        let once = eroded(&map, 7);
        assert_eq!(tally(&once)[3], 9);
        assert_eq!(tally(&eroded(&once, 7))[3], 1);
    }
}
