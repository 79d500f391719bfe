//! Embedders of the real shapes, from the manifest to the measurement.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod onnx;

use consistency::measure::{Evidence, Measure, Outcome, Subject};
use consistency::{Region, Score};
use engine::picture::Raster;
use vision_models::{Backend, Embedder, Embedding, Identity, Manifest, NetworkError, PRESETS, difference};

/// A picture of discs whose colours and places follow from a seed.
fn picture(width: u32, height: u32, seed: u32) -> Raster {
    let mut rgba = Vec::new();
    for place in 0..width * height {
        let (x, y) = (place % width, place / width);
        let inside = (x.abs_diff(width / 2 + seed)).pow(2) + (y.abs_diff(height / 2)).pow(2) < (height / 4).pow(2);
        let tone = (40 + seed * 37 % 180) as u8;
        rgba.extend(if inside { [tone, 255 - tone, 90, 255] } else { [200, (y % 200) as u8, tone / 2, 255] });
    }
    Raster { width, height, rgba }
}

fn embedder(preset: &str, backend: Option<Backend>) -> Embedder {
    let manifest = Manifest::preset(preset).unwrap();
    let onnx = onnx::embedder(u64::from(manifest.input.width), 32, manifest.output.length.unwrap() as u64, 7);
    Embedder::from_bytes(manifest, &onnx, backend).unwrap()
}

#[test]
fn every_preset_gives_the_same_embedding_every_time() {
    for preset in PRESETS {
        let embed = |picture: &Raster| embedder(preset, Some(Backend::Tract)).embed(picture, None).unwrap();
        let (one, again, other) = (embed(&picture(640, 360, 3)), embed(&picture(640, 360, 3)), embed(&picture(640, 360, 90)));
        assert_eq!(one, again, "{preset}");
        assert_eq!(one.values().len(), Manifest::preset(preset).unwrap().output.length.unwrap());
        assert_ne!(one, other, "{preset}");
    }
}

#[test]
fn onnx_runtime_and_tract_agree_where_both_are_there() {
    let manifest = Manifest::preset("ccip").unwrap();
    let file = onnx::embedder(384, 32, 768, 7);
    let Ok(mut runtime) = Embedder::from_bytes(manifest, &file, Some(Backend::OnnxRuntime)) else {
        // Without its library that is an error which says how to name it.
        let error = Embedder::from_bytes(Manifest::preset("ccip").unwrap(), &file, Some(Backend::OnnxRuntime)).err().unwrap();
        assert!(error.to_string().contains("ORT_DYLIB_PATH"), "{error}");
        return;
    };
    let picture = picture(640, 360, 5);
    let (one, other) = (runtime.embed(&picture, None).unwrap(), embedder("ccip", Some(Backend::Tract)).embed(&picture, None).unwrap());
    assert_eq!(runtime.backend(), Backend::OnnxRuntime);
    let apart = one.values().iter().zip(other.values()).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
    assert!(apart < 1e-4, "{apart}");
}

#[test]
fn the_character_is_cut_out_before_it_is_measured() {
    let mut embedder = embedder("ccip", Some(Backend::Tract));
    let (mut one, mut other) = (picture(640, 360, 3), picture(640, 360, 3));
    // The same figure, and something else around it.
    for place in 0..640 * 360 {
        let (x, y) = (place % 640, place / 640);
        if !((200..440).contains(&x) && (60..300).contains(&y)) {
            one.rgba[place * 4] = 250;
            other.rgba[place * 4] = 5;
        }
    }
    let figure = Region { left: 200, top: 60, width: 240, height: 240, centre: [320, 180] };
    let mut embed = |picture: &Raster, region| embedder.embed(picture, region).unwrap();
    assert!(difference(&embed(&one, None), &embed(&other, None)) > 1e-4);
    assert!(difference(&embed(&one, Some(figure)), &embed(&other, Some(figure))) < 1e-9);
}

#[test]
fn identity_is_measured_against_the_merged_references() {
    let mut embedder = embedder("ccip", Some(Backend::Tract));
    let references: Vec<Embedding> = [3, 4, 5].map(|seed| embedder.embed(&picture(320, 180, seed), None).unwrap()).into();
    let identity = Identity::new(embedder, &references).unwrap();
    let same = picture(320, 180, 4);
    let Outcome::Measured { score, evidence: Evidence::Other { figures }, .. } = identity.measure(&Subject::new(&same)) else {
        panic!("it is measured")
    };
    assert!(score >= Score::AT_TOLERANCE && figures["references"] == 3, "{score} {figures}");
    let nothing = Raster { width: 0, height: 0, rgba: Vec::new() };
    assert!(matches!(identity.measure(&Subject::new(&nothing)), Outcome::NotMeasured { .. }));
}

#[test]
fn what_is_no_network_or_gives_something_else_is_an_error() {
    let load = |bytes: &[u8]| Embedder::from_bytes(Manifest::preset("ccip").unwrap(), bytes, Some(Backend::Tract));
    assert!(matches!(load(b"<html>not found"), Err(NetworkError::Load { .. })));
    let whole = onnx::embedder(384, 32, 768, 7);
    for length in [1, 20, whole.len() / 2, whole.len() - 1] {
        assert!(load(&whole[..length]).is_err(), "{length}");
    }
    let mut narrow = load(&onnx::embedder(384, 32, 512, 7)).unwrap();
    assert!(matches!(narrow.embed(&picture(64, 64, 1), None), Err(NetworkError::Output { .. })));
}
