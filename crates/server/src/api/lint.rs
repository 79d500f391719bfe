//! Where bible, scripts and shots contradict each other.

use axum::extract::State;
use bible::lint::{Finding, Report};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::version::At;
use crate::answer::Answer;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// A place that a finding rests on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceView {
    /// The file.
    document: String,
    /// The field, dotted; empty in a script.
    field: String,
    /// From 1; 0 when it is not known.
    line: u32,
    /// From 1; 0 when the whole line is meant.
    column: u32,
    /// What stands there.
    quote: String,
    /// The point of the story.
    at: Option<String>,
}

/// One contradiction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "rule": "EL001",
    "name": "age-contradicts",
    "level": "warning",
    "message": "Mei is 24 here and 25 there",
    "evidence": [
        { "document": "bible/characters/mei.yaml", "field": "age", "line": 2, "column": 6, "quote": "age: 24", "at": null },
        { "document": "bible/characters/mei.yaml", "field": "description", "line": 3, "column": 14, "quote": "A 25-year-old painter.", "at": null }
    ],
    "fix": "say the same age in both places"
}))]
pub(crate) struct FindingView {
    /// The rule's id.
    rule: String,
    /// The rule's name.
    name: String,
    /// error, warning or note.
    level: String,
    /// What does not fit.
    message: String,
    /// The places, the one to mend first.
    evidence: Vec<EvidenceView>,
    /// What would be right.
    fix: String,
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        let evidence = finding.evidence.into_iter().map(|place| EvidenceView {
            document: place.document,
            field: place.field,
            line: place.line,
            column: place.column,
            quote: place.quote,
            at: place.at.map(|at| at.to_string()),
        });
        Self {
            rule: finding.rule.id.to_owned(),
            name: finding.rule.name.to_owned(),
            level: finding.level.word().to_owned(),
            message: finding.message,
            evidence: evidence.collect(),
            fix: finding.fix,
        }
    }
}

/// A contradiction that somebody allowed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllowedView {
    finding: FindingView,
    /// Why it is meant so.
    #[schema(example = "She lies about her age.")]
    reason: String,
}

/// What contradicts itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LintView {
    findings: Vec<FindingView>,
    suppressed: Vec<AllowedView>,
}

impl From<Report> for LintView {
    fn from(report: Report) -> Self {
        let allowed = report.suppressed.into_iter().map(|one| AllowedView { finding: one.finding.into(), reason: one.reason });
        Self { findings: report.findings.into_iter().map(FindingView::from).collect(), suppressed: allowed.collect() }
    }
}

/// Where bible, scripts and shots contradict each other
///
/// Of a version that cannot be read, what is wrong with it.
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/lint", tag = "bible",
    params(("project" = Uuid, Path, description = "The project's id"), At, IfNoneMatchHeader),
    responses((status = 200, description = "Every contradiction, and those that are allowed", body = LintView)))]
pub(crate) async fn lint(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(at): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let (commit, bible) = desk.bible(project, &at.reference()?).await?;
    let report = tokio::task::spawn_blocking(move || studio::lint_source(&bible.to_source())).await;
    let report = report.map_err(|error| Problem::fault(&error, false))?;
    Ok(Answer::of(&LintView::from(report))?.at_commit(Some(commit)).unless(&seen))
}
