//! Labelled pairs of pictures in a folder: what calibrations are fitted on and engines are measured with.
//!
//! ```text
//! DIR/
//!   same/      mei.front.1/   haru.night.2/ …      the same character, on model
//!   different/ mei.hair-hue.1/ haru.someone.2/ …   anything else
//!   accepted/  any.png …                           optional: the show's accepted pictures, for the style
//!   about.json                                     optional: {"on": …, "seed": …, "valid_for": …, "diffusion": …}
//! ```
//!
//! A pair's folder is named after the character up to the first dot, and after what was done to it up to the next.
//! It holds `picture.png` (or `.jpg`), the picture in question, and `reference.png`, an accepted picture of the
//! character. When the picture was painted over a layout, the layout's own files lie beside it, named as the studio
//! writes them: `layout.png`, `layout.parts.png`, `layout.parts.json`, and `layout.skeletons.json` where there are any. When
//! it was painted over none, `colours.json` says which colours its people should have ([`AskedColours`]), so that they can be
//! told apart and compared.

use std::path::{Path, PathBuf};

use bible::{Digest, Slug};
use consistency::calibration::{Calibration, CalibrationError, Domain, Example, Fitted, Quality, Reading, Told};
use consistency::palette_overlap::{Palette, PaletteOverlap};
use consistency::style::{StyleFigures, StyleProfile};
use consistency::{
    Attributes, ColourModel, ExpectedPart, Layout, Linework, Measure, Measurement, Score, SegmentedColours, Structure, Style, Subject,
};
use engine::picture::{PartEntry, PartMap, Raster, Skeleton};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use vision_models::{ModelFolder, Reference, Sought};

use crate::networks::Networks;
use crate::picture_files::{read_part_map, read_skeletons};

/// Why a folder of pairs could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum PairsError {
    /// A folder or file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A picture cannot be decoded.
    #[error("{path} cannot be decoded")]
    Picture {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: consistency::Unreadable,
    },
    /// A map is not what it should be.
    #[error("{path} is no map of parts or skeletons")]
    Map {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A folder of pairs has none.
    #[error("{path} has no pairs: it needs `same` and `different`, each with a folder per pair that holds picture.png and reference.png")]
    NoPairs {
        /// Which.
        path: PathBuf,
    },
    /// A pair lacks a file.
    #[error("{path} lacks {file}")]
    Lacks {
        /// The pair.
        path: PathBuf,
        /// What is missing.
        file: &'static str,
    },
    /// There is no identity model to measure with.
    #[error("the identity of the pairs cannot be measured: {reason}")]
    Identity {
        /// Why.
        reason: String,
    },
    /// The pairs could not be calibrated.
    #[error("no calibration could be fitted")]
    Calibration {
        /// Why.
        #[source]
        source: CalibrationError,
    },
}

/// What is known of a set of pairs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// What it is, in words.
    pub on: String,
    /// The seed that it was generated with.
    pub seed: Option<u64>,
    /// What a calibration fitted on it holds for.
    pub valid_for: String,
    /// Whether the pictures were drawn by a diffusion model.
    pub diffusion: bool,
}

/// The colours that a picture without a layout was asked to have: `colours.json` of a pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedColours {
    /// The light on its people, as gain per channel (red, green, blue) in linear light, 1 for none.
    pub light: [f32; 3],
    /// The parts of its people with the tones that the bible gives them.
    pub parts: Vec<ExpectedPart>,
}

impl AskedColours {
    /// The file that they are read from.
    pub const FILE: &'static str = "colours.json";

    /// What a layout asked for, for its masks are not looked at. The light is that on the first part that somebody owns.
    fn of(map: &PartMap) -> Self {
        let owned = || map.parts.iter().filter(|entry| entry.owner.is_some());
        let part = |entry: &PartEntry| Some(ExpectedPart { owner: entry.owner.clone()?, part: entry.part.clone(), tones: entry.tones? });
        Self { light: owned().next().map_or([1.0; 3], |entry| entry.light), parts: owned().filter_map(part).collect() }
    }
}

