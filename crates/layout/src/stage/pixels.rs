//! Pixel work: sampling drawn layers at sub-pixel places, and laying pictures over each other.
//!
//! Pixels are premultiplied RGBA as tiny-skia keeps them. All arithmetic is on integers, two channels at a
//! time in one word, so that results are the same on every machine.

use std::ops::Range;

use engine::picture::Raster;
use tiny_skia::{IntSize, Pixmap};

const PAIR: u32 = 0x00ff_00ff;

/// A mix of two pixels, weight 0 (first) to 256 (second).
#[inline]
fn lerp(first: u32, second: u32, weight: u32) -> u32 {
    let even = ((first & PAIR) * (256 - weight) + (second & PAIR) * weight) >> 8;
    let odd = ((first >> 8) & PAIR) * (256 - weight) + ((second >> 8) & PAIR) * weight;
    (even & PAIR) | (odd & !PAIR)
}

/// A pixel with all channels times `weight` / 256.
#[inline]
fn fade(pixel: u32, weight: u32) -> u32 {
    lerp(0, pixel, weight)
}

/// Premultiplied `source` over `under`.
#[inline]
fn over(source: u32, under: u32) -> u32 {
    let alpha = source >> 24;
    match alpha {
        255 => source,
        0 => under,
        _ => {
            let rest = 255 - alpha;
            let divide = |pair: u32| {
                let sum = pair * rest + 0x0080_0080;
                ((sum + ((sum >> 8) & PAIR)) >> 8) & PAIR
            };
            source + (divide(under & PAIR) | (divide((under >> 8) & PAIR) << 8))
        }
    }
}

/// The pixels of a pixmap as one array of 4 bytes each.
pub(crate) fn quads(pixmap: &Pixmap) -> &[[u8; 4]] {
    pixmap.data().as_chunks().0
}

pub(crate) fn quads_mut(pixmap: &mut Pixmap) -> &mut [[u8; 4]] {
    pixmap.data_mut().as_chunks_mut().0
}

/// Part of a drawing as pixels, to be sampled. What is clear around it is not kept.
#[derive(Debug)]
pub(crate) struct Plate {
    pixmap: Pixmap,
    /// Units of the drawing at the left and top edge of the pixels that the plate was made of.
    origin: [f64; 2],
    /// Where the kept pixels lie in those.
    corner: [f64; 2],
    /// Plate pixels per unit.
    scale: f64,
    /// For each row the columns that are not clear: first, and one past the last.
    spans: Vec<(u32, u32)>,
}

/// Sampling positions along one axis.
struct Axis {
    /// Left or upper neighbour, and the weight of the other, 0 to 256.
    taps: Vec<(u32, u32)>,
}

impl Axis {
    /// The positions of pixels 0 to `length`; see [`Taps`].
    fn new(length: u32, slope: f64, start: f64, size: u32) -> Self {
        let taps = Taps::new(slope, start, size);
        Self { taps: (0..length as usize).map(|pixel| taps.at(pixel)).collect() }
    }
}

/// Positions `slope * (pixel + 0.5) + start - 0.5`, clamped to `size` samples.
struct Taps {
    slope: f64,
    start: f64,
    last: f64,
}

impl Taps {
    fn new(slope: f64, start: f64, size: u32) -> Self {
        Self { slope, start, last: f64::from(size - 1) }
    }

    /// The left or upper neighbour, and the weight of the other, 0 to 256.
    #[inline]
    fn at(&self, pixel: usize) -> (u32, u32) {
        let at = (self.slope * (pixel as f64 + 0.5) + self.start - 0.5).clamp(0.0, self.last);
        // Half up, as rounding does for what is not negative, without a call of the mathematics library.
        let fixed = (at * 256.0 + 0.5) as u32;
        (fixed >> 8, fixed & 255)
    }
}

