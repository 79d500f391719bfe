//! What a measure is, what it looks at, and what it says.

use bible::project::Canvas;
use bible::{Slug, Tones};
use engine::picture::{PartMap, Raster, Skeleton};
use serde::{Deserialize, Serialize};

use crate::attributes::AttributeEvidence;
use crate::clip::ClipEvidence;
use crate::colour::ColourEvidence;
use crate::film::FilmEvidence;
use crate::fingerprint::Fingerprint;
use crate::linework::LineworkEvidence;
use crate::sameness::SamenessEvidence;
use crate::score::Score;
use crate::structure::StructureEvidence;
use crate::style::StyleEvidence;
use crate::technical::TechnicalEvidence;

/// Something that measures a picture.
///
/// The colour model and the technical checks are the first two; identity embedders, attribute taggers
/// and others join them by implementing this trait. A measure is pure: the same subject gives the same
/// measurement, to the bit.
pub trait Measure: Send + Sync {
    /// Its name in verdicts: `colour-model`, `technical`.
    fn name(&self) -> &'static str;

    /// Changes whenever the same picture could measure differently, so that old verdicts can be told
    /// from new ones.
    fn version(&self) -> u32;

    /// What its score stands for when pictures are judged.
    fn role(&self) -> Role;

    /// Measures the subject. A measure that cannot say answers [`Outcome::NotMeasured`]; it never guesses.
    fn measure(&self, subject: &Subject<'_>) -> Outcome;

    /// [`Measure::measure`] with the measure's own name and version on the result.
    fn report(&self, subject: &Subject<'_>) -> Measurement {
        Measurement { measure: self.name().to_owned(), version: self.version(), role: self.role(), outcome: self.measure(subject) }
    }
}

/// What a measure's score stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Whether the picture keeps to the bible: counts towards the verdict's score.
    Consistency,
    /// Who is in the picture, where that is not known from how it was made: counts as consistency does, and where it could
    /// not be measured a person has to look, whatever the other measures say.
    Identity,
    /// Feeds the calibrated probability and decides nothing by itself.
    Supporting,
    /// Whether the file is sound: can stop a picture, and never earns it acceptance.
    Technical,
}

impl Role {
    /// Whether the score counts towards the verdict's.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(self, Self::Consistency | Self::Identity)
    }
}

/// A picture and all that is known about what it should show.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The decoded pixels.
    pub image: &'a Raster,
    /// Which part each pixel shows, when the engine or a segmenter says so.
    pub parts: Option<&'a PartMap>,
    /// The colours that the bible asks for. A part found here is measured against these tones; one that
    /// is not, against the tones in the part map's own entry. Pass what the brief says: it catches an
    /// engine that was handed, or kept, the wrong colours.
    pub expected: &'a [ExpectedPart],
    /// The size that was ordered; not checked when absent.
    pub canvas: Option<Canvas>,
    /// Pictures that this one was asked to differ from. Leave out shots that are alike on purpose, such
    /// as the way back to the same set-up in a dialogue.
    pub others: &'a [Other],
    /// The layout that the picture was painted over; none for a picture that is its own layout.
    pub layout: Option<Layout<'a>>,
}

/// The layout behind a picture: what should be where.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'a> {
    /// Its pixels.
    pub image: &'a Raster,
    /// Its parts.
    pub parts: &'a PartMap,
    /// Its skeletons, one per actor with a body.
    pub skeletons: &'a [Skeleton],
}

impl<'a> Subject<'a> {
    /// A picture of which nothing else is known.
    #[must_use]
    pub const fn new(image: &'a Raster) -> Self {
        Self { image, parts: None, expected: &[], canvas: None, others: &[], layout: None }
    }
}

/// The tones that the bible asks of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedPart {
    /// Whose: a character or prop.
    pub owner: Slug,
    /// The part, named as in [`engine::picture::PartEntry::part`].
    pub part: String,
    /// Its tones before light.
    pub tones: Tones,
}

/// Another picture of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// What people call it: `S01E01.02.003`.
    pub name: String,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
}

/// What one measure said about one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The measure's name.
    pub measure: String,
    /// The measure's version.
    pub version: u32,
    /// What the measure's score stands for.
    pub role: Role,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of measuring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was measured.
    Measured {
        /// The score.
        score: Score,
        /// What was found that a person should know, worst first.
        findings: Vec<Finding>,
        /// The figures behind the score.
        evidence: Evidence,
    },
    /// There is nothing in the picture that the measure is about, such as colours of people where nobody is.
    NotApplicable {
        /// What is not there, as a sentence.
        reason: String,
    },
    /// It was not measured, and nothing is claimed.
    NotMeasured {
        /// Why not, as a sentence.
        reason: String,
    },
}

/// The figures behind a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Evidence {
    /// Colours by part.
    Colour(ColourEvidence),
    /// The soundness of the file.
    Technical(TechnicalEvidence),
    /// What the characters have and lack.
    Attributes(AttributeEvidence),
    /// Pose, silhouette and lines against the layout.
    Structure(StructureEvidence),
    /// Weight, colour and sharpness of the lines against the layout.
    Linework(LineworkEvidence),
    /// The drawing style against the show's accepted pictures.
    Style(StyleEvidence),
    /// Likeness to other pictures and to the reference used.
    Sameness(SamenessEvidence),
    /// A clip's movement, flashes and joins.
    Clip(ClipEvidence),
    /// A film's ends and movement.
    Film(FilmEvidence),
    /// There are no figures, for the file could not be decoded.
    Undecodable,
    /// Figures of a measure that lives outside of this crate.
    Other {
        /// As that measure documents them.
        figures: serde_json::Value,
    },
}

/// Something found that a person should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What it means for the verdict.
    pub severity: Severity,
    /// A stable word for programs: `colour-off`, `blank`, `wrong-size`…
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// Where in the picture, when it is somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Region>,
}

/// What the message of a finding begins with that says that something could not be measured.
const NOT_MEASURED_WORDS: &str = "not measured: ";

impl Finding {
    /// The code of what could not be measured.
    pub(crate) const NOT_MEASURED: &'static str = "not-measured";

    /// Something that could not be measured where the rest could: what was found counts, and a person looks at this.
    #[must_use]
    pub fn not_measured(reason: &str) -> Self {
        let message = format!("{NOT_MEASURED_WORDS}{reason}");
        Self { severity: Severity::Doubt, code: Self::NOT_MEASURED.to_owned(), message, at: None }
    }

    /// Why something could not be measured, where it says that.
    #[must_use]
    pub fn unmeasured(&self) -> Option<&str> {
        (self.code == Self::NOT_MEASURED).then(|| self.message.strip_prefix(NOT_MEASURED_WORDS).unwrap_or(&self.message))
    }
}

/// What a finding means for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing, changes nothing.
    Note,
    /// A person should look before the picture is used.
    Doubt,
    /// The picture cannot be used.
    Blocks,
}

/// A place in a picture, in pixels from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Left edge.
    pub left: u32,
    /// Top edge.
    pub top: u32,
    /// Width, 1 or more.
    pub width: u32,
    /// Height, 1 or more.
    pub height: u32,
    /// Centre of gravity of the pixels meant; inside the box.
    pub centre: [u32; 2],
}
