//! Finders: networks that say where people, heads and faces are.

use std::path::Path;

use consistency::{BoxKind, FoundBox, Region};
use engine::picture::Raster;

use crate::boxes::best;
use crate::identity::with_margin;
use crate::manifest::{Manifest, OutputForm};
use crate::network::{Backend, Network, NetworkError, Tensor, load, load_from};
use crate::prepare::{Window, prepare};

/// Least probability of a box, when the manifest says none.
const LEAST: f64 = 0.3;
/// Most overlap of two boxes of a kind.
const OVERLAP: f64 = 0.5;
/// The most boxes of a picture.
const MOST: usize = 60;
/// A network's output that claims more boxes than this is not looked at.
const MOST_CANDIDATES: usize = 1 << 20;

/// A finder that is ready to run.
pub struct Finder {
    manifest: Manifest,
    network: Box<dyn Network>,
}

/// The finder that ships, and its manifest.
const BUILT_IN: &[u8] = include_bytes!("../weights/finder.onnx");
const BUILT_IN_MANIFEST: &str = include_str!("../weights/finder.toml");

impl Finder {
    /// The finder that ships: trained on pictures of the layout engine, with their styles, lights and crops varied. How it
    /// does on line styles that it never saw is in `weights/finder.json`; on drawings by people it was not measured.
    ///
    /// It always runs in tract, so that every machine finds the same boxes.
    ///
    /// # Errors
    /// [`NetworkError::Load`], never in practice: a test loads it.
    pub fn built_in() -> Result<Self, NetworkError> {
        let wrong = |error: crate::ManifestError| NetworkError::Load { backend: Backend::Tract.name(), reason: error.to_string() };
        Self::from_bytes(Manifest::read(BUILT_IN_MANIFEST).map_err(wrong)?, BUILT_IN, Some(Backend::Tract))
    }

    /// Loads the file of a manifest.
    ///
    /// # Errors
    /// [`NetworkError`] when it cannot be read or run, or its manifest is no finder's.
    pub fn open(manifest: Manifest, file: &Path) -> Result<Self, NetworkError> {
        let network = load(file, &[1, 3, manifest.input.height as usize, manifest.input.width as usize])?;
        Self::with(manifest, network)
    }

    /// The same from bytes, in a backend of choice; in the best there is without one.
    ///
    /// # Errors
    /// As [`Finder::open`].
    pub fn from_bytes(manifest: Manifest, onnx: &[u8], backend: Option<Backend>) -> Result<Self, NetworkError> {
        let network = load_from(onnx, &[1, 3, manifest.input.height as usize, manifest.input.width as usize], backend)?;
        Self::with(manifest, network)
    }

    fn with(manifest: Manifest, network: Box<dyn Network>) -> Result<Self, NetworkError> {
        match manifest.output.form {
            OutputForm::Embedding => Err(NetworkError::Output { got: "an embedding".to_owned(), expected: "boxes".to_owned() }),
            OutputForm::Centres | OutputForm::Yolo => Ok(Self { manifest, network }),
        }
    }

    /// Its manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The boxes in a picture, the most probable first.
    ///
    /// # Errors
    /// [`NetworkError`] when the picture cannot go in, or what comes out is not what the manifest says.
    pub fn find(&mut self, image: &Raster) -> Result<Vec<FoundBox>, NetworkError> {
        let (input, window) = prepare(image, None, &self.manifest.input)?;
        let outputs = self.network.run(&input)?;
        let least = self.manifest.threshold.unwrap_or(LEAST);
        let size = [image.width, image.height];
        let boxes = match self.manifest.output.form {
            OutputForm::Yolo => yolo(&outputs, &self.manifest.output.classes, least, &window, size)?,
            OutputForm::Centres | OutputForm::Embedding => {
                let stride = [f64::from(self.manifest.input.width), f64::from(self.manifest.input.height)];
                centres(&outputs, &self.manifest.output.classes, least, &window, (size, stride))?
            }
        };
        Ok(best(boxes, OVERLAP, MOST))
    }
}

fn unexpected(outputs: &[Tensor], expected: &str) -> NetworkError {
    let got = outputs.iter().map(|output| format!("{:?}", output.shape)).collect::<Vec<_>>().join(", ");
    NetworkError::Output { got, expected: expected.to_owned() }
}