/// Whether the masks of pairs that have them are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Masks {
    /// They are, where they are there.
    #[default]
    Used,
    /// They are not: every picture is measured as one that was drawn without a layout, and only the colours that the layout
    /// asked for are known of it.
    Withheld,
    /// Every pair that has masks is measured twice, with and without.
    Both,
}

impl Masks {
    /// The ways to measure a pair; `true` with masks.
    const fn ways(self, has_masks: bool) -> &'static [bool] {
        match (self, has_masks) {
            (Self::Used, true) => &[true],
            (Self::Both, true) => &[true, false],
            (Self::Withheld, _) | (_, false) => &[false],
        }
    }
}

/// A pair that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasuredPair {
    /// Its folder's name.
    pub name: String,
    /// Its label and readings.
    #[serde(flatten)]
    pub example: Example,
    /// What was not measured, each with its reason.
    pub not_measured: Vec<(String, String)>,
}

/// A measured folder.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredPairs {
    /// What it is.
    pub about: About,
    /// Its pairs, `same` before `different`, each in alphabetical order.
    pub pairs: Vec<MeasuredPair>,
}

/// Measures every pair of a folder, on all cores; with `models` the identity as well, by the first identity model of that
/// folder, and its detector is asked where people are. The order of threads changes nothing.
///
/// # Errors
/// [`PairsError`] names the file.
pub fn measure(folder: &Path, models: Option<ModelFolder>, masks: Masks) -> Result<MeasuredPairs, PairsError> {
    let identity = models.is_some();
    let networks = Networks::new(models);
    if let Some(Err(reason)) = identity.then(|| networks.identity()) {
        return Err(PairsError::Identity { reason: reason.to_owned() });
    }
    let about_path = folder.join("about.json");
    let about = match std::fs::read(&about_path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| PairsError::Map { path: about_path, source })?,
        Err(_) => About::default(),
    };
    let mut folders = Vec::new();
    for (label, same) in [("same", true), ("different", false)] {
        let inside = folder.join(label);
        if inside.is_dir() {
            folders.extend(entries(&inside)?.into_iter().filter(|path| path.is_dir()).map(|path| (path, same)));
        }
    }
    if folders.is_empty() {
        return Err(PairsError::NoPairs { path: folder.to_owned() });
    }
    let style = style_of(&folder.join("accepted"))?;
    let with = With { style: style.as_ref(), networks: &networks, identity, diffusion: about.diffusion, masks };
    let pairs: Result<Vec<Vec<MeasuredPair>>, PairsError> = folders.par_iter().map(|(path, same)| pair(path, *same, &with)).collect();
    Ok(MeasuredPairs { about, pairs: pairs?.into_iter().flatten().collect() })
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, PairsError> {
    let wrong = |source| PairsError::File { path: folder.to_owned(), source };
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).map_err(wrong)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(wrong)?;
    paths.sort();
    Ok(paths)
}

/// The style of the accepted pictures; none without such a folder.
fn style_of(folder: &Path) -> Result<Option<Style>, PairsError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let figures: Result<Vec<Option<StyleFigures>>, PairsError> =
        entries(folder)?.par_iter().map(|path| Ok(StyleFigures::of(&picture(path)?))).collect();
    Ok(Some(Style::new(StyleProfile::of(figures?.into_iter().flatten()))))
}

fn bytes(path: &Path) -> Result<Vec<u8>, PairsError> {
    std::fs::read(path).map_err(|source| PairsError::File { path: path.to_owned(), source })
}

fn picture(path: &Path) -> Result<Raster, PairsError> {
    consistency::decode(&bytes(path)?).map_err(|source| PairsError::Picture { path: path.to_owned(), source })
}

/// The layout's files of a pair.
struct LayoutFiles {
    image: Raster,
    parts: PartMap,
    skeletons: Vec<Skeleton>,
}

