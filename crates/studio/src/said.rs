//! Why a job of the farm waits, said once for each reason.

use farm::Waiting;

/// The reason that was said last; none before the first, and once the job is drawn.
#[derive(Debug, Default)]
pub(crate) struct Said(Option<Waiting>);

impl Said {
    /// What there is to say: nothing while it is drawn, which is no waiting, and nothing that was just said.
    pub(crate) fn news(&mut self, waiting: Waiting) -> Option<String> {
        if matches!(waiting, Waiting::Drawn { silent: None, .. }) {
            self.0 = None;
            return None;
        }
        let news = self.0.as_ref().is_none_or(|said| !is_the_same(said, &waiting));
        let text = news.then(|| waiting.to_string());
        self.0 = Some(waiting);
        text
    }
}

/// Whether two are one reason. Seconds run and the queue moves: neither makes it another.
fn is_the_same(said: &Waiting, now: &Waiting) -> bool {
    match (said, now) {
        (Waiting::Drawn { node, .. }, Waiting::Drawn { node: now, .. }) => node == now,
        (Waiting::Busy { .. }, Waiting::Busy { .. }) | (Waiting::Next { .. }, Waiting::Next { .. }) => true,
        _ => said == now,
    }
}

#[cfg(test)]
mod tests {
    use farm::{AttemptState, Waiting};

    use super::Said;

    fn drawn(seconds: f64, silent: Option<f64>) -> Waiting {
        Waiting::Drawn { node: "gpu-1".to_owned(), state: AttemptState::Running, seconds, expected: 5.0, progress: None, silent }
    }

    #[test]
    fn what_is_drawn_does_not_wait_however_long_it_takes() {
        let mut said = Said::default();
        assert_eq!(said.news(drawn(16.0, None)), None);
        assert_eq!(said.news(drawn(17.0, None)), None);
    }

    #[test]
    fn a_reason_is_said_once_while_its_figures_move_and_again_after_it_was_drawn() {
        let mut said = Said::default();
        assert!(said.news(Waiting::Next { free: 1 }).is_some());
        assert_eq!(said.news(Waiting::Next { free: 2 }), None);
        assert!(said.news(drawn(40.0, Some(3.0))).is_some_and(|text| text.contains("gpu-1 when its worker was last heard of")));
        assert_eq!(said.news(drawn(41.0, Some(4.0))), None);
        assert_eq!(said.news(Waiting::NoNodes).as_deref(), Some("The farm has no nodes: add one."));
        assert_eq!(said.news(drawn(1.0, None)), None);
        assert!(said.news(Waiting::NoNodes).is_some());
    }
}
