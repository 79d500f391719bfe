//! Texts compared and merged line by line.

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::compare::{Change, ChangeKind};

fn split(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Hunks of lines that differ, each at its line of the new text.
pub(super) fn changes(name: &str, old: &str, new: &str) -> Vec<Change> {
    let (before, after) = (split(old), split(new));
    let operations = capture_diff_slices(Algorithm::Myers, &before, &after);
    let hunks = operations.iter().filter(|operation| !matches!(operation, DiffOp::Equal { .. })).map(|operation| {
        let (was, is) = (operation.old_range(), operation.new_range());
        let text = |lines: &[&str]| (!lines.is_empty()).then(|| Value::from(lines.concat()));
        Change { path: format!("{name}:{}", is.start + 1), kind: ChangeKind::Lines, old: text(&before[was]), new: text(&after[is]) }
    });
    hunks.collect()
}

/// Lines that two sides changed in different ways.
pub(super) struct Hunk {
    /// Line of the base, from 1.
    pub(super) line: usize,
    pub(super) base: String,
    pub(super) ours: String,
    pub(super) theirs: String,
}

/// Merges three texts (diff3: Khanna, Kunal and Pierce, "A Formal Investigation of Diff3", 2007). What clashes is handed
/// to `clash`, which says what stands there.
pub(super) fn merged(base: &str, ours: &str, theirs: &str, clash: &mut dyn FnMut(Hunk) -> String) -> String {
    let (base, ours, theirs) = (split(base), split(ours), split(theirs));
    let (mine, yours) = (matches(&base, &ours), matches(&base, &theirs));
    let mut out = String::new();
    let (mut at, mut a, mut b) = (0, 0, 0);
    loop {
        let sync = (at..base.len()).find_map(|line| Some((line, mine[line]?, yours[line]?)));
        let (to, to_a, to_b) = sync.unwrap_or((base.len(), ours.len(), theirs.len()));
        let (was, left, right) = (&base[at..to], &ours[a..to_a], &theirs[b..to_b]);
        if left == right || was == right {
            out.extend(left.iter().copied());
        } else if was == left {
            out.extend(right.iter().copied());
        } else {
            out.push_str(&clash(Hunk { line: at + 1, base: was.concat(), ours: left.concat(), theirs: right.concat() }));
        }
        if sync.is_none() {
            return out;
        }
        out.push_str(base[to]);
        (at, a, b) = (to + 1, to_a + 1, to_b + 1);
    }
}

/// For each line of the base, the line of the other text that it is.
fn matches(base: &[&str], other: &[&str]) -> Vec<Option<usize>> {
    let mut matches = vec![None; base.len()];
    for operation in capture_diff_slices(Algorithm::Myers, base, other) {
        if let DiffOp::Equal { old_index, new_index, len } = operation {
            (0..len).for_each(|step| matches[old_index + step] = Some(new_index + step));
        }
    }
    matches
}