impl Plate {
    /// A plate of pixels whose upper left corner is at `origin` (in units of the drawing).
    #[must_use]
    pub(crate) fn new(pixmap: Pixmap, origin: [f64; 2], scale: f64) -> Self {
        let width = pixmap.width();
        let mut spans: Vec<(u32, u32)> = quads(&pixmap)
            .chunks_exact(width as usize)
            .map(|row| {
                let first = row.iter().position(|pixel| pixel[3] != 0).unwrap_or(row.len());
                let end = row.iter().rposition(|pixel| pixel[3] != 0).map_or(first, |last| last + 1);
                (first as u32, end as u32)
            })
            .collect();
        let (columns, rows) = kept(&spans, width);
        spans.truncate(rows.end);
        spans.drain(..rows.start);
        for span in spans.iter_mut() {
            // An empty span stays one: both of its ends go to the same place.
            *span = (span.0.clamp(columns.start, columns.end) - columns.start, span.1.clamp(columns.start, columns.end) - columns.start);
        }
        let corner = [f64::from(columns.start), rows.start as f64];
        Self { pixmap: crop(pixmap, columns, rows), origin, corner, scale, spans }
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.pixmap.data().len()
    }

    /// Columns of the plate that are not clear in either of two rows: first, and one past the last.
    fn span(&self, rows: [u32; 2]) -> (u32, u32) {
        let [one, other] = rows.map(|row| self.spans[row as usize]);
        if one.0 >= one.1 {
            other
        } else if other.0 >= other.1 {
            one
        } else {
            (one.0.min(other.0), one.1.max(other.1))
        }
    }

    /// Columns of the destination that a span of the plate's columns can touch, under a mapping.
    fn reach(&self, (first, end): (u32, u32), slope: f64, start: f64, width: u32) -> (usize, usize) {
        if first >= end {
            return (0, 0);
        }
        // Samples outside of the plate repeat its edge.
        let left = if first == 0 { 0.0 } else { ((f64::from(first) - 0.5 - start) / slope - 1.5).floor() };
        let right = if end == self.pixmap.width() { f64::from(width) } else { ((f64::from(end) + 0.5 - start) / slope + 1.5).ceil() };
        let clamp = |column: f64| column.clamp(0.0, f64::from(width)) as usize;
        (clamp(left), clamp(right))
    }

    /// Draws the plate where `placing` (pixels per unit, pixel of unit 0) puts it. What lies above the plate is
    /// clear; to the other sides its edge is repeated.
    pub(crate) fn draw(&self, onto: &mut Pixmap, scale: f64, x: f64, y: f64) {
        let (width, height) = (onto.width(), onto.height());
        let slope = self.scale / scale;
        let start_x = (-x / scale - self.origin[0]) * self.scale - self.corner[0];
        let start_y = (-y / scale - self.origin[1]) * self.scale - self.corner[1];
        let columns = Axis::new(width, slope, start_x, self.pixmap.width());
        let rows = Axis::new(height, slope, start_y, self.pixmap.height());
        let exact = columns.taps.iter().all(|tap| tap.1 == 0) && (slope - 1.0).abs() < 1e-9;
        let stride = self.pixmap.width() as usize;
        let source = quads(&self.pixmap);
        let above = (((-0.5 - start_y) / slope) - 0.5).ceil().max(0.0) as usize;
        let (first, end) =
            self.spans.iter().filter(|span| span.0 < span.1).fold((u32::MAX, 0), |all, span| (all.0.min(span.0), all.1.max(span.1)));
        let (first, end) = self.reach((first, end), slope, start_x, width);
        let mut across = Across::new(self, &columns.taps[first..end]);
        for (y, target) in quads_mut(onto).chunks_exact_mut(width as usize).enumerate().skip(above) {
            let (row, weight) = rows.taps[y];
            let next = (row + 1).min(self.pixmap.height() - 1);
            let (from, to) = self.reach(self.span([row, if weight == 0 { row } else { next }]), slope, start_x, width);
            if from >= to {
                continue;
            }
            let (left, right) = (columns.taps[from].0 as usize, columns.taps[to - 1].0 as usize);
            if exact && weight == 0 && right - left == to - 1 - from {
                lay_row(&mut target[from..to], &source[row as usize * stride..][left..=right]);
            } else {
                lay_row(&mut target[from..to], across.mix([row, next], weight, from - first..to - first));
            }
        }
    }

