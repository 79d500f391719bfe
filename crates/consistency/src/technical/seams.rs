//! Tiling seams: straight lines from edge to edge along which a picture was stitched together.

/// The step of luma over a seam, in code values: less is not seen, more is drawing.
const STEP: std::ops::RangeInclusive<u8> = 3..=24;
/// How much luma may change beside it.
const STILL: u8 = 1;
/// Pixels at the picture's edge that no seam is looked for in: frames and vignettes are there.
const MARGIN: usize = 8;
/// Tiles are stitched in the model's latent grid, one cell of which is 8 pixels wide: seams lie on multiples of it, and
/// the beams and horizons of a drawing mostly do not.
const GRID: usize = 8;
/// Pixels whose steps are added up in a byte.
const RUN: usize = 128;

/// The straightest seam: where (a column or row) and along what share of its length the luma steps there and nowhere
/// beside it, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seam {
    pub(super) upright: bool,
    pub(super) place: u32,
    pub(super) share: f64,
}

pub(super) fn straightest(luma: &[u8], width: usize, height: usize) -> Option<Seam> {
    if width < 2 * MARGIN + 4 || height < 2 * MARGIN + 4 {
        return None;
    }
    // A step belongs to the pixel after it.
    let mut columns = vec![0u16; width];
    let mut rows = vec![0u32; height];
    let mut block = vec![0u8; width];
    for y in 0..height {
        let here = &luma[y * width..(y + 1) * width];
        let windows = here.iter().zip(&here[1..]).zip(here[2..].iter().zip(&here[3..]));
        for (count, ((one, two), (three, four))) in block[2..].iter_mut().zip(windows) {
            *count += step(*one, *two, *three, *four);
        }
        if y % 255 == 254 || y + 1 == height {
            columns.iter_mut().zip(&mut block).for_each(|(sum, count)| *sum += u16::from(std::mem::take(count)));
        }
        if y >= 2 && y + 1 < height {
            let [one, two, three, four] = [y - 2, y - 1, y, y + 1].map(|row| &luma[row * width..(row + 1) * width]);
            // Runs that fit a byte are added up several at a time; sums of whole lines are not.
            rows[y] = (0..width)
                .step_by(RUN)
                .map(|start| {
                    let end = (start + RUN).min(width);
                    let windows = one[start..end].iter().zip(&two[start..end]).zip(three[start..end].iter().zip(&four[start..end]));
                    u32::from(windows.map(|((one, two), (three, four))| step(*one, *two, *three, *four)).sum::<u8>())
                })
                .sum();
        }
    }
    let upright = (MARGIN..width - MARGIN).step_by(GRID).map(|x| Seam {
        upright: true,
        place: x as u32,
        share: f64::from(columns[x]) / height as f64,
    });
    let level =
        (MARGIN..height - MARGIN).step_by(GRID).map(|y| Seam { upright: false, place: y as u32, share: f64::from(rows[y]) / width as f64 });
    // The last of equals would win: going backwards makes that the first.
    let best = |seams: &mut dyn Iterator<Item = Seam>| seams.max_by(|one, other| one.share.total_cmp(&other.share));
    let (upright, level) = (best(&mut upright.rev())?, best(&mut level.rev())?);
    Some(if upright.share >= level.share { upright } else { level })
}

/// 1 where luma steps between the middle two of four neighbours and is still on both sides.
fn step(one: u8, two: u8, three: u8, four: u8) -> u8 {
    let over = two.abs_diff(three);
    u8::from(over >= *STEP.start())
        & u8::from(over <= *STEP.end())
        & u8::from(one.abs_diff(two) <= STILL)
        & u8::from(three.abs_diff(four) <= STILL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::luma_plane;
    use crate::testing::{face, noise};

    #[test]
    fn a_stitched_picture_has_a_seam_where_it_was_stitched() {
        let mut picture = face(640, 360);
        for row in picture.rgba.chunks_exact_mut(640 * 4) {
            row[256 * 4..].iter_mut().for_each(|code| *code = code.saturating_add(6));
        }
        let seam = straightest(&luma_plane(&picture), 640, 360).unwrap();
        assert_eq!((seam.upright, seam.place), (true, 256));
        assert!(seam.share > 0.7, "{}", seam.share);
        let mut picture = face(640, 360);
        picture.rgba[640 * 4 * 128..].iter_mut().for_each(|code| *code = code.saturating_sub(7));
        let seam = straightest(&luma_plane(&picture), 640, 360).unwrap();
        assert_eq!((seam.upright, seam.place), (false, 128));
    }

    #[test]
    fn drawings_and_noise_have_no_seam() {
        for picture in [face(640, 360), noise(640, 360, 6)] {
            let seam = straightest(&luma_plane(&picture), 640, 360).unwrap();
            assert!(seam.share < 0.5, "{seam:?}");
        }
        assert_eq!(straightest(&[0; 64], 8, 8), None);
    }
}
