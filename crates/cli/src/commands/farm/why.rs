//! Why a job waits.

use ::farm::{JobId, Policy};
use anyhow::bail;
use serde_json::json;
use store::Store;

use crate::exit::Exit;
use crate::{Context, output};

pub(super) async fn run(store: &Store, job: uuid::Uuid, context: &Context) -> anyhow::Result<Exit> {
    let Some(waiting) = store.why_job_waits(JobId(job), &Policy::default(), super::now()).await? else {
        bail!("there is no job {job}");
    };
    if context.json {
        output::json(&json!({ "job": job, "why": waiting.to_string() }))?;
    } else {
        output::line(waiting);
    }
    Ok(Exit::Success)
}