    /// Draws one row of the destination from the plate's row at `unit_y`. `haze` is mixed in first: a colour and its
    /// share, 0 to 256.
    pub(crate) fn draw_row(&self, target: &mut [[u8; 4]], unit_y: f64, scale: f64, x: f64, haze: ([u8; 3], u32)) {
        let width = target.len() as u32;
        let slope = self.scale / scale;
        let start_x = (-x / scale - self.origin[0]) * self.scale - self.corner[0];
        let at = (unit_y - self.origin[1]) * self.scale - self.corner[1] - 0.5;
        if at < -0.5 {
            return;
        }
        let fixed = (at.clamp(0.0, f64::from(self.pixmap.height() - 1)) * 256.0).round() as u32;
        let (row, weight) = (fixed >> 8, fixed & 255);
        let next = (row + 1).min(self.pixmap.height() - 1);
        let (from, to) = self.reach(self.span([row, next]), slope, start_x, width);
        if from >= to {
            return;
        }
        let stride = self.pixmap.width() as usize;
        let source = quads(&self.pixmap);
        let (upper, lower) = (&source[row as usize * stride..][..stride], &source[next as usize * stride..][..stride]);
        // Every row of a floor has a scale of its own, so nothing is shared between rows: mixed down first, then across.
        let taps = Taps::new(slope, start_x, self.pixmap.width());
        let (first, end) = (taps.at(from).0 as usize, taps.at(to - 1).0 as usize + 2);
        let columns = first..end.min(stride);
        let mut mixed = vec![[0_u8; 4]; columns.len()];
        mix_rows(&mut mixed, &upper[columns.clone()], &lower[columns], weight as u16);
        let last = mixed.len() - 1;
        let drawn: Vec<[u8; 4]> = (from..to)
            .map(|pixel| {
                let (column, share) = taps.at(pixel);
                let left = column as usize - first;
                lerp(u32::from_le_bytes(mixed[left]), u32::from_le_bytes(mixed[(left + 1).min(last)]), share).to_le_bytes()
            })
            .collect();
        if haze.1 == 0 {
            lay_row(&mut target[from..to], &drawn);
            return;
        }
        let air = u32::from_le_bytes([haze.0[0], haze.0[1], haze.0[2], 255]);
        for (target, pixel) in target[from..to].iter_mut().zip(drawn) {
            let pixel = u32::from_le_bytes(pixel);
            let veiled = lerp(pixel, fade(air, (pixel >> 24) + u32::from(pixel >> 24 == 255)), haze.1);
            *target = over(veiled, u32::from_le_bytes(*target)).to_le_bytes();
        }
    }
}

/// Columns and rows that are worth keeping: all that are not clear, and a clear one beside them for sampling to run out
/// into, where the pixels do not end there anyway.
fn kept(spans: &[(u32, u32)], width: u32) -> (Range<u32>, Range<usize>) {
    let drawn = |span: &(u32, u32)| span.0 < span.1;
    let (Some(top), Some(bottom)) = (spans.iter().position(drawn), spans.iter().rposition(drawn)) else { return (0..1, 0..1) };
    let (left, right) = spans.iter().filter(|span| drawn(span)).fold((width, 0), |all, span| (all.0.min(span.0), all.1.max(span.1)));
    (left.saturating_sub(1)..(right + 1).min(width), top.saturating_sub(1)..(bottom + 2).min(spans.len()))
}

