//! The colour model measure: does every part have the colours that the bible gives it?

use bible::{Colour, Slug, Tones};
use engine::picture::{PartEntry, PartMap};
use serde::{Deserialize, Serialize};

use crate::census::{self, Cell, PartColours};
use crate::light::{Cielab, Light, colour, difference, lab};
use crate::measure::{Evidence, ExpectedPart, Finding, Layout, Measure, Outcome, Region, Role, Severity, Subject};
use crate::score::Score;
use crate::softened::Softened;
use crate::tolerance::Tolerances;
use crate::whole_part::{self, WholePart};

/// The share of a part's pixels that must lie within its tolerance. The rest is left to lines,
/// reflections, and things that overlap by a pixel.
pub const REQUIRED_SHARE: f64 = 0.75;

/// Parts with fewer pixels than this inside of their border are compared as a whole where there is a layout.
const WHOLE_BELOW: u32 = 400;
/// A part of which the layout itself has less than this share within tolerance (an iris under its reflections) is compared
/// as a whole too when it is not within tolerance by its pixels.
const PLAIN: f64 = 0.95;
/// Pixels that a part must have in all, border and lines too, to be compared as a whole with the layout.
const LEAST_WHOLE: u32 = 6;
/// The fewer pixels a part has, the more does a single one at its border weigh: its tolerance is that of a large part
/// times `sqrt(1 + BORDER_PIXELS / pixels)`.
const BORDER_PIXELS: f64 = 25.0;

/// Measures every part of a picture against its tones.
///
/// For each part: its border is taken off, the declared light is divided away in linear light, and
/// every pixel is compared by CIEDE2000 (CIELAB, D65) with the nearest of base, shadow and highlight.
/// The part's difference is the one that 75 % of its pixels stay within, so a part is within tolerance
/// exactly when at least three quarters of it are. [`Score::of_difference`] makes a score of that.
///
/// A part that is too small for that (a far face's eyes, the rim of glasses) shows its colour nowhere alone, and one that
/// the layout itself draws other things over hardly more. Where there is a layout, such a part's whole place is compared
/// with the layout's, mean colour with mean colour, once the layout is as soft as the picture.
///
/// The picture's score is its worst part's: an average would let thirty right parts hide two swapped
/// eyes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColourModel {
    /// How far each part may be off.
    pub tolerances: Tolerances,
    /// Pixels that a part must have, after its border is off, to be measured by them.
    pub least_pixels: u32,
}

impl Default for ColourModel {
    fn default() -> Self {
        Self { tolerances: Tolerances::default(), least_pixels: 40 }
    }
}

/// Colours by part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColourEvidence {
    /// Parts that were measured, worst score first.
    pub parts: Vec<PartColour>,
    /// Parts that were not, each with the reason.
    pub unmeasured: Vec<UnmeasuredPart>,
    /// Mean score of the measured parts, for comparison: the worst decides.
    pub mean: Score,
    /// How it is known where the parts are.
    #[serde(default, skip_serializing_if = "CutOut::is_by_masks")]
    pub cut_out: CutOut,
}

/// How it is known where the parts of a picture are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutOut {
    /// The layout, or the engine that drew the picture, says so.
    #[default]
    Masks,
    /// They were told apart by their colours and places ([`crate::SegmentedColours`]): less sure, and it decides nothing.
    Segmentation,
}

impl CutOut {
    /// Whether masks say where the parts are.
    #[must_use]
    pub const fn is_by_masks(&self) -> bool {
        matches!(self, Self::Masks)
    }
}