fn layout(folder: &Path) -> Result<Option<LayoutFiles>, PairsError> {
    let path = folder.join("layout.png");
    if !path.is_file() {
        return Ok(None);
    }
    let indices = picture(&folder.join("layout.parts.png"))?;
    let list = folder.join("layout.parts.json");
    let parts = read_part_map(&indices, &bytes(&list)?).map_err(|source| PairsError::Map { path: list, source })?;
    let poses = folder.join("layout.skeletons.json");
    let skeletons = if poses.is_file() {
        read_skeletons(&bytes(&poses)?).map_err(|source| PairsError::Map { path: poses, source })?
    } else {
        Vec::new()
    };
    Ok(Some(LayoutFiles { image: picture(&path)?, parts, skeletons }))
}

/// What all pairs of a folder are measured with.
struct With<'a> {
    style: Option<&'a Style>,
    networks: &'a Networks,
    identity: bool,
    diffusion: bool,
    masks: Masks,
}

/// Whether the picture shows who is in the reference.
fn identity(networks: &Networks, who: &Slug, reference: &Path, subject: &Subject<'_>) -> Result<Measurement, PairsError> {
    let png = bytes(reference)?;
    let embedding = networks.embed(Digest::of(&png), &png, None, who);
    let unseen = |reason: String| format!("{}: {reason}", reference.display());
    let known = embedding.map_err(unseen).and_then(|one| Reference::of(&[one]).ok_or_else(|| unseen("it has no embedding".to_owned())));
    let parts = subject.layout.map(|layout| layout.parts);
    Ok(networks.measure(&Subject { parts, ..*subject }, &[Sought { character: who.clone(), reference: known }]))
}

/// The colours that a picture without a layout was asked to have; none where nobody wrote them down.
fn asked(folder: &Path) -> Result<Option<AskedColours>, PairsError> {
    let path = folder.join(AskedColours::FILE);
    if !path.is_file() {
        return Ok(None);
    }
    serde_json::from_slice(&bytes(&path)?).map(Some).map_err(|source| PairsError::Map { path, source })
}

/// The colours of a picture of which no masks are used.
fn segmented(networks: &Networks, image: &Raster, asked: Option<&AskedColours>) -> Measurement {
    let Some(AskedColours { light, parts }) = asked else {
        let unknown = "there is no colours.json beside it that says which colours its people should have";
        return SegmentedColours::new(Ok(&[]), Err(unknown)).report(&Subject::new(image));
    };
    networks.segmented_colours(&Subject { expected: parts, ..Subject::new(image) }, Ok(*light))
}