/// A part of a pixmap, in the memory of the whole.
fn crop(pixmap: Pixmap, columns: Range<u32>, rows: Range<usize>) -> Pixmap {
    let size = IntSize::from_wh(columns.end - columns.start, (rows.end - rows.start) as u32);
    let Some(size) = size.filter(|size| (size.width(), size.height()) != (pixmap.width(), pixmap.height())) else { return pixmap };
    let (stride, row) = (pixmap.width() as usize * 4, size.width() as usize * 4);
    let mut data = pixmap.take();
    for (to, from) in rows.enumerate() {
        let start = from * stride + columns.start as usize * 4;
        data.copy_within(start..start + row, to * row);
    }
    data.truncate(row * size.height() as usize);
    data.shrink_to_fit();
    Pixmap::from_vec(data, size).expect("as many bytes as the size asks for")
}

/// Rows of a plate sampled along one axis: rows of the destination that lie between the same two share them.
struct Across<'a> {
    plate: &'a Plate,
    /// Where the columns that are sampled lie in the plate.
    taps: &'a [(u32, u32)],
    /// The row of the plate, and its pixels at the taps.
    rows: [(Option<u32>, Vec<[u8; 4]>); 2],
    mixed: Vec<[u8; 4]>,
}

impl<'a> Across<'a> {
    fn new(plate: &'a Plate, taps: &'a [(u32, u32)]) -> Self {
        let row = || vec![[0; 4]; taps.len()];
        Self { plate, taps, rows: [(None, row()), (None, row())], mixed: row() }
    }

    /// A mix of two rows of the plate, `weight` / 256 of the second, at some of the columns.
    fn mix(&mut self, rows: [u32; 2], weight: u32, columns: Range<usize>) -> &[[u8; 4]] {
        let upper = self.sample(rows[0], None);
        if weight == 0 {
            return &self.rows[upper].1[columns];
        }
        let lower = self.sample(rows[1], Some(upper));
        let mixed = &mut self.mixed[columns.clone()];
        mix_rows(mixed, &self.rows[upper].1[columns.clone()], &self.rows[lower].1[columns], weight as u16);
        mixed
    }

    /// Which of the two kept rows holds a row of the plate; sampled into the one that is not `busy` when neither does.
    fn sample(&mut self, row: u32, busy: Option<usize>) -> usize {
        if let Some(at) = self.rows.iter().position(|kept| kept.0 == Some(row)) {
            return at;
        }
        // Rows come from top to bottom, so the upper of the two is the one that is done with.
        let at = busy.map_or_else(|| usize::from(self.rows[0].0 > self.rows[1].0), |busy| 1 - busy);
        let stride = self.plate.pixmap.width() as usize;
        let pixels = &quads(&self.plate.pixmap)[row as usize * stride..][..stride];
        let kept = &mut self.rows[at];
        kept.0 = Some(row);
        for (target, &(column, share)) in kept.1.iter_mut().zip(self.taps) {
            let (left, right) = (pixels[column as usize], pixels[(column as usize + 1).min(stride - 1)]);
            *target = lerp(u32::from_le_bytes(left), u32::from_le_bytes(right), share).to_le_bytes();
        }
        at
    }
}

/// Mixes two rows byte by byte: `weight` / 256 of the second.
fn mix_rows(target: &mut [[u8; 4]], upper: &[[u8; 4]], lower: &[[u8; 4]], weight: u16) {
    let pairs = upper.as_flattened().iter().zip(lower.as_flattened());
    for (target, (upper, lower)) in target.as_flattened_mut().iter_mut().zip(pairs) {
        *target = ((u16::from(*upper) * (256 - weight) + u16::from(*lower) * weight) >> 8) as u8;
    }
}

/// Lays a row of pixels over another. Most stretches are clear or opaque throughout, and told at once.
fn lay_row(target: &mut [[u8; 4]], source: &[[u8; 4]]) {
    const STRETCH: usize = 16;
    for (target, source) in target.chunks_mut(STRETCH).zip(source.chunks(STRETCH)) {
        let (all, any) = source.iter().fold((255, 0), |(all, any), pixel| (all & pixel[3], any | pixel[3]));
        if all == 255 {
            target.copy_from_slice(source);
        } else if any != 0 {
            for (target, pixel) in target.iter_mut().zip(source) {
                *target = over(u32::from_le_bytes(*pixel), u32::from_le_bytes(*target)).to_le_bytes();
            }
        }
    }
}

