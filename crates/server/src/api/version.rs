//! Versions of a bible: which one is read (`?ref=`), which branch an edit goes to (`?branch=`), and the endpoints of
//! commits, branches and tags.

pub(super) mod blame;
pub(super) mod branches;
pub(super) mod cherry_pick;
pub(super) mod commits;
pub(super) mod diff;
pub(super) mod fsck;
pub(super) mod head;
pub(super) mod history;
pub(super) mod impact;
mod landing;
pub(super) mod merge;
pub(super) mod restore;
pub(super) mod revert;
pub(super) mod tags;
pub(super) mod view;

use bible::version::{RefName, Reference};
use serde::Deserialize;
use studio::bible_edit::Intent;
use utoipa::IntoParams;

use crate::author::Signed;
use crate::desk::reference;
use crate::problem::Problem;

/// Which version is read.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct At {
    /// The version that is read: a branch, a tag, a commit or the beginning of its id, each also with steps back
    /// (`main~2`). The current branch when left out.
    #[param(example = "main")]
    r#ref: Option<String>,
}

impl At {
    /// What was asked for, if anything was.
    pub(crate) fn asked(&self) -> Result<Option<Reference>, Problem> {
        self.r#ref.as_deref().map(|text| reference("ref", text)).transpose()
    }

    /// What was asked for, or the current branch.
    pub(crate) fn reference(&self) -> Result<Reference, Problem> {
        reference("ref", self.r#ref.as_deref().unwrap_or("HEAD"))
    }
}

/// Where an edit goes.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct On {
    /// The branch that the edit goes to; the current one when left out.
    #[param(example = "main")]
    branch: Option<String>,
    /// What is done with fields that the studio does not know and that are not there yet.
    #[param(inline)]
    extra_fields: Option<ExtraFields>,
}

/// What is done with fields that the studio does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ExtraFields {
    /// They are refused, with the field that was likely meant; what is done when nothing is asked for.
    Refuse,
    /// They are kept, as those are that a person writes into a file.
    Keep,
}

impl On {
    pub(crate) fn branch(&self) -> Result<Option<RefName>, Problem> {
        let parsed = self.branch.as_deref().map(str::parse).transpose();
        parsed.map_err(|error: bible::version::ParseReferenceError| Problem::parameter("branch", error.to_string()))
    }

    /// Whether fields that the studio does not know may be added.
    pub(crate) fn keeps_extra_fields(&self) -> bool {
        self.extra_fields == Some(ExtraFields::Keep)
    }

    /// The edit that somebody means.
    pub(crate) fn intent(&self, signed: Signed) -> Result<Intent, Problem> {
        Ok(Intent { branch: self.branch()?, author: signed.author, message: signed.message, extra_fields: self.keeps_extra_fields() })
    }
}
