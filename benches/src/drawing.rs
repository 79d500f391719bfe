//! What a picture costs: every picture of the sample show's sheets, and the first of each shot, on one core.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use engine::{Engine, EngineError, PictureBrief};
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
    let (mut sheets, mut pictures, mut again, mut frames, mut drawn) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), 0_u64);
    for node in &graph.nodes {
        let clip = match &node.work {
            Work::Sheet(brief) => {
                sheets.push(timed(&engine, brief).with_context(|| node.subject.to_string())?);
                continue;
            }
            Work::Shot { clip, .. } => clip,
            Work::Transition { .. } | Work::Film { .. } => continue,
        };
        pictures.push(timed(&engine, &clip.picture).with_context(|| node.subject.to_string())?);
        again.push(timed(&engine, &clip.picture)?);
        let start = Instant::now();
        let mut drawings = 0_u32;
        for frame in engine.clip(clip)? {
            frame?;
            drawings += 1;
        }
        drawn += u64::from(drawings);
        frames.push(start.elapsed() / drawings.max(1));
    }
    let canvas = show.project.settings.canvas;
    let size = format!("{}x{}", canvas.width, canvas.height);
    Ok(vec![
        Figure::new(format!("layout picture {size}, its set at hand, one core, median"), median(again), "ms", Promise::Under(40.0)),
        Figure::new("the same with its set drawn for a new camera", median(pictures), "ms", Promise::None),
        Figure::new("picture of a sheet, 768x1024, one core, median", median(sheets), "ms", Promise::None),
        Figure::new("layout drawing of a clip, one core, median shot", median(frames), "ms", Promise::None),
        Figure::new("drawings in the sample episode", drawn as f64, "", Promise::None),
    ])
}

/// How long a picture takes.
fn timed(engine: &impl Engine, brief: &PictureBrief) -> Result<Duration, EngineError> {
    let start = Instant::now();
    engine.picture(brief)?;
    Ok(start.elapsed())
}