/// Lays one picture over another of the same size.
pub(crate) fn lay_over(onto: &mut Pixmap, source: &Pixmap) {
    lay_row(quads_mut(onto), quads(source));
}

/// Lays a small picture over a larger one at `left`, `top` (may lie outside).
pub(crate) fn lay_at(onto: &mut Pixmap, source: &Pixmap, left: i32, top: i32) {
    let (width, height) = (onto.width() as i32, onto.height() as i32);
    let (from_x, to_x) = (left.max(0), (left + source.width() as i32).min(width));
    let (from_y, to_y) = (top.max(0), (top + source.height() as i32).min(height));
    if from_x >= to_x {
        return;
    }
    let stride = source.width() as usize;
    let pixels = quads(source);
    let target = quads_mut(onto);
    for y in from_y..to_y {
        let from = (y - top) as usize * stride + (from_x - left) as usize;
        let row = &pixels[from..][..(to_x - from_x) as usize];
        lay_row(&mut target[(y * width + from_x) as usize..][..row.len()], row);
    }
}

/// Lays a coarse premultiplied picture over a fine one, smoothly enlarged to cover it.
pub(crate) fn lay_coarse(onto: &mut Pixmap, coarse: &Pixmap) {
    let (width, height) = (onto.width(), onto.height());
    let slope = (f64::from(coarse.width()) / f64::from(width), f64::from(coarse.height()) / f64::from(height));
    let columns = Axis::new(width, slope.0, 0.0, coarse.width());
    let rows = Axis::new(height, slope.1, 0.0, coarse.height());
    let stride = coarse.width() as usize;
    let pixels = quads(coarse);
    let mut blended = vec![[0_u8; 4]; stride];
    for (target, &(row, weight)) in quads_mut(onto).chunks_exact_mut(width as usize).zip(&rows.taps) {
        let next = (row + 1).min(coarse.height() - 1);
        let (upper, lower) = (&pixels[row as usize * stride..][..stride], &pixels[next as usize * stride..][..stride]);
        for (pixel, (upper, lower)) in blended.iter_mut().zip(upper.iter().zip(lower)) {
            *pixel = lerp(u32::from_le_bytes(*upper), u32::from_le_bytes(*lower), weight).to_le_bytes();
        }
        for (target, &(column, share)) in target.iter_mut().zip(&columns.taps) {
            let (left, right) = (column as usize, (column as usize + 1).min(stride - 1));
            let (left, right) = (u32::from_le_bytes(blended[left]), u32::from_le_bytes(blended[right]));
            if left | right == 0 {
                continue;
            }
            let pixel = lerp(left, right, share);
            *target = over(pixel, u32::from_le_bytes(*target)).to_le_bytes();
        }
    }
}

/// Fades an opaque picture towards black; `share` 0 leaves nothing, 256 all.
pub(crate) fn fade_to_black(pixmap: &mut Pixmap, share: u32) {
    for pixel in quads_mut(pixmap) {
        *pixel = (fade(u32::from_le_bytes(*pixel), share) | 0xff00_0000).to_le_bytes();
    }
}

/// 2^24 / alpha, rounded up: multiplied with a number below 2^16 and shifted down by 24 it gives the very quotient
/// (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", 1994).
const INVERSE: [u64; 256] = {
    let mut table = [0; 256];
    let mut alpha = 1;
    while alpha < 256 {
        table[alpha] = (1_u64 << 24).div_ceil(alpha as u64);
        alpha += 1;
    }
    table
};