/// One part, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartColour {
    /// Whose; none for the set.
    pub owner: Option<Slug>,
    /// Which part.
    pub part: String,
    /// Pixels measured.
    pub pixels: u32,
    /// CIEDE2000 difference that 75 % of the pixels stay within.
    pub difference: f64,
    /// Median CIEDE2000 difference.
    pub median: f64,
    /// Share of pixels within tolerance, 0 to 1.
    pub within: f64,
    /// The tolerance: that of the part, plus what rounding to 8 bits can make under this light.
    pub tolerance: f64,
    /// The tolerance score of `difference`.
    pub score: Score,
    /// The tone that `found` is nearest to.
    pub tone: Tone,
    /// The colour of that tone in the bible.
    pub expected: Colour,
    /// The most frequent colour with the light taken away: of the pixels out of tolerance when the part
    /// is out of tolerance, of all of them otherwise.
    pub found: Colour,
    /// CIEDE2000 between `found` and `expected`.
    pub found_difference: f64,
    /// Where: the pixels out of tolerance when the part is out of tolerance, the whole part otherwise.
    pub at: Region,
    /// Whether it was too small for pixels of its own, and its whole place was compared with the layout's: `difference`
    /// is that of the mean colours then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_a_whole: bool,
}

/// One part that could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmeasuredPart {
    /// Whose; none for the set.
    pub owner: Option<Slug>,
    /// Which part.
    pub part: String,
    /// Why not.
    pub reason: String,
}

/// The tones of a cel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// The lit colour.
    Base,
    /// The colour in shadow.
    Shadow,
    /// The colour where the material shines.
    Highlight,
}

/// What a part should look like, ready to compare with.
pub(crate) struct Target {
    pub(crate) light: Light,
    pub(crate) tolerance: f64,
    tones: [(Tone, Colour, Cielab); 3],
}

impl Target {
    /// The reason instead, when the part cannot be judged.
    pub(crate) fn new(tones: &Tones, gains: [f32; 3], tolerance: f64) -> Result<Self, String> {
        let light = Light::new(gains).ok_or_else(|| format!("its declared light {gains:?} is no light"))?;
        let rounding = light.rounding(tones.base);
        if rounding > tolerance {
            return Err(format!(
                "it is too dark: rounding alone can move its colour by ΔE {rounding:.1}, more than the tolerance of {tolerance}"
            ));
        }
        let tones = [(Tone::Base, tones.base), (Tone::Shadow, tones.shadow()), (Tone::Highlight, tones.highlight())];
        let tones = tones.map(|(tone, colour)| (tone, colour, lab(light.survivor(colour))));
        Ok(Self { light, tolerance: tolerance + rounding, tones })
    }

    /// The nearest tone to a colour as seen (gamma-encoded 0 to 255), and the difference to it.
    pub(crate) fn nearest(&self, seen: [f64; 3]) -> (Tone, Colour, f64) {
        let found = lab(self.light.remove(seen));
        let mut best = (Tone::Base, self.tones[0].1, f64::INFINITY);
        for (tone, colour, value) in &self.tones {
            let difference = difference(found, *value);
            if difference < best.2 {
                best = (*tone, *colour, difference);
            }
        }
        best
    }
}

impl Target {
    /// Share of the pixels within tolerance of a tone.
    fn within(&self, colours: &PartColours) -> f64 {
        let near = colours.cells.iter().filter(|cell| self.nearest(cell.mean()).2 <= self.tolerance);
        f64::from(near.map(|cell| cell.count).sum::<u32>()) / f64::from(colours.pixels.max(1))
    }

    /// How far (CIEDE2000) the base of another target is from the nearest of these tones.
    pub(crate) fn nearest_to_base(&self, other: &Self) -> f64 {
        self.tones.iter().map(|(.., tone)| difference(*tone, other.tones[0].2)).fold(f64::INFINITY, f64::min)
    }
}

impl ColourModel {
    /// The target of each entry of the part map, or the reason why there is none; `None` for parts of
    /// which no colours are asked.
    pub(crate) fn targets(&self, entries: &[PartEntry], expected: &[ExpectedPart]) -> Vec<Option<Result<Target, String>>> {
        let target = |entry: &PartEntry| {
            let asked = expected.iter().find(|part| entry.owner.as_ref() == Some(&part.owner) && part.part == entry.part);
            let tones = asked.map(|part| part.tones).or(entry.tones)?;
            Some(Target::new(&tones, entry.light, self.tolerances.of(&entry.part)))
        };
        entries.iter().enumerate().map(|(index, entry)| if index == 0 { None } else { target(entry) }).collect()
    }