/// A pair, measured in each way that is wanted.
fn pair(folder: &Path, same: bool, with: &With<'_>) -> Result<Vec<MeasuredPair>, PairsError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let found = ["picture.png", "picture.jpg", "picture.jpeg"].iter().map(|file| folder.join(file)).find(|path| path.is_file());
    let image = picture(&found.ok_or(PairsError::Lacks { path: folder.to_owned(), file: "picture.png" })?)?;
    let reference = folder.join("reference.png");
    if !reference.is_file() {
        return Err(PairsError::Lacks { path: folder.to_owned(), file: "reference.png" });
    }
    let references: Vec<Palette> = Palette::of(&picture(&reference)?).into_iter().collect();
    let layout = layout(folder)?;
    let asked = match &layout {
        Some(layout) => Some(AskedColours::of(&layout.parts)),
        None => asked(folder)?,
    };
    let palette = PaletteOverlap { references };
    let mut words = name.split('.');
    let (character, kind) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let measured = |masked: bool| -> Result<MeasuredPair, PairsError> {
        let layout = layout.as_ref().filter(|_| masked);
        let subject = Subject {
            layout: layout.map(|layout| Layout { image: &layout.image, parts: &layout.parts, skeletons: &layout.skeletons }),
            ..Subject::new(&image)
        };
        let mut measurements: Vec<Measurement> = vec![palette.report(&subject)];
        if layout.is_some() {
            measurements.push(ColourModel::default().report(&subject));
            measurements.push(Attributes::default().report(&subject));
            measurements.push(Structure::default().report(&subject));
            measurements.push(Linework::default().report(&subject));
        } else {
            measurements.push(segmented(with.networks, &image, asked.as_ref()));
        }
        measurements.extend(with.style.map(|style| style.report(&subject)));
        if with.identity {
            // In the layout it is whoever has a body; elsewhere the name is only for the words.
            let bodied = layout.and_then(|layout| layout.skeletons.first()).map(|skeleton| skeleton.character.clone());
            let who = bodied.or_else(|| Slug::nearest(&character)).ok_or(PairsError::Lacks { path: folder.to_owned(), file: "a name" })?;
            measurements.push(identity(with.networks, &who, &reference, &subject)?);
        }
        let domain = match (layout.is_some(), with.diffusion) {
            (true, false) => Domain::PaintedOverLayout,
            (true, true) => Domain::DiffusedOverLayout,
            (false, false) => Domain::PairOfPictures,
            (false, true) => Domain::DiffusedWithoutLayout,
        };
        let readings = measurements.iter().filter_map(Reading::of).collect();
        let not_measured = Calibration::missing(&measurements);
        let (name, character, kind) = (name.clone(), character.clone(), kind.clone());
        Ok(MeasuredPair { name, example: Example { same, character, kind, domain, readings }, not_measured })
    };
    with.masks.ways(layout.is_some()).iter().map(|masked| measured(*masked)).collect()
}

impl MeasuredPairs {
    /// Fits a calibration on the pairs.
    ///
    /// # Errors
    /// [`PairsError::Calibration`] when there are too few.
    pub fn calibrate(&self, name: &str, version: u32, gate: Score) -> Result<Calibration, PairsError> {
        let About { on, seed, valid_for, diffusion: _ } = self.about.clone();
        let fitted = Fitted { on, seed, valid_for, domains: Vec::new(), pairs: 0, characters: 0, held_out: 0 };
        Calibration::fit(name, version, fitted, &self.examples(), gate).map_err(|source| PairsError::Calibration { source })
    }

    /// The labelled readings.
    #[must_use]
    pub fn examples(&self) -> Vec<Example> {
        self.pairs.iter().map(|pair| pair.example.clone()).collect()
    }
}

/// How well a calibration tells the pairs of a folder apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchReport {
    /// Name and version of the calibration.
    pub calibration: String,
    /// What it was fitted on.
    pub fitted: Fitted,
    /// The gate of all figures.
    pub gate: f64,
    /// Pairs measured.
    pub pairs: usize,
    /// Whether only characters are counted that were held out when the calibration was fitted on this same folder.
    pub held_out_only: bool,
    /// All measures together; none when no pair got a probability.
    pub together: Option<Quality>,
    /// Each measure by itself: its reading, for the AUC, and its own probability for the rest.
    pub measures: Vec<MeasureQuality>,
    /// By kind, in alphabetical order.
    pub kinds: Vec<KindQuality>,
    /// Pairs without a probability, with the first reason.
    pub unjudged: Vec<(String, String)>,
    /// Mean certainty of the judgements.
    pub certainty: f64,
}

/// One measure by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasureQuality {
    /// Its name.
    pub measure: String,
    /// Pairs that it measured.
    pub measured: usize,
    /// How good its own probability is.
    pub quality: Quality,
}

/// One kind of pairs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KindQuality {
    /// What was done: `hair-hue`, `jpeg`…
    pub kind: String,
    /// Whether these are the same.
    pub same: bool,
    /// Pairs judged.
    pub pairs: usize,
    /// Share that the gate decided rightly: kept of the same, stopped of the different.
    pub right: f64,
    /// AUC of this kind against all pairs of the other label.
    pub auc: Option<f64>,
    /// Mean probability.
    pub mean: f64,
}

