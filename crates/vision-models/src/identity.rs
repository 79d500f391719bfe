//! The identity measure: is this the character of the references, by an embedder?

use std::sync::{Mutex, PoisonError};

use consistency::measure::{Evidence, Finding, Measure, Outcome, Role, Severity, Subject};
use consistency::{Region, Score};

use crate::embedder::Embedder;
use crate::embedding::{Embedding, difference, merged};

/// The difference of unrelated pictures, where the score ends: an angle of a right one.
const UNRELATED: f64 = 0.5;

/// Measures a picture against the merged references of a character.
pub struct Identity {
    embedder: Mutex<Embedder>,
    reference: Embedding,
    references: usize,
    threshold: f64,
    /// Where the character is; the whole picture when not known, and certainty is less then.
    pub figure: Option<Region>,
}

impl Identity {
    /// A measure against these references; none when they cannot be merged or the embedder's manifest has no threshold.
    #[must_use]
    pub fn new(embedder: Embedder, references: &[Embedding]) -> Option<Self> {
        let threshold = embedder.manifest().threshold?;
        Some(Self { reference: merged(references)?, references: references.len(), threshold, embedder: Mutex::new(embedder), figure: None })
    }

    /// 1 for no difference, 0.85 at the threshold, 0 for unrelated pictures, straight lines between.
    fn score(&self, difference: f64) -> Score {
        let gate = Score::AT_TOLERANCE.value();
        let value = if difference <= self.threshold {
            1.0 - (1.0 - gate) * difference / self.threshold.max(1e-9)
        } else {
            gate * (1.0 - (difference - self.threshold) / (UNRELATED - self.threshold).max(1e-9)).max(0.0)
        };
        Score::new(value.clamp(0.0, 1.0)).unwrap_or(Score::NONE)
    }
}

impl Measure for Identity {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn version(&self) -> u32 {
        1
    }

    fn role(&self) -> Role {
        Role::Consistency
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        // A network that failed once is as good as before: it has no state between pictures.
        let mut embedder = self.embedder.lock().unwrap_or_else(PoisonError::into_inner);
        let embedding = match embedder.embed(subject.image, self.figure) {
            Ok(embedding) => embedding,
            Err(error) => return Outcome::NotMeasured { reason: error.to_string() },
        };
        let manifest = embedder.manifest();
        let difference = difference(&embedding, &self.reference);
        let mut findings = Vec::new();
        if difference > self.threshold {
            let message = format!(
                "this may be somebody else: difference {difference:.3} by {}, up to {:.3} is the same",
                manifest.name, self.threshold
            );
            findings.push(Finding { severity: Severity::Note, code: "identity-off".to_owned(), message, at: self.figure });
        }
        let figures = serde_json::json!({
            "model": manifest.name,
            "blake3": manifest.blake3,
            "difference": difference,
            "threshold": self.threshold,
            "references": self.references,
            "figure": self.figure,
        });
        Outcome::Measured { score: self.score(difference), findings, evidence: Evidence::Other { figures } }
    }
}
