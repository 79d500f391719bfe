//! What searching a million pictures costs and finds: vectors as long as the built-in ones, clustered as pictures are (some
//! characters, each in some looks, in some scenes, and what is particular to each picture).
//!
//! `benches search [ROWS]`; a million without. It needs 3 GB of memory.

use std::time::{Duration, Instant};

use search::{Index, Limits, Near, RowSet, normalised};

use crate::{Figure, Promise, median, say};

const DIMENSIONS: usize = consistency::likeness_vector::LENGTH;
const CHARACTERS: u32 = 60;
const LOOKS: u32 = 3;
const POSES: u32 = 14;
const SCENES: u32 = 200;
/// Searches that are timed, and those whose answers are compared with looking at every vector.
const TIMED: u32 = 500;
const COMPARED: u32 = 60;
/// As a search of twenty pictures asks the index, and what is compared by the vectors themselves then.
const ASKED: usize = 20 * 4 + 32;
const WANTED: usize = 10;

/// Numbers that are the same every time (splitmix64, Steele et al. 2014).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ bits >> 31) >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    }

    fn vector(&mut self) -> Vec<f32> {
        (0..DIMENSIONS).map(|_| self.next()).collect()
    }
}

/// Everything that pictures have in common with others.
struct World {
    common: Vec<f32>,
    characters: Vec<Vec<f32>>,
    looks: Vec<Vec<f32>>,
    scenes: Vec<Vec<f32>>,
}

impl World {
    fn new() -> Self {
        let mut numbers = Numbers(1);
        let mut some = |count: u32| (0..count).map(|_| numbers.vector()).collect::<Vec<_>>();
        let common = some(1).remove(0);
        Self { common, characters: some(CHARACTERS), looks: some(CHARACTERS * LOOKS), scenes: some(SCENES) }
    }

    /// The picture of a number.
    fn picture(&self, number: u32) -> Vec<f32> {
        let character = character(number);
        let look = &self.looks[(character * LOOKS + number / CHARACTERS % LOOKS) as usize];
        let (character, scene) = (&self.characters[character as usize], &self.scenes[(number / 3_001 % SCENES) as usize]);
        let mut numbers = Numbers(u64::from(number) << 20);
        let mixed: Vec<f32> =
            (0..DIMENSIONS).map(|at| self.common[at] + character[at] + 0.5 * look[at] + 0.4 * scene[at] + 0.35 * numbers.next()).collect();
        normalised(&mixed).unwrap_or(mixed)
    }
}

const fn character(number: u32) -> u32 {
    number % CHARACTERS
}

/// A filter as people use them, by what it says of a picture's number.
struct Filter {
    name: &'static str,
    allows: fn(u32, u32) -> bool,
    promise: Promise,
}

/// Who asks is a number too: the filter may mean the character of the picture that is asked with.
const FILTERS: [Filter; 6] = [
    Filter { name: "no filter", allows: |_, _| true, promise: Promise::Under(10.0) },
    Filter { name: "the same character", allows: |number, asked| character(number) == character(asked), promise: Promise::Under(10.0) },
    Filter {
        name: "another character",
        allows: |number, asked| character(number) == (character(asked) + 1) % CHARACTERS,
        promise: Promise::Under(10.0),
    },
    Filter { name: "a pose (1 of 14)", allows: |number, _| number / 180 % POSES == 3, promise: Promise::Under(10.0) },
    Filter { name: "shots only (4 of 5)", allows: |number, _| !(number / 7).is_multiple_of(5), promise: Promise::Under(10.0) },
    // The graph leads to the character that is asked with, and nobody there is allowed: everybody is looked at.
    Filter {
        name: "half of the others",
        allows: |number, asked| character(number) != character(asked) && number % 2 == 0,
        promise: Promise::None,
    },
];