    /// Measures one part, or says why not.
    fn part(&self, entry: &PartEntry, target: &Target, colours: &PartColours) -> Result<PartColour, String> {
        if colours.pixels < self.least_pixels {
            return Err(format!("it is too small: {} pixels inside its border, {} needed", colours.pixels, self.least_pixels));
        }
        let mut compared: Vec<(f64, Tone, Colour, &Cell)> = colours
            .cells
            .iter()
            .map(|cell| {
                let (tone, expected, difference) = target.nearest(cell.mean());
                (difference, tone, expected, cell)
            })
            .collect();
        // Stable, and the cells come in reading order: equal differences keep one order everywhere.
        compared.sort_by(|one, two| one.0.total_cmp(&two.0));
        let quantile = |share: f64| {
            let wanted = (f64::from(colours.pixels) * share).ceil();
            let mut counted = 0.0;
            for (difference, _, _, cell) in &compared {
                counted += f64::from(cell.count);
                if counted >= wanted {
                    return *difference;
                }
            }
            0.0
        };
        let outside = compared.partition_point(|(difference, ..)| *difference <= target.tolerance);
        let count = |cells: &[(f64, Tone, Colour, &Cell)]| cells.iter().map(|(.., cell)| u64::from(cell.count)).sum::<u64>();
        let within = count(&compared[..outside]) as f64 / f64::from(colours.pixels);
        let off = quantile(REQUIRED_SHARE);
        let shown = if off > target.tolerance { &compared[outside..] } else { &compared[..] };
        // `max_by_key` takes the last of equals; reading them backwards makes that the nearest.
        let (found_difference, tone, expected, most) =
            shown.iter().rev().max_by_key(|(.., cell)| cell.count).copied().ok_or_else(|| "it has no pixels".to_owned())?;
        Ok(PartColour {
            owner: entry.owner.clone(),
            part: entry.part.clone(),
            pixels: colours.pixels,
            difference: off,
            median: quantile(0.5),
            within,
            tolerance: target.tolerance,
            score: Score::of_difference(off, target.tolerance),
            tone,
            expected,
            found: colour(target.light.remove(most.mean())),
            found_difference,
            at: region(shown.iter().map(|(.., cell)| *cell)),
            as_a_whole: false,
        })
    }

    /// The parts in sight that their own pixels cannot tell about, as a whole; none without a layout of the picture's size.
    fn whole_parts(
        &self,
        subject: &Subject<'_>,
        map: &PartMap,
        targets: &[Option<Result<Target, String>>],
        census: &[PartColours],
    ) -> Vec<Option<WholePart>> {
        // Places from a segmenter are not where the layout has its parts.
        let own_places = |layout: &Layout<'_>| subject.parts.is_none() || std::ptr::eq(map, layout.parts);
        let Some(layout) = subject.layout.filter(own_places) else { return vec![None; targets.len()] };
        // Counted only when a large part is in doubt.
        let mut drawn: Option<Vec<PartColours>> = None;
        let mut is_plain = |index: usize, target: &Target| {
            if (layout.image.width, layout.image.height) != (map.width, map.height) {
                return true;
            }
            let drawn = drawn.get_or_insert_with(|| census::count(layout.image, map, self.least_pixels));
            target.within(&drawn[index]) >= PLAIN
        };
        let wanted: Vec<bool> = (map.parts.iter().zip(targets).zip(census).enumerate())
            .map(|(index, ((entry, target), colours))| {
                let Some(Ok(target)) = target else { return false };
                // A layout that was drawn in other tones than are asked for is no example.
                let drawn_right = !subject
                    .expected
                    .iter()
                    .any(|part| entry.owner.as_ref() == Some(&part.owner) && part.part == entry.part && Some(part.tones) != entry.tones);
                let small = colours.pixels < WHOLE_BELOW;
                let mut in_doubt = || target.within(colours) < PLAIN && !is_plain(index, target);
                colours.seen >= LEAST_WHOLE && drawn_right && (small || in_doubt())
            })
            .collect();
        let softened = if wanted.contains(&true) { Softened::of(subject.image, layout.image, map) } else { None };
        softened.map_or_else(|| vec![None; wanted.len()], |softened| whole_part::of(subject.image, &softened, map, &wanted))
    }
}