/// The character to measure: the most probable figure, with a margin of a twentieth around it; around the most probable
/// head when no figure is found. None in a picture without people.
#[must_use]
pub fn character(boxes: &[FoundBox], image: &Raster) -> Option<Region> {
    let of =
        |kind: BoxKind| boxes.iter().filter(|found| found.kind == kind).max_by(|one, other| one.probability.total_cmp(&other.probability));
    let found = of(BoxKind::Figure).or_else(|| of(BoxKind::Head))?;
    Some(with_margin(found, [image.width, image.height]))
}

/// Boxes from grids: a peak of a class's grid is a middle, beside it the logarithms of width and height in cells.
fn centres(
    outputs: &[Tensor],
    classes: &[BoxKind],
    least: f64,
    window: &Window,
    (size, input): ([u32; 2], [f64; 2]),
) -> Result<Vec<FoundBox>, NetworkError> {
    let wrong = || unexpected(outputs, "grids of centres, sizes and shifts");
    let [heat, sizes, shifts] = outputs else { return Err(wrong()) };
    let [1, kinds, rows, columns] = heat.shape[..] else { return Err(wrong()) };
    let cells = rows.checked_mul(columns).filter(|cells| *cells > 0 && *cells <= MOST_CANDIDATES).ok_or_else(wrong)?;
    let fits = kinds == classes.len()
        && heat.values.len() == kinds * cells
        && sizes.values.len() == 2 * kinds * cells
        && shifts.values.len() == 2 * cells;
    if !fits {
        return Err(wrong());
    }
    let cell = [input[0] / columns as f64, input[1] / rows as f64];
    let mut boxes = Vec::new();
    for (kind, class) in classes.iter().enumerate() {
        let grid = &heat.values[kind * cells..][..cells];
        for place in 0..cells {
            let (x, y) = (place % columns, place / columns);
            let probability = 1.0 / (1.0 + f64::from(-grid[place]).exp());
            let around = (y.saturating_sub(1)..(y + 2).min(rows))
                .flat_map(|y| (x.saturating_sub(1)..(x + 2).min(columns)).map(move |x| y * columns + x));
            let is_peak = |mut around: Box<dyn Iterator<Item = usize>>| around.all(|other| grid[other] <= grid[place]);
            if probability < least || !is_peak(Box::new(around)) {
                continue;
            }
            let number = |values: &[f32], plane: usize| f64::from(values[plane * cells + place]);
            let middle = [x as f64 + 0.5 + number(&shifts.values, 0), y as f64 + 0.5 + number(&shifts.values, 1)];
            // No box is larger than the input and twice as much around it.
            let half = [0, 1].map(|axis| number(&sizes.values, kind * 2 + axis).exp().min(3.0 * columns.max(rows) as f64) / 2.0);
            let corner = |sign: f64| window.back([0, 1].map(|axis| (middle[axis] + sign * half[axis]) * cell[axis]));
            boxes.extend(FoundBox::new(*class, probability, corner(-1.0), corner(1.0), size));
        }
    }
    Ok(boxes)
}

