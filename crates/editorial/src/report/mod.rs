//! The report: what was made, from what, and how well it keeps to the bible, on one page.

mod html;

use std::path::Path;

use bible::{Colour, FrameRate};
use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::error::Result;
use crate::sound::Loudness;
pub(crate) use html::escape;

/// All that the report says. What is `None` was not measured, and the page says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The show's title.
    pub show: String,
    /// The episode's title.
    pub title: String,
    /// The episode: `S01E01`.
    pub episode: String,
    /// When it was produced, as text for people.
    pub produced_at: String,
    /// Frames per second.
    pub rate: FrameRate,
    /// Length in frames.
    pub frames: u64,
    /// Pictures that this run drew.
    pub drawn: u64,
    /// Pictures that were there already.
    pub cached: u64,
    /// Seconds that this run took.
    pub seconds: Option<f64>,
    /// Loudness of the episode's sound.
    pub loudness: Option<Loudness>,
    /// Things a producer should know: silent voices, lines that are too long, subtitles too fast to read.
    pub notes: Vec<String>,
    /// The scenes in order.
    pub scenes: Vec<SceneReport>,
}

/// One scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SceneReport {
    /// `EXT. LANTERN ROAD - NIGHT`.
    pub heading: String,
    /// What the scene is for.
    pub synopsis: String,
    /// The shots in order.
    pub shots: Vec<ShotReport>,
}

/// One shot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShotReport {
    /// `S01E01.02.003`.
    pub id: String,
    /// First frame in the episode.
    pub start: u64,
    /// Length in frames.
    pub frames: u32,
    /// The picture as JPEG or PNG bytes; see [`crate::thumbnails::poster`].
    #[serde(skip)]
    pub picture: Option<Vec<u8>>,
    /// What the picture shows, for those who cannot see it.
    pub description: String,
    /// Framing, angle, camera move…: short words.
    pub tags: Vec<String>,
    /// What is said.
    pub dialogue: Vec<DialogueReport>,
    /// The decision; none when the picture was not judged.
    pub status: Option<ShotStatus>,
    /// The measured score, 0 to 1.
    pub score: Option<f64>,
    /// The bounds that decided; none when the picture was not judged.
    pub gate: Option<ShotGate>,
    /// Why, as sentences.
    pub reasons: Vec<String>,
    /// The measured parts, worst first.
    pub parts: Vec<PartReport>,
    /// Who approved it by hand.
    pub approved_by: Option<String>,
    /// Where it comes from: label and value, in order.
    pub provenance: Vec<(String, String)>,
}

/// The scores that decide on a shot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShotGate {
    /// From here on it is accepted, 0 to 1.
    pub accept: f64,
    /// From here on a person decides, 0 to 1; none where everything below `accept` is rejected.
    pub person: Option<f64>,
    /// The same in words, and who set it.
    pub words: String,
}

/// A decision about a shot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShotStatus {
    /// It may be used.
    Accepted,
    /// A person must decide.
    NeedsReview,
    /// It may not.
    Rejected,
}

/// One line of dialogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialogueReport {
    /// Who speaks.
    pub speaker: String,
    /// What.
    pub text: String,
    /// What is to be known about it: spoken faster to fit, silent…
    pub note: Option<String>,
}

/// One measured part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartReport {
    /// `hair of mei`.
    pub name: String,
    /// The colour that the bible gives it.
    pub expected: Colour,
    /// The colour that was found.
    pub found: Colour,
    /// CIEDE2000 difference.
    pub difference: f64,
    /// The difference that is allowed.
    pub tolerance: f64,
    /// The part's score, 0 to 1.
    pub score: f64,
}

impl Report {
    /// The page: one file that asks nothing of any server.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// Writes the page.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, target: &Path) -> Result<()> {
        Draft::write(target, self.html().as_bytes())
    }

    fn shots(&self) -> impl Iterator<Item = &ShotReport> {
        self.scenes.iter().flat_map(|scene| &scene.shots)
    }
}
