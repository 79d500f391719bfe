//! The queue: a heap by number, with the tie that kills.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Mutex;

use serde_json::{Map, Value, json};
use tokio::sync::Notify;

/// A prompt in the queue.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) number: Number,
    pub(crate) prompt_id: String,
    pub(crate) graph: Map<String, Value>,
    pub(crate) extra: Map<String, Value>,
    pub(crate) outputs: Vec<String>,
}

/// What decides the order: whole when the server counted it, a float when a client sent it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Counted(i64),
    Sent(f64),
}

impl Number {
    #[expect(clippy::cast_precision_loss, reason = "counters stay small")]
    const fn float(self) -> f64 {
        match self {
            Self::Counted(number) => number as f64,
            Self::Sent(number) => number,
        }
    }

    pub(crate) fn json(self) -> Value {
        match self {
            Self::Counted(number) => json!(number),
            Self::Sent(number) => json!(number),
        }
    }
}

impl Item {
    /// `[number, prompt_id, graph, extra_data, outputs]`.
    pub(crate) fn json(&self) -> Value {
        json!([self.number.json(), self.prompt_id, self.graph, self.extra, self.outputs])
    }

    pub(crate) fn client(&self) -> Option<&str> {
        self.extra.get("client_id").and_then(Value::as_str)
    }
}

struct Waiting(Item);

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.number.float().total_cmp(&other.0.number.float()).then_with(|| self.0.prompt_id.cmp(&other.0.prompt_id))
    }
}

/// Two entries of the same number and id: the real server compares their graphs then, which raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tie;

#[derive(Default)]
struct Inside {
    heap: BinaryHeap<Reverse<Waiting>>,
    running: Option<Item>,
}

impl Inside {
    fn tied(&self, item: &Item) -> bool {
        self.heap.iter().any(|Reverse(Waiting(other))| other.prompt_id == item.prompt_id && other.number.float() == item.number.float())
    }
}

/// What runs and what waits.
#[derive(Default)]
pub(crate) struct Queue {
    inside: Mutex<Inside>,
    added: Notify,
}

impl Queue {
    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Adds an item. On a tie it is in the queue all the same.
    pub(crate) fn add(&self, item: Item) -> Result<(), Tie> {
        let mut inside = self.inside();
        let tied = inside.tied(&item);
        inside.heap.push(Reverse(Waiting(item)));
        drop(inside);
        self.added.notify_one();
        if tied { Err(Tie) } else { Ok(()) }
    }

    /// Waits for the next item and makes it the running one.
    pub(crate) async fn next(&self) -> Result<Item, Tie> {
        loop {
            {
                let mut inside = self.inside();
                if let Some(Reverse(Waiting(item))) = inside.heap.pop() {
                    if inside.tied(&item) {
                        inside.heap.push(Reverse(Waiting(item)));
                        return Err(Tie);
                    }
                    inside.running = Some(item.clone());
                    return Ok(item);
                }
            }
            self.added.notified().await;
        }
    }

    /// The running item waits again.
    pub(crate) fn put_back(&self) {
        let mut inside = self.inside();
        if let Some(item) = inside.running.take() {
            inside.heap.push(Reverse(Waiting(item)));
        }
    }

    pub(crate) fn finished(&self) {
        self.inside().running = None;
    }

    /// Running and waiting.
    pub(crate) fn remaining(&self) -> usize {
        let inside = self.inside();
        inside.heap.len() + usize::from(inside.running.is_some())
    }

    pub(crate) fn running(&self) -> Option<Item> {
        self.inside().running.clone()
    }

    /// What waits, in the heap's order.
    pub(crate) fn pending(&self) -> Vec<Item> {
        self.inside().heap.iter().map(|Reverse(Waiting(item))| item.clone()).collect()
    }

    /// Takes one entry of that id out; says whether there was one.
    pub(crate) fn delete(&self, prompt_id: &str) -> bool {
        let mut inside = self.inside();
        let mut found = false;
        let kept = std::mem::take(&mut inside.heap).into_iter().filter(|Reverse(Waiting(item))| {
            let drop = !found && item.prompt_id == prompt_id;
            found |= drop;
            !drop
        });
        inside.heap = kept.collect();
        found
    }

    pub(crate) fn clear(&self) {
        self.inside().heap.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(number: Number, id: &str) -> Item {
        Item { number, prompt_id: id.to_owned(), graph: Map::new(), extra: Map::new(), outputs: Vec::new() }
    }

    #[tokio::test]
    async fn the_lowest_number_runs_first() {
        let queue = Queue::default();
        for (number, id) in [
            (Number::Counted(43), "a"),
            (Number::Counted(44), "b"),
            (Number::Counted(-45), "front"),
            (Number::Counted(-46), "front2"),
            (Number::Sent(-1000.5), "first"),
            (Number::Sent(0.0), "zero"),
        ] {
            queue.add(item(number, id)).unwrap();
        }
        let mut order = Vec::new();
        while queue.remaining() > 0 {
            order.push(queue.next().await.unwrap().prompt_id);
            queue.finished();
        }
        assert_eq!(order, ["first", "front2", "front", "zero", "a", "b"], "as recorded");
    }

    #[tokio::test]
    async fn a_tie_is_queued_and_kills_when_it_is_reached() {
        let queue = Queue::default();
        queue.add(item(Number::Sent(500.0), "x")).unwrap();
        assert_eq!(queue.add(item(Number::Sent(500.0), "x")), Err(Tie));
        assert_eq!(queue.remaining(), 2);
        assert_eq!(queue.next().await, Err(Tie));
    }
}