/// Judges the pairs with a calibration.
#[must_use]
pub fn bench(pairs: &MeasuredPairs, calibration: &Calibration, gate: Score, held_out_only: bool) -> (BenchReport, Vec<Told>) {
    let examples = pairs.examples();
    let (_, held_out) = consistency::calibration::split(&examples);
    let counted: Vec<&MeasuredPair> =
        pairs.pairs.iter().filter(|pair| !held_out_only || held_out.iter().any(|example| **example == pair.example)).collect();
    let (mut judged, mut unjudged, mut certainty) = (Vec::new(), Vec::new(), 0.0);
    for pair in &counted {
        let judgement = calibration.judge(&pair.example.readings, &pair.not_measured, pair.example.domain);
        match judgement.probability {
            Some(probability) => {
                certainty += judgement.certainty;
                judged.push((*pair, probability));
            }
            None => {
                let reason = judgement
                    .not_measured
                    .first()
                    .map_or_else(|| "nothing was measured".to_owned(), |(name, why)| format!("{name}: {why}"));
                unjudged.push((pair.name.clone(), reason));
            }
        }
    }
    let told: Vec<Told> = judged.iter().map(|(pair, value)| Told { value: *value, same: pair.example.same }).collect();
    let mut kinds: Vec<(&str, bool)> = judged.iter().map(|(pair, _)| (pair.example.kind.as_str(), pair.example.same)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let kind_quality = |(kind, same): (&str, bool)| {
        let own: Vec<f64> =
            judged.iter().filter(|(pair, _)| pair.example.kind == kind && pair.example.same == same).map(|(_, value)| *value).collect();
        let right = own.iter().filter(|value| (**value >= gate.value()) == same).count();
        let against: Vec<Told> = judged
            .iter()
            .filter(|(pair, _)| pair.example.same != same || pair.example.kind == kind)
            .map(|(pair, value)| Told { value: *value, same: pair.example.same })
            .collect();
        KindQuality {
            kind: kind.to_owned(),
            same,
            pairs: own.len(),
            right: right as f64 / own.len().max(1) as f64,
            auc: Quality::of(&against, gate.value()).auc,
            mean: own.iter().sum::<f64>() / own.len().max(1) as f64,
        }
    };
    let measures = calibration
        .measures
        .iter()
        .map(|measure| {
            let told: Vec<Told> = counted
                .iter()
                .filter_map(|pair| {
                    let reading = pair
                        .example
                        .readings
                        .iter()
                        .find(|reading| reading.measure == measure.measure && reading.version == measure.version)?;
                    Some(Told { value: measure.curve.at(reading.value), same: pair.example.same })
                })
                .collect();
            MeasureQuality { measure: measure.measure.clone(), measured: told.len(), quality: Quality::of(&told, gate.value()) }
        })
        .collect();
    let report = BenchReport {
        calibration: format!("{}@{}", calibration.name, calibration.version),
        fitted: calibration.fitted.clone(),
        gate: gate.value(),
        pairs: counted.len(),
        held_out_only,
        together: (!told.is_empty()).then(|| Quality::of(&told, gate.value())),
        measures,
        kinds: kinds.into_iter().map(kind_quality).collect(),
        certainty: certainty / judged.len().max(1) as f64,
        unjudged,
    };
    (report, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_pairs_says_what_it_needs() {
        let folder = tempfile::tempdir().unwrap();
        let error = measure(folder.path(), None, Masks::Used).unwrap_err();
        assert!(matches!(error, PairsError::NoPairs { .. }) && error.to_string().contains("picture.png"), "{error}");
    }

    #[test]
    fn a_pair_without_its_picture_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("same/mei.front.1")).unwrap();
        assert!(matches!(measure(folder.path(), None, Masks::Used), Err(PairsError::Lacks { file: "picture.png", .. })));
    }
}
