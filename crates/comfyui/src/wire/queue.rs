//! `GET /queue`.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::ticket::Mark;

/// What runs on a server and what waits, whoever's it is.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Queue {
    /// What runs: one at most, per server process.
    #[serde(rename = "queue_running", default)]
    pub running: Vec<QueueItem>,
    /// What waits, in the order of the server's heap, which is **not** the order in which it will run; see
    /// [`Queue::ahead_of`].
    #[serde(rename = "queue_pending", default)]
    pub pending: Vec<QueueItem>,
}

impl Queue {
    /// Everything, running first.
    pub fn items(&self) -> impl Iterator<Item = &QueueItem> {
        self.running.iter().chain(&self.pending)
    }

    /// How many prompts will run before this one; `None` when it does not wait here.
    #[must_use]
    pub fn ahead_of(&self, prompt: &str) -> Option<usize> {
        let number = self.pending.iter().find(|item| item.prompt == prompt)?.number;
        Some(self.running.len() + self.pending.iter().filter(|item| item.number < number).count())
    }
}

/// One prompt of a queue. The graph, which may be large, is not kept.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueItem {
    /// What decides the order: the lowest runs first.
    pub number: f64,
    /// The prompt's id.
    pub prompt: String,
    /// Our job and attempt, when it is ours.
    pub mark: Option<Mark>,
}

/// The part of `extra_data` that is ours.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    pub(crate) mark: Option<Mark>,
}

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Others may have written anything there.
        let value = serde_json::Value::deserialize(deserializer)?;
        let mark = value.get("echo_studio").and_then(|mark| Mark::deserialize(mark).ok());
        Ok(Self { mark })
    }
}

impl<'de> Deserialize<'de> for QueueItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items;
        impl<'de> Visitor<'de> for Items {
            type Value = QueueItem;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of number, prompt id, graph, extra data, output nodes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<QueueItem, A::Error> {
                let missing = |at| serde::de::Error::invalid_length(at, &"five items");
                let number = items.next_element()?.ok_or_else(|| missing(0))?;
                let prompt = items.next_element()?.ok_or_else(|| missing(1))?;
                items.next_element::<IgnoredAny>()?.ok_or_else(|| missing(2))?;
                let extra: Extra = items.next_element()?.unwrap_or_default();
                // Servers have added items at the end before.
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(QueueItem { number, prompt, mark: extra.mark })
            }
        }
        deserializer.deserialize_seq(Items)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_heap_is_put_in_the_order_in_which_it_runs() {
        let item = |number: f64, id: &str| json!([number, id, {}, {}, ["9"]]);
        let queue: Queue = serde_json::from_value(json!({
            "queue_running": [item(1.0, "r")],
            "queue_pending": [item(-1000.5, "a"), item(-46.0, "b"), item(44.0, "d"), item(0.0, "c")],
        }))
        .unwrap();
        let ahead = |id| queue.ahead_of(id);
        assert_eq!((ahead("a"), ahead("b"), ahead("c"), ahead("d"), ahead("r")), (Some(1), Some(2), Some(3), Some(4), None));
    }

    #[test]
    fn our_mark_is_read_and_what_others_wrote_does_no_harm() {
        let mark = json!({"echo_studio": {"job": Uuid::from_u128(7), "attempt": 2}, "client_id": "x"});
        let item: QueueItem = serde_json::from_value(json!([1, "p", {}, mark, [], "something new"])).unwrap();
        assert_eq!(item.mark, Some(Mark { job: Uuid::from_u128(7), attempt: 2 }));
        let item: QueueItem = serde_json::from_value(json!([1, "p", {}, {"echo_studio": "not ours"}, []])).unwrap();
        assert_eq!(item.mark, None);
    }
}
