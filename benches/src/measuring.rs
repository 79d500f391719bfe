//! What it costs to measure a picture of 1280x720, on one core: every first picture of the sample show's shots.

use std::process::Command;
use std::time::Instant;

use consistency::style::{StyleFigures, StyleProfile};
use consistency::{
    Attributes, ClipLimits, ClipMeter, ClipOrder, ColourModel, Layout, Likeness, Measure, Outcome, Severity, Structure, Style, Subject,
    Technical,
};
use engine::Engine;
use studio::graph::{Graph, Work};
use studio::sheet::SheetAsked;
use studio::{Show, Studio};

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
    let sheet = in_a_process_of_one_thread("one-sheet")?;
    Ok(vec![
        Figure::new("right pictures of the sample show that are found fault with", f64::from(doubted), "", Promise::Exactly(0.0)),
        Figure::new("technical and colour checks 1280x720, one core, median", median(checks), "ms", Promise::Under(15.0)),
        Figure::new("attributes against the layout, one core, median", median(attributes), "ms", Promise::None),
        Figure::new("structure against the layout, one core, median", median(structures), "ms", Promise::None),
        Figure::new("style against the show, one core, median", median(styles), "ms", Promise::None),
        Figure::new("likeness for copies, one core, median", median(likenesses), "ms", Promise::None),
        Figure::new("one frame of a clip, one core, median", median(frames), "ms", Promise::None),
        Figure::new("a sheet of 14 read, decoded and measured, one core, median", sheet, "ms", Promise::Under(500.0)),
    ])
}

/// Milliseconds that a signed sheet of 14 pictures takes to be read back from where it is kept, decoded, hashed and
/// measured, every picture and every pair.
pub(crate) async fn one_sheet() -> anyhow::Result<f64> {
    let place = tempfile::tempdir()?;
    let at = |name: &str| place.path().join(name).display().to_string();
    let studio = Studio::open(&format!("sqlite:{}", at("studio.db")).parse()?, &format!("file:{}", at("blobs")).parse()?).await?;
    let show = Show::load(&sample_show().join("../tiny"))?;
    let character = show.project.bible.characters.keys().next().ok_or_else(|| anyhow::anyhow!("a show without characters"))?;
    let asked = SheetAsked { character: character.clone(), look: None, since: None };
    let signed = studio.generate_sheet(&show, &asked, &place.path().join("data")).await?;
    anyhow::ensure!(signed.sheet.slots.len() == 14, "a sheet has 14 pictures, and this has {}", signed.sheet.slots.len());
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        let validation = studio.validate_sheet(&show, &asked).await?;
        times.push(start.elapsed());
        anyhow::ensure!(validation.valid, "the sheet is not what was signed: {:?}", validation.damage);
    }
    Ok(median(times))
}

/// What this program measures under a name, on one thread of its own pool.
fn in_a_process_of_one_thread(name: &str) -> anyhow::Result<f64> {
    let output = Command::new(std::env::current_exe()?).arg(name).env("RAYON_NUM_THREADS", "1").output()?;
    anyhow::ensure!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}
