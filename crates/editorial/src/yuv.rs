//! From RGB to what video codecs take: Y'CbCr 4:2:0 by BT.709, studio range.
//!
//! It is done here and not by ffmpeg so that a held picture is converted once, so that less than half of
//! the bytes go through the pipe, and so that the numbers are the same whatever ffmpeg is installed.

use engine::picture::Raster;

/// Fixed-point scale of the weights.
const SHIFT: u32 = 16;
const HALF: i32 = 1 << (SHIFT - 1);

/// BT.709 weights (0.2126, 0.7152, 0.0722) into 16..=235 for luma and 16..=240 for chroma, times 2^16.
/// Luma sums to 219/255 and each chroma row to 0 exactly, so grey stays grey.
const LUMA: [i32; 3] = [11966, 40254, 4063];
const BLUE: [i32; 3] = [-6596, -22188, 28784];
const RED: [i32; 3] = [28784, -26145, -2639];

/// Converts a picture into planes Y, Cb, Cr one after the other. Both sides must be even. Transparent
/// pixels lie over black. Chroma is sited left, as H.264 has it by default: each sample is the mean of
/// two rows and of three columns weighted 1-2-1.
pub(crate) fn convert(image: &Raster, out: &mut Vec<u8>) {
    let (width, height) = (image.width as usize, image.height as usize);
    out.clear();
    out.resize(width * height * 3 / 2, 0);
    let (luma, chroma) = out.split_at_mut(width * height);
    let (blue, red) = chroma.split_at_mut(width * height / 4);
    let pixels = image.rgba.as_chunks::<4>().0;
    let mut sums = vec![[0i32; 3]; width + 1];
    for (pair, rows) in pixels.chunks_exact(width * 2).enumerate() {
        let (upper, lower) = rows.split_at(width);
        let luma = &mut luma[pair * width * 2..(pair + 1) * width * 2];
        // One column more on the left, a copy of the first, for the filter to reach into.
        for (x, (up, down)) in upper.iter().zip(lower).enumerate() {
            let (up, down) = (over_black(*up), over_black(*down));
            luma[x] = luma_of(up);
            luma[width + x] = luma_of(down);
            sums[x + 1] = std::array::from_fn(|channel| up[channel] + down[channel]);
        }
        sums[0] = sums[1];
        let span = pair * width / 2..(pair + 1) * width / 2;
        for ((three, blue), red) in sums.windows(3).step_by(2).zip(&mut blue[span.clone()]).zip(&mut red[span]) {
            let sum: [i32; 3] = std::array::from_fn(|channel| three[0][channel] + 2 * three[1][channel] + three[2][channel]);
            *blue = chroma_of(BLUE, sum);
            *red = chroma_of(RED, sum);
        }
    }
}

fn over_black([red, green, blue, alpha]: [u8; 4]) -> [i32; 3] {
    let channels = [red, green, blue].map(i32::from);
    if alpha == 255 { channels } else { channels.map(|channel| (channel * i32::from(alpha) + 127) / 255) }
}

fn luma_of(pixel: [i32; 3]) -> u8 {
    (((weigh(LUMA, pixel) + HALF) >> SHIFT) + 16) as u8
}

/// From the sum of 8 pixels.
fn chroma_of(weights: [i32; 3], sum: [i32; 3]) -> u8 {
    (((weigh(weights, sum) + (HALF << 3)) >> (SHIFT + 3)) + 128) as u8
}

fn weigh(weights: [i32; 3], pixel: [i32; 3]) -> i32 {
    weights[0] * pixel[0] + weights[1] * pixel[1] + weights[2] * pixel[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planes(pixel: [u8; 4]) -> [u8; 3] {
        let image = Raster { width: 4, height: 2, rgba: pixel.repeat(8) };
        let mut out = Vec::new();
        convert(&image, &mut out);
        assert_eq!(out.len(), 12);
        assert!(out[..8].iter().all(|luma| *luma == out[0]) && out[8] == out[9] && out[10] == out[11]);
        [out[0], out[8], out[10]]
    }

    #[test]
    fn primaries_land_on_the_values_of_bt_709() {
        for (rgb, expected) in [
            ([0, 0, 0], [16, 128, 128]),
            ([255, 255, 255], [235, 128, 128]),
            ([255, 0, 0], [63, 102, 240]),
            ([0, 255, 0], [173, 42, 26]),
            ([0, 0, 255], [32, 240, 118]),
        ] {
            assert_eq!(planes([rgb[0], rgb[1], rgb[2], 255]), expected, "{rgb:?}");
        }
    }

    #[test]
    fn every_grey_stays_grey() {
        for grey in 0..=255 {
            assert_eq!(planes([grey, grey, grey, 255])[1..], [128, 128]);
        }
    }

    #[test]
    fn what_is_transparent_is_black() {
        assert_eq!(planes([200, 100, 50, 0]), [16, 128, 128]);
    }
}
