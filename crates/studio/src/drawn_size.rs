//! The size at which models draw a canvas. Their sides are multiples of 16, of films also of 32; a canvas of other sides is
//! drawn with a margin at its right and bottom, which is cut off again: bringing a picture to another size would blur it.

use bible::project::Canvas;
use engine::picture::Raster;

/// What models of pictures draw a multiple of.
pub(crate) const STEP: u32 = 16;

/// The size at which a canvas is drawn by a model whose sides are multiples of `step`: its own, or with the margin.
pub(crate) fn drawn_size(canvas: Canvas, step: u32) -> Canvas {
    Canvas { width: canvas.width.next_multiple_of(step), height: canvas.height.next_multiple_of(step) }
}

/// A picture with a margin at its right and bottom, in which its last pixels go on.
pub(crate) fn with_margin(image: &Raster, size: Canvas) -> Raster {
    let mut rgba = Vec::with_capacity(size.width as usize * size.height as usize * 4);
    let pixels = image.rgba.as_chunks::<4>().0;
    for y in 0..size.height {
        let row = y.min(image.height.saturating_sub(1)) as usize * image.width as usize;
        for x in 0..size.width {
            let pixel = pixels.get(row + x.min(image.width.saturating_sub(1)) as usize);
            rgba.extend_from_slice(pixel.unwrap_or(&[0, 0, 0, 255]));
        }
    }
    Raster { width: size.width, height: size.height, rgba }
}

/// A picture without the margin that its canvas was `drawn` with. One that came in another size than was asked for has its
/// margin in proportion.
pub(crate) fn without_margin(image: Raster, canvas: Canvas, drawn: Canvas) -> Raster {
    let kept = |side: u32, drawn: u32, canvas: u32| (f64::from(side) * f64::from(canvas) / f64::from(drawn.max(1))).round() as u32;
    let (width, height) = (kept(image.width, drawn.width, canvas.width).max(1), kept(image.height, drawn.height, canvas.height).max(1));
    if (width, height) == (image.width, image.height) {
        return image;
    }
    let row = image.width as usize * 4;
    let rows = image.rgba.chunks_exact(row.max(1)).take(height as usize);
    let rgba = rows.flat_map(|row| row.iter().copied().take(width as usize * 4)).collect();
    Raster { width, height, rgba }
}

/// A picture in the middle of a square, on the colour of its upper left corner. Vision models take the square in the middle of a
/// picture: of an upright one they would see neither head nor feet.
pub(crate) fn squared(image: &Raster) -> Raster {
    let side = image.width.max(image.height);
    let (left, top) = ((side - image.width) / 2, (side - image.height) / 2);
    let ground = image.rgba.first_chunk::<4>().copied().unwrap_or([0, 0, 0, 255]);
    let mut rgba = ground.repeat(side as usize * side as usize);
    let row = image.width as usize * 4;
    for (y, pixels) in image.rgba.chunks_exact(row.max(1)).enumerate() {
        let start = ((top as usize + y) * side as usize + left as usize) * 4;
        if let Some(place) = rgba.get_mut(start..start + row) {
            place.copy_from_slice(pixels);
        }
    }
    Raster { width: side, height: side, rgba }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32) -> Raster {
        let rgba = (0..width * height).flat_map(|pixel| [(pixel % 251) as u8, (pixel / 251) as u8, 7, 255]).collect();
        Raster { width, height, rgba }
    }

    #[test]
    fn a_canvas_comes_back_to_the_pixel_from_the_size_that_it_is_drawn_at() {
        let canvas = Canvas { width: 90, height: 50 };
        let size = drawn_size(canvas, STEP);
        assert_eq!((size.width, size.height), (96, 64));
        let drawn = with_margin(&picture(90, 50), size);
        assert_eq!(drawn.rgba.len(), 96 * 64 * 4);
        assert_eq!(drawn.rgba[95 * 4..96 * 4], picture(90, 50).rgba[89 * 4..90 * 4], "the margin goes on with the last pixels");
        assert_eq!(without_margin(drawn, canvas, size), picture(90, 50));
    }

    #[test]
    fn a_picture_is_whole_in_the_middle_of_its_square() {
        let upright = picture(4, 8);
        let square = squared(&upright);
        assert_eq!((square.width, square.height, square.rgba.len()), (8, 8, 8 * 8 * 4));
        let pixel = |image: &Raster, x: u32, y: u32| image.rgba[((y * image.width + x) * 4) as usize..][..4].to_vec();
        for (x, y) in [(0, 0), (3, 0), (1, 5), (3, 7)] {
            assert_eq!(pixel(&square, x + 2, y), pixel(&upright, x, y));
        }
        assert_eq!((pixel(&square, 0, 7), pixel(&square, 7, 3)), (pixel(&upright, 0, 0), pixel(&upright, 0, 0)));
        assert_eq!(squared(&picture(5, 5)), picture(5, 5));
    }

    #[test]
    fn a_picture_of_twice_the_size_loses_twice_the_margin() {
        let canvas = Canvas { width: 90, height: 50 };
        let cut = without_margin(picture(192, 128), canvas, drawn_size(canvas, STEP));
        assert_eq!((cut.width, cut.height), (180, 100));
    }
}