/// A part that is measured by its whole place.
fn whole(entry: &PartEntry, target: &Target, whole: &WholePart) -> PartColour {
    let [expected, found] = [whole.expected, whole.found].map(|seen| target.light.remove(seen));
    let difference = difference(lab(expected), lab(found));
    let tolerance = target.tolerance * (1.0 + BORDER_PIXELS / f64::from(whole.pixels)).sqrt();
    let base = target.tones[0].1;
    // What the base has become, if all of the part changed as its mean did.
    let lit = target.light.survivor(base);
    let became = std::array::from_fn(|channel| lit[channel] + found[channel] - expected[channel]);
    PartColour {
        owner: entry.owner.clone(),
        part: entry.part.clone(),
        pixels: whole.pixels,
        difference,
        median: difference,
        within: f64::from(u8::from(difference <= tolerance)),
        tolerance,
        score: Score::of_difference(difference, tolerance),
        tone: Tone::Base,
        expected: base,
        found: colour(became),
        found_difference: difference,
        at: whole.at,
        as_a_whole: true,
    }
}

/// The box around cells and their centre of gravity.
pub(crate) fn region<'a>(cells: impl Iterator<Item = &'a Cell>) -> Region {
    let (mut left, mut right, mut top, mut bottom) = (u32::MAX, 0, u32::MAX, 0);
    let (mut moments, mut count) = ([0u64; 2], 0u64);
    for cell in cells {
        (left, right) = (left.min(cell.left), right.max(cell.right));
        (top, bottom) = (top.min(cell.top), bottom.max(cell.bottom));
        let [x, y] = cell.moments();
        moments = [moments[0] + x, moments[1] + y];
        count += u64::from(cell.count);
    }
    let centre = moments.map(|moment| (moment / count.max(1)) as u32);
    Region { left, top, width: right.saturating_sub(left) + 1, height: bottom.saturating_sub(top) + 1, centre }
}

impl PartColour {
    /// What to tell a person when the part is out of tolerance.
    fn finding(&self, cut_out: CutOut) -> Option<Finding> {
        if self.difference <= self.tolerance {
            return None;
        }
        let sign = if cut_out.is_by_masks() { "" } else { ", segmented and not masked" };
        let whose = self.owner.as_ref().map_or_else(String::new, |owner| format!(" of {owner}"));
        let [x, y] = self.at.centre;
        let message = format!(
            "{}{whose}: expected {}, found {} (ΔE {:.1}, tolerance {:.1}) at ({x},{y}){sign}",
            self.part, self.expected, self.found, self.found_difference, self.tolerance
        );
        Some(Finding { severity: Severity::Note, code: "colour-off".to_owned(), message, at: Some(self.at) })
    }
}

impl Measure for ColourModel {
    fn name(&self) -> &'static str {
        "colour-model"
    }

    fn version(&self) -> u32 {
        2
    }

    fn role(&self) -> Role {
        Role::Consistency
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        let Some(map) = subject.parts.or(subject.layout.map(|layout| layout.parts)) else {
            return Outcome::NotMeasured { reason: "the engine gave no part map, so no colour can be assigned to a part".to_owned() };
        };
        self.by_map(subject, map).map_or_else(|nothing| *nothing, ColourEvidence::outcome)
    }
}

