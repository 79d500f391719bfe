//! What a picture costs: every first picture of the sample show's shots, on one core.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use engine::Engine;
use studio::Show;
use studio::graph::{Graph, Work};

use crate::{Figure, Promise, median};

/// The sample show, found from this crate's own folder.
pub(crate) fn sample_show() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/lantern-road")
}

pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let show = Show::load(&sample_show())?;
    let layout = show.engine();
    let graph = Graph::of(&show.project, &layout)?;
    let engine = show.engine();
    let (mut pictures, mut again, mut frames, mut drawn) = (Vec::new(), Vec::new(), Vec::new(), 0_u64);
    for node in &graph.nodes {
        let Work::Shot { clip, .. } = &node.work else { continue };
        let start = Instant::now();
        engine.picture(&clip.picture).with_context(|| node.subject.to_string())?;
        pictures.push(start.elapsed());
        let start = Instant::now();
        engine.picture(&clip.picture)?;
        again.push(start.elapsed());
        let start = Instant::now();
        let mut drawings = 0_u32;
        for frame in engine.clip(clip)? {
            frame?;
            drawings += 1;
        }
        drawn += u64::from(drawings);
        frames.push(start.elapsed() / drawings.max(1));
    }
    Ok(vec![
        Figure::new("layout picture 1280x720 from nothing, one core, median", median(pictures), "ms", Promise::Under(40.0)),
        Figure::new("the same with its set at hand", median(again), "ms", Promise::None),
        Figure::new("layout drawing of a clip, one core, median shot", median(frames), "ms", Promise::None),
        Figure::new("drawings in the sample episode", drawn as f64, "", Promise::None),
    ])
}
