//! Ending what a node may still work on, and knowing that it has ended.

use comfyui::{Cancelling, Server, Ticket};
use farm::Attempt;

/// An attempt's ticket: what finds it on the node.
pub(crate) fn ticket(attempt: &Attempt) -> Ticket {
    Ticket { job: attempt.job.0, attempt: attempt.number, prompt: attempt.prompt }
}

/// Ends an attempt's prompt on the node. True only when the node itself says that it neither runs nor waits there.
pub(crate) async fn gone(server: &Server, ticket: &Ticket) -> bool {
    match server.find(ticket).await {
        Ok(None) => true,
        Ok(Some(prompt)) => match server.cancel(prompt).await {
            Ok(Cancelling::Ended(_) | Cancelling::Gone) => true,
            Ok(Cancelling::StillRunning) => false,
            Err(error) => {
                tracing::warn!(prompt.id = %prompt, %error, "it is not known whether the prompt has ended");
                false
            }
        },
        Err(error) => {
            tracing::debug!(prompt.id = %ticket.prompt, %error, "the node cannot be asked");
            false
        }
    }
}