/// The pixels with straight alpha.
pub(crate) fn straight(mut pixmap: Pixmap) -> Raster {
    let (width, height) = (pixmap.width(), pixmap.height());
    // Nearly all pixels are clear or opaque, and stay as they are: whole stretches of them are told at once.
    for stretch in quads_mut(&mut pixmap).chunks_mut(32) {
        let soft = stretch.iter().fold(0, |soft, pixel| soft | (pixel[3].wrapping_add(1) > 1) as u8);
        if soft == 0 {
            continue;
        }
        for pixel in stretch {
            let alpha = u32::from(pixel[3]);
            if alpha != 0 && alpha != 255 {
                let inverse = INVERSE[alpha as usize];
                for channel in &mut pixel[..3] {
                    let scaled = u64::from(u32::from(*channel) * 255 + alpha / 2);
                    *channel = ((scaled * inverse) >> 24).min(255) as u8;
                }
            }
        }
    }
    Raster { width, height, rgba: pixmap.take() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Pixmap {
        let mut pixmap = Pixmap::new(width, height).unwrap();
        for (index, quad) in quads_mut(&mut pixmap).iter_mut().enumerate() {
            *quad = pixel(index as u32 % width, index as u32 / width);
        }
        pixmap
    }

    #[test]
    fn half_over_white_is_in_between() {
        let half = u32::from_le_bytes([100, 0, 0, 128]);
        let [red, green, blue, alpha] = over(half, u32::MAX).to_le_bytes();
        assert_eq!((red, green, blue, alpha), (227, 127, 127, 255));
        assert_eq!(over(0, 0x1234_5678), 0x1234_5678);
    }

    #[test]
    fn a_plate_at_its_own_size_is_copied_exactly() {
        let art = filled(40, 30, |x, y| [(x * 5) as u8, (y * 7) as u8, 9, 255]);
        let plate = Plate::new(art.clone(), [100.0, 50.0], 2.0);
        let mut frame = Pixmap::new(40, 30).unwrap();
        plate.draw(&mut frame, 2.0, -200.0, -100.0);
        assert_eq!(frame.data(), art.data());
    }

    #[test]
    fn half_a_pixel_is_half_of_both_neighbours() {
        let art = filled(40, 30, |x, _| [if x < 20 { 0 } else { 200 }, 0, 0, 255]);
        let plate = Plate::new(art, [0.0, 0.0], 1.0);
        let mut frame = Pixmap::new(40, 30).unwrap();
        plate.draw(&mut frame, 1.0, 0.5, 0.0);
        let at = |x: usize| quads(&frame)[15 * 40 + x][0];
        assert_eq!((at(19), at(20), at(21)), (0, 100, 200));
    }

    #[test]
    fn clear_parts_of_a_plate_leave_what_is_behind() {
        let art = filled(40, 30, |x, y| if x > 10 && x < 20 && y > 5 { [255, 0, 0, 255] } else { [0; 4] });
        let plate = Plate::new(art, [0.0, 0.0], 1.0);
        let mut frame = filled(40, 30, |_, _| [0, 0, 255, 255]);
        plate.draw(&mut frame, 1.3, 2.2, 0.0);
        let red: usize = quads(&frame).iter().filter(|pixel| pixel[0] > 200).count();
        let blue: usize = quads(&frame).iter().filter(|pixel| pixel[2] == 255).count();
        assert!(red > 200 && red + blue > 1_000, "{red} {blue}");
    }

    #[test]
    fn the_inverse_divides_exactly() {
        for alpha in 1..256_u32 {
            for channel in 0..=alpha {
                let scaled = channel * 255 + alpha / 2;
                assert_eq!((u64::from(scaled) * INVERSE[alpha as usize]) >> 24, u64::from(scaled / alpha));
            }
        }
    }

    #[test]
    fn straight_alpha_gives_back_the_colour() {
        let raster = straight(filled(2, 1, |x, _| if x == 0 { [64, 32, 0, 128] } else { [9, 8, 7, 255] }));
        assert_eq!(raster.rgba, [128, 64, 0, 128, 9, 8, 7, 255]);
    }
}
