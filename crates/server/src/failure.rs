//! From what went wrong in the studio to what the client is told.

use studio::bible_edit::EditError;
use studio::{HistoryError, StudioError};

use crate::desk::store_fault;
use crate::problem::{FieldProblem, Problem};

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        let detail = error.to_string();
        match error {
            EditError::Unknown { .. } => Self::not_found(detail),
            EditError::Taken { .. } => Self::taken(detail),
            EditError::Stale { tag, current, .. } => Self::stale_against(detail, tag, current),
            EditError::Invalid(wrong) => Self::invalid_content(detail).with(wrong.into_iter().map(FieldProblem::from)),
            EditError::InUse { uses, .. } => Self::in_use(detail).with(uses.into_iter().map(FieldProblem::from)),
            EditError::NeedsForce { .. } => Self::needs_force(detail),
            EditError::History(error) => error.into(),
            EditError::Studio(error) => error.into(),
            EditError::Crashed { .. } => Self::fault(&error, false),
        }
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        let detail = error.to_string();
        match error {
            HistoryError::Store(error) => store_fault(error),
            HistoryError::Reference(_) | HistoryError::Ambiguous { .. } => Self::invalid_request(detail),
            HistoryError::UnknownReference { .. } | HistoryError::UnknownName { .. } | HistoryError::NoAncestor { .. } => {
                Self::unknown_version(detail)
            }
            HistoryError::Empty => Self::no_bible("the project has no bible yet: POST one, or commit its folder"),
            HistoryError::Moved { .. } | HistoryError::NothingToCommit => Self::branch_moved(detail),
            HistoryError::Message => Self::invalid_request(detail),
            HistoryError::Taken { .. } => Self::taken(detail),
            HistoryError::Current { .. } => Self::in_use(detail),
            HistoryError::Unmerged { .. } => Self::needs_force(detail),
            HistoryError::NoSuchConflict { .. } | HistoryError::Resolution { .. } => {
                Self::invalid_content("").with([FieldProblem::in_body("/resolutions", detail, None)])
            }
            HistoryError::Parent { .. } => Self::invalid_content("").with([FieldProblem::in_body("/parent", detail, None)]),
            HistoryError::UnknownField { .. } => Self::not_found(detail),
            HistoryError::Diverged { .. } => Self::branch_moved(detail),
            error @ (HistoryError::Archive(_)
            | HistoryError::Uncommitted { .. }
            | HistoryError::Json(_)
            | HistoryError::Lost { .. }
            | HistoryError::Damaged { .. }) => Self::fault(&error, false),
        }
    }
}

impl From<StudioError> for Problem {
    fn from(error: StudioError) -> Self {
        match error {
            StudioError::History(error) => error.into(),
            StudioError::Store(error) => store_fault(error),
            StudioError::Source(wrong) => {
                let errors =
                    wrong.0.into_iter().filter(|error| error.severity == bible::source::Severity::Error).map(|error| FieldProblem {
                        pointer: error.pointer.clone(),
                        document: Some(bible::version::DocumentPath::of_file(&error.file).to_string()),
                        line: (error.line > 0).then_some(error.line),
                        detail: error.problem,
                        fix: Some(error.fix).filter(|fix| !fix.is_empty()),
                        ..FieldProblem::default()
                    });
                Self::unsound_bible("the bible has errors in this version; mend them first").with(errors)
            }
            StudioError::Brief { .. } | StudioError::Draw { .. } => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                Self::unsound_bible(format!("{error}{cause}"))
            }
            StudioError::Unknown { .. } => Self::not_found(error.to_string()),
            error => Self::fault(&error, error.retryable()),
        }
    }
}