pub(crate) fn measure(rows: u32) -> anyhow::Result<Vec<Figure>> {
    let world = World::new();
    let folder = tempfile::tempdir()?;
    let name = |what: &str| format!("search {rows}: {what}");
    let mut index = Index::new(DIMENSIONS, Limits::default());
    let begun = Instant::now();
    for number in 0..rows {
        index.push(u64::from(number), &world.picture(number))?;
    }
    say(&format!("{rows} vectors are in memory after {:.0} s", begun.elapsed().as_secs_f64()));
    let begun = Instant::now();
    let mut building = index.begin(folder.path())?;
    while building.next_row() < rows as usize {
        let next = building.next_row() as u32;
        building.add(&(next..rows.min(next + 8_192)).map(|number| world.picture(number)).collect::<Vec<_>>())?;
    }
    let graph = building.finish()?;
    let built = begun.elapsed();
    let bytes = std::fs::metadata(graph.path())?.len();
    index.take_up(graph);
    let mut figures = vec![
        Figure::new(name("building the graph, every core"), built.as_secs_f64(), "s", Promise::None),
        Figure::new(name("the graph's file"), bytes as f64 / 1e6, "MB", Promise::None),
    ];
    // Pictures that are not in the index, of the same characters.
    let asked: Vec<(u32, Vec<f32>)> = (rows..rows + TIMED).map(|number| (number, world.picture(number))).collect();
    let compared = &asked[..COMPARED as usize];
    let right = looked_at(&world, rows, compared);
    for (filter, right) in FILTERS.iter().zip(&right) {
        let mut times: Vec<Duration> = Vec::with_capacity(asked.len());
        let (mut found, mut of) = (0, 0);
        let mut sets: std::collections::HashMap<u32, RowSet> = std::collections::HashMap::new();
        for (at, (number, vector)) in asked.iter().enumerate() {
            // The sets of filters are remembered between searches, so making them is not timed.
            let set = sets
                .entry(character(*number))
                .or_insert_with(|| RowSet::of(rows as usize, (0..rows).filter(|row| (filter.allows)(*row, *number))));
            let allowed = (set.count() < rows as usize).then_some(&*set);
            let begun = Instant::now();
            let near = index.nearest(vector, allowed, ASKED)?;
            times.push(begun.elapsed());
            if let Some(right) = right.get(at) {
                let near = by_the_vectors(&world, vector, &near);
                found += right.iter().filter(|row| near.contains(row)).count();
                of += right.len();
            }
        }
        times.sort();
        let last = times[times.len() * 99 / 100].as_secs_f64() * 1e3;
        figures.push(Figure::new(name(&format!("{}, p50", filter.name)), median(times), "ms", Promise::None));
        figures.push(Figure::new(name(&format!("{}, p99", filter.name)), last, "ms", filter.promise));
        figures.push(Figure::new(name(&format!("{}, recall@{WANTED}", filter.name)), found as f64 / of as f64, "", Promise::Over(0.95)));
    }
    Ok(figures)
}

/// The nearest by the vectors themselves of what the index found.
fn by_the_vectors(world: &World, vector: &[f32], near: &[Near]) -> Vec<u32> {
    let mut near: Vec<(f32, u32)> = near.iter().map(|near| (cosine(vector, &world.picture(near.row)), near.row)).collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    near.into_iter().take(WANTED).map(|(_, row)| row).collect()
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// The right answers for each filter and each question: every vector is looked at.
fn looked_at(world: &World, rows: u32, asked: &[(u32, Vec<f32>)]) -> Vec<Vec<Vec<u32>>> {
    let begun = Instant::now();
    let mut best: Vec<Vec<Vec<(f32, u32)>>> = FILTERS.iter().map(|_| vec![Vec::with_capacity(WANTED + 1); asked.len()]).collect();
    for number in 0..rows {
        let picture = world.picture(number);
        for (at, (asks, vector)) in asked.iter().enumerate() {
            let near = cosine(vector, &picture);
            for (filter, best) in FILTERS.iter().zip(&mut best) {
                let best = &mut best[at];
                if (best.len() < WANTED || best.last().is_some_and(|worst| near > worst.0)) && (filter.allows)(number, *asks) {
                    let place = best.partition_point(|known| known.0 >= near);
                    best.insert(place, (near, number));
                    best.truncate(WANTED);
                }
            }
        }
    }
    say(&format!("every vector was looked at for {} questions in {:.0} s", asked.len(), begun.elapsed().as_secs_f64()));
    let rows = |best: Vec<(f32, u32)>| best.into_iter().map(|(_, row)| row).collect();
    best.into_iter().map(|best| best.into_iter().map(rows).collect()).collect()
}
