//! How often the face of a painted picture is read rightly, by kind of what else differs from the layout.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use bible::story::{Expression, Framing};
use consistency::Expressions;
use consistency::expression::{LaidOut, Read};
use engine::Engine;
use engine::brief::{Actor, Backdrop, FigureBrief, PictureBrief};
use engine::picture::Raster;
use layout::LayoutEngine;
use layout::part::Catalogue;
use rayon::prelude::*;

use super::kinds::Kind;
use super::treatment::Treatment;
use super::{Dice, invented, sheet};
use crate::{Figure, Promise, median};

/// What else may differ from the layout; none for what every right picture may.
const KINDS: [Option<Kind>; 7] =
    [None, Some(Kind::LineStyle), Some(Kind::HairHue), Some(Kind::SkinTone), Some(Kind::Blur), Some(Kind::Jpeg), Some(Kind::Tint)];

/// What came of the faces that were read.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    read: u32,
    mistaken: u32,
    unread: u32,
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self { read: self.read + other.read, mistaken: self.mistaken + other.mistaken, unread: self.unread + other.unread }
    }

    fn figures(self, name: &str) -> [Figure; 2] {
        let share = |count: u32| f64::from(count) * 100.0 / f64::from((self.read + self.mistaken + self.unread).max(1));
        [("read rightly", self.read), ("mistaken", self.mistaken)]
            .map(|(what, count)| Figure::new(format!("expressions, {name}: {what}"), share(count), "%", Promise::None))
    }
}

/// Reads the six faces of so many characters, each as itself and in the place of every other.
pub(crate) fn measure(characters: u32) -> anyhow::Result<Vec<Figure>> {
    let engine = LayoutEngine::new(Catalogue::built_in());
    let mut figures = Vec::new();
    for kind in KINDS {
        let of = |index: u32| tally(&engine, kind, index);
        let tallies: anyhow::Result<Vec<[Tally; 2]>> = (0..characters).into_par_iter().map(of).collect();
        let all = tallies?.into_iter().fold([Tally::default(); 2], |[own, other], tally| [own.plus(tally[0]), other.plus(tally[1])]);
        let name = kind.map_or("as right pictures are", Kind::name);
        figures.extend(all[0].figures(&format!("{name}, the face asked for")));
        figures.extend(all[1].figures(&format!("{name}, another face")));
    }
    figures.push(Figure::new("expressions, reading one face of 768x1024, one core, median", one_face(&engine)?, "ms", Promise::None));
    Ok(figures)
}

/// How long a face takes to be read beside the five others, in milliseconds.
fn one_face(engine: &LayoutEngine) -> anyhow::Result<f64> {
    let figure = invented(engine, 0, &mut Dice::of(7, 0));
    let drawn =
        |expression: &Expression| -> anyhow::Result<_> { Ok((*expression, engine.picture(&close_up(&figure, *expression))?.image)) };
    let drawn: Vec<(Expression, Arc<Raster>)> = Expression::ALL.iter().map(drawn).collect::<anyhow::Result<_>>()?;
    let laid: Vec<LaidOut<'_>> = drawn.iter().map(|(expression, image)| LaidOut { expression: *expression, image }).collect();
    let times = (0..5).flat_map(|_| &laid).map(|asked| {
        let begun = Instant::now();
        std::hint::black_box(Expressions::default().read(asked.image, *asked, &laid));
        begun.elapsed()
    });
    Ok(median(times.collect()))
}

/// Of one character: what was made of faces in their own place, and in that of others.
fn tally(engine: &LayoutEngine, kind: Option<Kind>, index: u32) -> anyhow::Result<[Tally; 2]> {
    let mut dice = Dice::of(7, u64::from(index));
    let figure = invented(engine, index, &mut dice);
    let mut faces: Vec<(Expression, Raster, Raster)> = Vec::new();
    for expression in Expression::ALL {
        let brief = close_up(&figure, *expression);
        let layout = engine.picture(&brief)?;
        let drifted =
            kind.map_or(Some(brief.clone()), |kind| kind.drifted(&brief, engine, &mut dice)).context("the drift is not possible")?;
        let painted = Treatment::mild(&mut dice).apply(&engine.picture(&drifted)?.image)?;
        let painted = match kind.and_then(|kind| kind.treatment(&mut dice)) {
            Some(harsh) => harsh.apply(&painted)?,
            None => painted,
        };
        faces.push((*expression, Arc::unwrap_or_clone(layout.image), painted));
    }
    let laid: Vec<LaidOut<'_>> = faces.iter().map(|(expression, image, _)| LaidOut { expression: *expression, image }).collect();
    let mut tallies = [Tally::default(); 2];
    for (shown, _, painted) in &faces {
        for asked in &laid {
            let tally = &mut tallies[usize::from(asked.expression != *shown)];
            match Expressions::default().read(painted, *asked, &laid) {
                Read::AsAsked { .. } if asked.expression == *shown => tally.read += 1,
                Read::Other { looks, .. } if asked.expression != *shown && looks == *shown => tally.read += 1,
                Read::Unread { .. } => tally.unread += 1,
                Read::AsAsked { .. } | Read::Other { .. } => tally.mistaken += 1,
            }
        }
    }
    Ok(tallies)
}

/// A face of a sheet.
fn close_up(figure: &FigureBrief, expression: Expression) -> PictureBrief {
    let front = sheet(figure);
    let actors = front.actors.into_iter().map(|actor| Actor { expression, x: Some(0.0), ..actor }).collect();
    PictureBrief {
        canvas: director::SHEET_CANVAS,
        backdrop: Backdrop::Plain { colour: director::SHEET_BACKDROP },
        framing: Framing::CloseUp,
        actors,
        ..front
    }
}
