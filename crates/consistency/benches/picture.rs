//! What it costs to check one picture of 1280x720 on one core.

use std::hint::black_box;

use bible::{Colour, Tones};
use consistency::{ColourModel, Fingerprint, Measure, Subject, Technical};
use criterion::{Criterion, criterion_group, criterion_main};
use engine::picture::{PartEntry, PartMap, Raster};

/// Flat discs on a graded ground: as many parts, edges and colours as a two-shot has.
fn picture(width: u32, height: u32) -> (Raster, PartMap) {
    let mut parts = vec![PartEntry { owner: None, part: "background".to_owned(), tones: None, light: [1.0; 3] }];
    for index in 0..24u8 {
        let base = Colour::new(index * 9 + 20, 230 - index * 8, 90 + index * 5);
        parts.push(PartEntry { owner: None, part: format!("part.{index}"), tones: Some(Tones::from_base(base)), light: [0.5, 0.6, 0.9] });
    }
    let (mut rgba, mut indices) = (Vec::new(), Vec::new());
    for y in 0..height {
        for x in 0..width {
            let (column, row) = (x / 214, y / 180);
            let (dx, dy) = ((x % 214) as i32 - 107, (y % 180) as i32 - 90);
            let inside = dx * dx + dy * dy < 85 * 85;
            let index = if inside { (row * 6 + column + 1).min(24) } else { 0 };
            let colour = match parts[index as usize].tones {
                Some(tones) if dx + dy > 30 => tones.shadow().channels(),
                Some(tones) => tones.base.channels(),
                None => [(x / 6) as u8, (y / 3) as u8, ((x + y) / 9) as u8],
            };
            rgba.extend([colour[0], colour[1], colour[2], 255]);
            indices.push(index as u8);
        }
    }
    (Raster { width, height, rgba }, PartMap { width, height, indices, parts })
}

fn checks(criterion: &mut Criterion) {
    let (image, parts) = picture(1280, 720);
    let subject = Subject { parts: Some(&parts), ..Subject::new(&image) };
    criterion.bench_function("fingerprint 1280x720", |bench| bench.iter(|| Fingerprint::of(black_box(&image))));
    criterion.bench_function("technical 1280x720", |bench| bench.iter(|| Technical::default().report(black_box(&subject))));
    criterion.bench_function("colour model 1280x720", |bench| bench.iter(|| ColourModel::default().report(black_box(&subject))));
}

criterion_group!(benches, checks);
criterion_main!(benches);
