//! What it costs to measure a picture of 1280x720, on one core: every first picture of the sample show's shots.

use std::time::Instant;

use consistency::style::{StyleFigures, StyleProfile};
use consistency::{
    Attributes, ClipLimits, ClipMeter, ClipOrder, ColourModel, Layout, Likeness, Measure, Outcome, Severity, Structure, Style, Subject,
    Technical,
};
use engine::Engine;
use studio::Show;
use studio::graph::{Graph, Work};

use crate::drawing::sample_show;
use crate::{Figure, Promise, median};

pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let show = Show::load(&sample_show())?;
    let engine = show.engine();
    let graph = Graph::of(&show.project, &engine)?;
    let (mut checks, mut attributes, mut structures, mut styles, mut likenesses, mut frames) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut profile = StyleProfile::default();
    let mut doubted = 0_u32;
    for node in &graph.nodes {
        let Work::Shot { clip, .. } = &node.work else { continue };
        let picture = engine.picture(&clip.picture)?;
        let Some(parts) = &picture.parts else { continue };
        let layout = Layout { image: &picture.image, parts, skeletons: &picture.skeletons };
        let subject = Subject { parts: Some(parts), canvas: Some(clip.picture.canvas), ..Subject::new(&picture.image) };
        let painted = Subject { layout: Some(layout), ..subject };
        let timed = |times: &mut Vec<_>, work: &mut dyn FnMut()| {
            let start = Instant::now();
            work();
            times.push(start.elapsed());
        };
        timed(&mut checks, &mut || {
            std::hint::black_box((Technical::default().report(&subject), ColourModel::default().report(&subject)));
        });
        let found = [Technical::default().report(&subject), Attributes::default().report(&subject)];
        for measurement in &found {
            if let Outcome::Measured { findings, .. } = &measurement.outcome
                && findings.iter().any(|finding| finding.severity != Severity::Note)
            {
                println!("{}: {}", node.subject, findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; "));
                doubted += 1;
            }
        }
        timed(&mut attributes, &mut || drop(std::hint::black_box(Attributes::default().report(&painted))));
        timed(&mut structures, &mut || drop(std::hint::black_box(Structure::default().report(&painted))));
        profile.accept(StyleFigures::of(&picture.image).ok_or_else(|| anyhow::anyhow!("a picture without a style"))?);
        let style = Style::new(profile.clone());
        timed(&mut styles, &mut || drop(std::hint::black_box(style.report(&subject))));
        timed(&mut likenesses, &mut || drop(std::hint::black_box(Likeness::of(&picture.image))));
        let order = ClipOrder {
            canvas: clip.picture.canvas,
            rate: clip.rate,
            frames: clip.frames,
            fade_in: clip.fade_in,
            fade_out: clip.fade_out,
            wanders: true,
            moves: false,
        };
        let mut meter = ClipMeter::new(order, ClipLimits::default());
        timed(&mut frames, &mut || meter.push(&picture.image, 1));
    }
    Ok(vec![
        Figure::new("right pictures of the sample show that are found fault with", f64::from(doubted), "", Promise::Exactly(0.0)),
        Figure::new("technical and colour checks 1280x720, one core, median", median(checks), "ms", Promise::Under(15.0)),
        Figure::new("attributes against the layout, one core, median", median(attributes), "ms", Promise::None),
        Figure::new("structure against the layout, one core, median", median(structures), "ms", Promise::None),
        Figure::new("style against the show, one core, median", median(styles), "ms", Promise::None),
        Figure::new("likeness for copies, one core, median", median(likenesses), "ms", Promise::None),
        Figure::new("one frame of a clip, one core, median", median(frames), "ms", Promise::None),
    ])
}