impl ColourModel {
    /// The colours of the parts of a map; what came of it where no part could be measured.
    pub(crate) fn by_map(&self, subject: &Subject<'_>, map: &PartMap) -> Result<ColourEvidence, Box<Outcome>> {
        let not_measured = |reason: String| Outcome::NotMeasured { reason };
        fits(subject, map).map_err(not_measured).map_err(Box::new)?;
        let targets = self.targets(&map.parts, subject.expected);
        let census = census::count(subject.image, map, self.least_pixels);
        let wholes = self.whole_parts(subject, map, &targets, &census);
        let (mut parts, mut unmeasured, mut asked) = (Vec::new(), Vec::new(), 0);
        for (((entry, target), colours), whole_part) in map.parts.iter().zip(&targets).zip(&census).zip(&wholes) {
            let Some(target) = target else { continue };
            asked += 1;
            if colours.seen == 0 {
                continue;
            }
            match target.as_ref().map_err(Clone::clone).and_then(|target| match whole_part {
                Some(whole_part) => Ok(whole(entry, target, whole_part)),
                None => self.part(entry, target, colours),
            }) {
                Ok(part) => parts.push(part),
                Err(reason) => unmeasured.push(UnmeasuredPart { owner: entry.owner.clone(), part: entry.part.clone(), reason }),
            }
        }
        if parts.is_empty() {
            return Err(Box::new(match (asked, unmeasured.first()) {
                (0, _) => Outcome::NotApplicable { reason: "no part of the picture has colours in the bible".to_owned() },
                (_, None) => Outcome::NotApplicable { reason: "no part that has colours in the bible is in sight".to_owned() },
                (_, Some(first)) => {
                    not_measured(format!("none of {} parts in sight can be measured; {}: {}", unmeasured.len(), name(first), first.reason))
                }
            }));
        }
        parts.sort_by(|one, two| {
            (one.score.value().total_cmp(&two.score.value())).then_with(|| (&one.owner, &one.part).cmp(&(&two.owner, &two.part)))
        });
        let sum: f64 = parts.iter().map(|part| part.score.value()).sum();
        let mean = Score::new((sum / parts.len() as f64).clamp(0.0, 1.0)).unwrap_or(Score::NONE);
        Ok(ColourEvidence { parts, unmeasured, mean, cut_out: CutOut::Masks })
    }
}

impl ColourEvidence {
    /// The worst part decides, and what is out of tolerance is said.
    pub(crate) fn outcome(self) -> Outcome {
        let findings = self.parts.iter().filter_map(|part| part.finding(self.cut_out)).collect();
        let score = self.parts.iter().map(|part| part.score).fold(Score::FULL, Score::min);
        Outcome::Measured { score, findings, evidence: Evidence::Colour(self) }
    }
}

fn name(part: &UnmeasuredPart) -> String {
    part.owner.as_ref().map_or_else(|| part.part.clone(), |owner| format!("{} of {owner}", part.part))
}