/// Boxes from YOLO's columns: middle and size in pixels of the input, then a probability for each class.
fn yolo(outputs: &[Tensor], classes: &[BoxKind], least: f64, window: &Window, size: [u32; 2]) -> Result<Vec<FoundBox>, NetworkError> {
    let wrong = || unexpected(outputs, &format!("1 x {} x boxes", 4 + classes.len()));
    let output = outputs.first().ok_or_else(wrong)?;
    let [1, rows, columns] = output.shape[..] else { return Err(wrong()) };
    if rows != 4 + classes.len() || columns > MOST_CANDIDATES || output.values.len() != rows * columns {
        return Err(wrong());
    }
    let mut boxes = Vec::new();
    for column in 0..columns {
        let number = |row: usize| f64::from(output.values[row * columns + column]);
        for (place, class) in classes.iter().enumerate() {
            let probability = number(4 + place);
            if (least..=1.0).contains(&probability) {
                let corner = |sign: f64| window.back([0, 1].map(|axis| number(axis) + sign * number(2 + axis) / 2.0));
                boxes.extend(FoundBox::new(*class, probability, corner(-1.0), corner(1.0), size));
            }
        }
    }
    // Two dimensions and more candidates than any picture has people: only the best are compared with each other.
    boxes.sort_by(|one, other| other.probability.total_cmp(&one.probability));
    boxes.truncate(1_000);
    Ok(boxes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WINDOW: Window = Window { left: 0.0, top: 0.0, scale: [2.0, 2.0], offset: [0.0, 0.0] };

    fn tensor(shape: &[usize], values: Vec<f32>) -> Tensor {
        Tensor { shape: shape.to_vec(), values }
    }

    #[test]
    fn the_character_is_the_most_probable_figure_with_a_margin() {
        let image = Raster { width: 400, height: 300, rgba: Vec::new() };
        let found =
            |kind, probability, left: f64| FoundBox::new(kind, probability, [left, 100.0], [left + 100.0, 300.0], [400, 300]).unwrap();
        let boxes = [found(BoxKind::Head, 0.99, 0.0), found(BoxKind::Figure, 0.5, 10.0), found(BoxKind::Figure, 0.7, 200.0)];
        let region = character(&boxes, &image).unwrap();
        assert_eq!((region.left, region.top, region.width, region.height), (195, 90, 110, 210));
        assert_eq!(character(&boxes[..1], &image).unwrap().left, 0);
        assert_eq!(character(&[], &image), None);
    }

    #[test]
    fn the_finder_that_ships_loads_and_is_the_one_that_was_measured() {
        let mut finder = Finder::built_in().unwrap();
        assert_eq!(finder.manifest().blake3.as_deref(), Some(blake3::hash(BUILT_IN).to_hex().as_str()));
        assert!(BUILT_IN.len() < 2_000_000);
        let grey = Raster { width: 320, height: 180, rgba: [128, 128, 128, 255].repeat(320 * 180) };
        assert_eq!(finder.find(&grey).unwrap(), Vec::new(), "nobody is in a grey picture");
    }

    #[test]
    fn a_yolo_column_is_a_box_in_the_pictures_pixels() {
        let output = tensor(&[1, 5, 2], vec![50.0, 10.0, 40.0, 10.0, 20.0, 4.0, 10.0, 4.0, 0.9, 0.1]);
        let boxes = yolo(&[output], &[BoxKind::Face], 0.3, &WINDOW, [200, 200]).unwrap();
        assert_eq!(boxes.len(), 1);
        let region = boxes[0].region;
        assert_eq!((region.left, region.top, region.width, region.height), (80, 70, 40, 20));
    }

    #[test]
    fn a_peak_of_a_grid_is_one_box_and_its_slopes_are_none() {
        let mut heat = vec![-9.0; 16];
        (heat[5], heat[6]) = (2.0, 1.0);
        let outputs = [tensor(&[1, 1, 4, 4], heat), tensor(&[1, 2, 4, 4], vec![0.0; 32]), tensor(&[1, 2, 4, 4], vec![0.0; 32])];
        let boxes = centres(&outputs, &[BoxKind::Head], 0.3, &WINDOW, ([200, 200], [40.0, 40.0])).unwrap();
        assert_eq!(boxes.len(), 1);
        assert_eq!((boxes[0].region.left, boxes[0].region.width), (20, 20));
    }

    proptest! {
        #[test]
        fn whatever_comes_out_of_a_network_is_boxes_inside_of_the_picture_or_an_error(
            shape in prop::collection::vec(0usize..7, 0..5), values in prop::collection::vec(any::<f32>(), 0..200),
        ) {
            let outputs = [tensor(&shape, values.clone()), tensor(&shape, values.clone()), tensor(&shape, values)];
            let classes = [BoxKind::Figure, BoxKind::Head];
            let found = [yolo(&outputs, &classes, 0.3, &WINDOW, [64, 36]), centres(&outputs, &classes, 0.3, &WINDOW, ([64, 36], [32.0, 32.0]))];
            for region in found.into_iter().flatten().flatten().map(|found| found.region) {
                prop_assert!(region.width > 0 && region.left + region.width <= 64 && region.height > 0 && region.top + region.height <= 36);
            }
        }
    }
}
