//! Skeletons as a picture: the pose map that pose-conditioned diffusion models read.
//!
//! Colours, limb order and widths are those of the OpenPose COCO-18 rendering that pose ControlNets were
//! trained on: limbs as ellipses of half-width 4 at 512 pixels in 0.6 of their colour, joints as discs.

use engine::picture::{Raster, Skeleton};
use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Rect, Transform};

/// Pairs of joints (indices into [`engine::picture::JOINTS`]) in the order of the colours.
const LIMBS: [(usize, usize); 17] = [
    (1, 2),
    (1, 5),
    (2, 3),
    (3, 4),
    (5, 6),
    (6, 7),
    (1, 8),
    (8, 9),
    (9, 10),
    (1, 11),
    (11, 12),
    (12, 13),
    (1, 0),
    (0, 14),
    (14, 16),
    (0, 15),
    (15, 17),
];

/// The hue wheel of the rendering; limb and joint `i` have colour `i`.
const COLOURS: [[u8; 3]; 18] = [
    [255, 0, 0],
    [255, 85, 0],
    [255, 170, 0],
    [255, 255, 0],
    [170, 255, 0],
    [85, 255, 0],
    [0, 255, 0],
    [0, 255, 85],
    [0, 255, 170],
    [0, 255, 255],
    [0, 170, 255],
    [0, 85, 255],
    [0, 0, 255],
    [85, 0, 255],
    [170, 0, 255],
    [255, 0, 255],
    [255, 0, 170],
    [255, 0, 85],
];

/// Half the width of a limb and the radius of a joint, in pixels of a 512-pixel picture.
const WIDTH_AT_512: f32 = 4.0;

/// Draws skeletons on black. `None` when a side is 0.
#[must_use]
pub fn pose_map(skeletons: &[Skeleton], width: u32, height: u32) -> Option<Raster> {
    let mut pixmap = Pixmap::new(width, height)?;
    pixmap.fill(Color::BLACK);
    let half_width = WIDTH_AT_512 * width.min(height) as f32 / 512.0;
    for skeleton in skeletons {
        for (limb, &(from, to)) in LIMBS.iter().enumerate() {
            if let (Some(from), Some(to)) = (skeleton.joints[from], skeleton.joints[to]) {
                draw_limb(&mut pixmap, from, to, half_width, COLOURS[limb].map(|channel| (f32::from(channel) * 0.6) as u8));
            }
        }
        for (joint, place) in skeleton.joints.iter().enumerate() {
            if let Some(circle) = place.and_then(|[x, y]| PathBuilder::from_circle(x, y, half_width)) {
                pixmap.fill_path(&circle, &paint(COLOURS[joint]), FillRule::Winding, Transform::identity(), None);
            }
        }
    }
    Some(Raster { width, height, rgba: pixmap.take() })
}

fn draw_limb(pixmap: &mut Pixmap, from: [f32; 2], to: [f32; 2], half_width: f32, colour: [u8; 3]) {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let length = dx.hypot(dy);
    let ellipse = Rect::from_xywh(-length / 2.0, -half_width, length.max(0.5), half_width * 2.0).and_then(PathBuilder::from_oval);
    if let Some(ellipse) = ellipse {
        let (sine, cosine) = (dy / length.max(1e-6), dx / length.max(1e-6));
        let middle = Transform::from_row(cosine, sine, -sine, cosine, (from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0);
        pixmap.fill_path(&ellipse, &paint(colour), FillRule::Winding, middle, None);
    }
}

fn paint([red, green, blue]: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint.anti_alias = true;
    paint
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing() -> Skeleton {
        let mut joints = [None; 18];
        joints[0] = Some([256.0, 100.0]);
        joints[1] = Some([256.0, 160.0]);
        joints[2] = Some([200.0, 160.0]);
        joints[5] = Some([312.0, 160.0]);
        Skeleton { character: "mei".parse().unwrap(), joints }
    }

    fn pixel(raster: &Raster, x: u32, y: u32) -> [u8; 4] {
        let at = ((y * raster.width + x) * 4) as usize;
        raster.rgba[at..at + 4].try_into().unwrap()
    }

    #[test]
    fn joints_and_limbs_have_the_colours_that_pose_models_know() {
        let map = pose_map(&[standing()], 512, 512).unwrap();
        assert_eq!(pixel(&map, 256, 100), [255, 0, 0, 255], "nose");
        assert_eq!(pixel(&map, 312, 160), [85, 255, 0, 255], "left shoulder");
        assert_eq!(pixel(&map, 228, 160), [153, 0, 0, 255], "neck to right shoulder, at 0.6");
        assert_eq!(pixel(&map, 10, 10), [0, 0, 0, 255], "background");
    }

    #[test]
    fn a_joint_that_is_not_seen_is_not_drawn() {
        let hidden = Skeleton { joints: [None; 18], ..standing() };
        let map = pose_map(&[hidden], 64, 64).unwrap();
        assert!(map.rgba.chunks_exact(4).all(|pixel| pixel == [0, 0, 0, 255]));
        assert!(pose_map(&[], 0, 10).is_none());
    }
}