/// Whether picture and part map belong together.
pub(crate) fn fits(subject: &Subject<'_>, map: &engine::picture::PartMap) -> Result<(), String> {
    let image = subject.image;
    let pixels = image.width as usize * image.height as usize;
    if (map.width, map.height) != (image.width, image.height)
        || pixels == 0
        || map.indices.len() != pixels
        || image.rgba.len() != pixels * 4
    {
        return Err(format!("the part map ({}x{}) does not fit the picture ({}x{})", map.width, map.height, image.width, image.height));
    }
    let highest = map.indices.iter().copied().max().unwrap_or(0);
    if usize::from(highest) >= map.parts.len() {
        return Err(format!("the part map uses part {highest} and names only {}", map.parts.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Measurement;
    use crate::testing::{Face, flat};
    use crate::verdict::{Status, Verdict, judge};

    fn verdict(face: &Face) -> Verdict {
        let (image, map) = face.draw(640, 360);
        let report = ColourModel::default().report(&Subject { parts: Some(&map), ..Subject::new(&image) });
        judge(vec![report], Score::AT_TOLERANCE)
    }

    fn evidence(measurement: &Measurement) -> &ColourEvidence {
        match &measurement.outcome {
            Outcome::Measured { evidence: Evidence::Colour(evidence), .. } => evidence,
            other => panic!("no colours: {other:?}"),
        }
    }

    #[test]
    fn a_face_in_its_own_colours_is_accepted() {
        let verdict = verdict(&Face::default());
        assert_eq!((verdict.status, verdict.reasons.len()), (Status::Accepted, 0));
        let parts = &evidence(&verdict.measurements[0]).parts;
        assert_eq!(parts.len(), 4);
        assert!(parts.iter().all(|part| part.difference < 0.5 && part.within == 1.0), "{parts:#?}");
    }

    #[test]
    fn wrong_hair_is_rejected_and_named_with_its_colours_and_place() {
        let verdict = verdict(&Face { hair: Colour::new(0x7a, 0x30, 0x30), ..Face::default() });
        assert_eq!(verdict.status, Status::Rejected);
        assert_eq!(verdict.reasons.len(), 1);
        let message = &verdict.reasons[0].message;
        assert!(message.starts_with("hair of mei: expected #") && message.contains(", found #7a3030 (ΔE "), "{message}");
        let at = verdict.reasons[0].at.unwrap();
        assert!((280..360).contains(&at.centre[0]) && at.centre[1] < 180, "{at:?}");
    }

    #[test]
    fn swapped_irises_are_caught_both() {
        let right = Face::default();
        let verdict = verdict(&Face { left: right.right, right: right.left, ..right });
        assert_eq!(verdict.status, Status::Rejected);
        let parts: Vec<&str> = verdict.reasons.iter().map(|reason| reason.message.split(" of ").next().unwrap()).collect();
        assert_eq!(parts.len(), 2);
        assert!(parts.contains(&"iris.left") && parts.contains(&"iris.right"), "{parts:?}");
    }

    #[test]
    fn declared_light_is_not_held_against_the_colours() {
        for light in [[0.25, 0.3, 0.55], [1.7, 1.05, 0.6], [0.9, 0.5, 0.35]] {
            let verdict = verdict(&Face { light, ..Face::default() });
            assert_eq!(verdict.status, Status::Accepted, "{light:?}: {:#?}", verdict.reasons);
        }
    }

    #[test]
    fn wrong_colours_are_caught_under_light_too() {
        for light in [[0.25, 0.3, 0.55], [1.7, 1.05, 0.6]] {
            let verdict = verdict(&Face { light, hair: Colour::new(0x7a, 0x30, 0x30), ..Face::default() });
            assert_eq!(verdict.status, Status::Rejected, "{light:?}");
        }
    }

    #[test]
    fn a_slight_shift_scores_between_right_and_wrong() {
        let score = |hair| verdict(&Face { hair, ..Face::default() }).score.unwrap();
        let (right, slight, wrong) =
            (score(Face::default().hair), score(Colour::new(0x30, 0x32, 0x54)), score(Colour::new(0x7a, 0x30, 0x30)));
        assert!(right > slight && slight > Score::AT_TOLERANCE && wrong < Score::new(0.4).unwrap(), "{right} {slight} {wrong}");
    }

    #[test]
    fn the_bible_wins_over_what_the_engine_says_it_drew() {
        // The engine was handed the wrong colour, drew it faithfully, and its map agrees with itself.
        let (image, map) = Face::default().draw(640, 360);
        let tones = Tones::from_base(Colour::new(0xd0, 0x40, 0x40));
        let expected = [ExpectedPart { owner: "mei".parse().unwrap(), part: "hair".to_owned(), tones }];
        let report = ColourModel::default().report(&Subject { parts: Some(&map), expected: &expected, ..Subject::new(&image) });
        assert_eq!(judge(vec![report], Score::AT_TOLERANCE).status, Status::Rejected);
    }

    #[test]
    fn parts_too_small_or_too_dark_are_listed_and_not_scored() {
        let (image, map) = Face::default().draw(96, 54);
        let report = ColourModel::default().report(&Subject { parts: Some(&map), ..Subject::new(&image) });
        let unmeasured: Vec<&str> = evidence(&report).unmeasured.iter().map(|part| part.part.as_str()).collect();
        assert_eq!(unmeasured, ["iris.left", "iris.right"]);

        let dark = verdict(&Face { light: [0.001; 3], ..Face::default() });
        assert_eq!((dark.status, dark.score), (Status::NeedsReview, None));
        assert!(dark.reasons[0].message.contains("too dark"), "{}", dark.reasons[0].message);
    }

    #[test]
    fn beside_a_layout_the_smallest_parts_are_measured_too() {
        let small = |face: &Face, soft: f32| {
            let (layout, map) = Face::default().draw(96, 54);
            let image = if soft > 0.0 { crate::testing::blurred(&face.draw(96, 54).0, soft) } else { face.draw(96, 54).0 };
            let layout = Layout { image: &layout, parts: &map, skeletons: &[] };
            let report = ColourModel::default().report(&Subject { layout: Some(layout), ..Subject::new(&image) });
            let mut irises = evidence(&report).parts.clone();
            irises.retain(|part| part.as_a_whole && part.part.starts_with("iris"));
            irises
        };
        for soft in [0.0, 0.6] {
            let right = small(&Face::default(), soft);
            assert!(right.len() == 2 && right.iter().all(|part| part.score > Score::AT_TOLERANCE), "{right:#?}");
            let swapped = Face { left: Face::default().right, right: Face::default().left, ..Face::default() };
            assert!(small(&swapped, soft).iter().all(|part| part.score < Score::new(0.5).unwrap()));
        }
    }

    #[test]
    fn without_a_part_map_that_fits_nothing_is_claimed() {
        let (image, map) = Face::default().draw(64, 36);
        let small = flat(32, 18, [9, 9, 9, 255]);
        let mut broken = map.clone();
        broken.indices[7] = 99;
        for (image, parts) in [(&image, None), (&small, Some(&map)), (&image, Some(&broken))] {
            let report = ColourModel::default().report(&Subject { parts, ..Subject::new(image) });
            assert!(matches!(report.outcome, Outcome::NotMeasured { .. }), "{report:?}");
        }
    }

    #[test]
    fn the_same_bytes_give_the_same_verdict() {
        let face = Face { hair: Colour::new(0x50, 0x30, 0x60), light: [0.4, 0.5, 0.8], ..Face::default() };
        let json = || serde_json::to_string(&verdict(&face)).unwrap();
        assert_eq!(json(), json());
    }

    #[test]
    fn the_heat_map_glows_where_the_colour_is_off_and_nowhere_else() {
        let (image, map) = Face { hair: Colour::new(0x7a, 0x30, 0x30), ..Face::default() }.draw(320, 180);
        let heat = ColourModel::default().heat_map(&Subject { parts: Some(&map), ..Subject::new(&image) }).unwrap();
        let glows = |part: u8| {
            let of_part = || heat.rgba.as_chunks::<4>().0.iter().zip(&map.indices).filter(|(_, index)| **index == part);
            of_part().filter(|(pixel, _)| pixel[0] > pixel[1] + 40).count() as f64 / of_part().count() as f64
        };
        assert!(glows(1) > 0.7 && glows(2) < 0.05 && glows(0) == 0.0, "{} {} {}", glows(1), glows(2), glows(0));
        let png = ColourModel::default().heat_map_png(&Subject { parts: Some(&map), ..Subject::new(&image) }).unwrap();
        assert_eq!(crate::decode(&png).unwrap(), heat);
    }

    #[test]
    fn a_part_that_is_off_gets_a_box_where_no_map_shows_it_and_others_get_none() {
        let off = Face { hair: Colour::new(0x7a, 0x30, 0x30), ..Face::default() };
        for (face, boxed) in [(off, true), (Face::default(), false)] {
            let (image, map) = face.draw(320, 180);
            let evidence = ColourModel::default().by_map(&Subject::new(&image), &map).unwrap();
            let hair = evidence.parts.iter().find(|part| part.part == "hair").unwrap().at;
            let shown = evidence.boxed(&image);
            let is_hot = |x: u32, y: u32| {
                let at = (y * 320 + x) as usize * 4;
                shown.rgba[at] > shown.rgba[at + 1] + 40
            };
            assert_eq!(is_hot(hair.left + hair.width / 2, hair.top), boxed);
            assert!(!is_hot(hair.left + hair.width / 2, hair.top + hair.height / 2) && !is_hot(1, 1));
        }
    }
}
