//! Continuity lint: where bible, scripts and shots contradict each other.
//!
//! A rule here reports only what it can quote from two places (or one place and what follows from it), for a
//! rule that cries wolf is worse than none: prose is read in narrow patterns, and what is not understood is
//! passed over. Every finding can be suppressed with a reason, in the document (`lint: { allow: [{ rule:
//! EL001, reason: … }] }`) or in a script (`[[lint: allow EL001 reason]]`, for its scene, or for the episode
//! when it stands before the first heading). Prose rules read English.
//!
//! ```
//! use bible::lint::{Input, lint};
//! use bible::source::{SourceTree, read};
//!
//! let tree = SourceTree::from([
//!     ("project.yaml", "slug: tiny\ntitle: Tiny\n"),
//!     ("bible/characters/mei.yaml", "name: Mei\nage: 24\ndescription: A 25-year-old painter.\n\
//!       visual_traits: { build: slim, height_cm: 160 }\ncolour_model: { skin: \"#f6d9c4\" }\n"),
//! ]);
//! let source = read(&tree);
//! let project = source.project.clone().unwrap();
//! let report = lint(&Input { project: &project, episodes: &source.episodes, source: Some(&source), tree: Some(&tree) });
//! assert_eq!(report.findings[0].rule.id, "EL001");
//! assert_eq!(report.findings[0].evidence.len(), 2);
//! ```

mod finding;
#[cfg(test)]
mod fixture;
mod kinship;
mod lexicon;
mod material;
mod prose;
mod rule;
mod rules;
mod sarif;
mod suppress;

pub use finding::{Evidence, Finding, Level};
pub use rule::{RULES, Rule};
pub use sarif::sarif;

use serde::Serialize;

use crate::Project;
use crate::source::{EpisodeSource, Severity, Source, SourceError, SourceTree};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Settings, bible, and the episodes with their shots.
    pub project: &'a Project,
    /// The scripts.
    pub episodes: &'a [EpisodeSource],
    /// Where values stand in their files; without it evidence names documents and fields only.
    pub source: Option<&'a Source>,
    /// The files' texts, to quote from; without it evidence quotes values.
    pub tree: Option<&'a SourceTree>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What stands, in order of document and place.
    pub findings: Vec<Finding>,
    /// What somebody allowed, with their reasons.
    pub suppressed: Vec<Suppressed>,
}

/// A finding that somebody allowed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suppressed {
    /// What was found.
    pub finding: Finding,
    /// Why it is meant so.
    pub reason: String,
}

impl Report {
    /// What `check` says of a project that cannot be read, so that editors and CI show it in the same way.
    #[must_use]
    pub fn of_problems(problems: &[SourceError]) -> Self {
        let findings = problems.iter().map(|problem| Finding {
            rule: &rule::BROKEN,
            level: if problem.severity == Severity::Error { Level::Error } else { Level::Warning },
            message: problem.problem.clone(),
            evidence: vec![Evidence {
                document: problem.file.clone(),
                field: String::new(),
                line: problem.line,
                column: problem.column,
                quote: String::new(),
                at: None,
            }],
            fix: problem.fix.clone(),
        });
        Self { findings: findings.collect(), suppressed: Vec::new() }
    }

    /// How many findings there are of a level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

/// Looks for contradictions.
#[must_use]
pub fn lint(input: &Input<'_>) -> Report {
    let material = material::Material::of(input);
    let mut findings = Vec::new();
    for check in rules::CHECKS {
        check(&material, &mut findings);
    }
    let (mut findings, suppressed) = suppress::apply(&material, findings);
    let place = |finding: &Finding| finding.evidence.first().map(|at| (at.document.clone(), at.line, at.column, at.field.clone()));
    findings.sort_by_cached_key(|finding| (place(finding), finding.rule.id, finding.message.clone()));
    findings.dedup();
    Report { findings, suppressed }
}
