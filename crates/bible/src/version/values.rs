//! Values compared and merged: maps by key, lists by what their elements are, all else as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::compare::{Change, ChangeKind};

/// What tells an element of a list from its neighbours: for fields those that name it (where it leads, what it is,
/// when), for a word the word itself.
fn identity(value: &Value) -> String {
    const NAMING: [&str; 7] = ["id", "name", "at", "to", "kind", "part", "side"];
    let Value::Object(fields) = value else { return value.to_string() };
    let named: Vec<String> = NAMING.iter().filter_map(|key| Some(format!("{key}={}", fields.get(*key)?))).collect();
    if named.is_empty() { value.to_string() } else { named.join(" ") }
}

/// The elements by identity; none when two have the same, so that they can only be told apart by place.
fn named(items: &[Value]) -> Option<Vec<(String, &Value)>> {
    let named: Vec<(String, &Value)> = items.iter().map(|item| (identity(item), item)).collect();
    let distinct: BTreeSet<&String> = named.iter().map(|(name, _)| name).collect();
    (distinct.len() == named.len()).then_some(named)
}

fn at(path: &str, step: &str) -> String {
    if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") }
}

/// Lists what differs.
pub(super) fn differences(path: &str, old: Option<&Value>, new: Option<&Value>, out: &mut Vec<Change>) {
    match (old, new) {
        (old, new) if old == new => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
                differences(&at(path, key), old.get(key), new.get(key), out);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => list_differences(path, old, new, out),
        (old, new) => out.push(Change::new(path, old.cloned(), new.cloned())),
    }
}

fn list_differences(path: &str, old: &[Value], new: &[Value], out: &mut Vec<Change>) {
    let (Some(before), Some(after)) = (named(old), named(new)) else {
        for index in 0..old.len().max(new.len()) {
            differences(&at(path, &index.to_string()), old.get(index), new.get(index), out);
        }
        return;
    };
    let find = |list: &[(String, &Value)], name: &str| list.iter().position(|(known, _)| known == name);
    for (index, (name, value)) in before.iter().enumerate() {
        match find(&after, name) {
            None => out.push(Change::new(&at(path, &index.to_string()), Some((*value).clone()), None)),
            Some(place) => differences(&at(path, &place.to_string()), Some(value), Some(after[place].1), out),
        }
    }
    for (index, (name, value)) in after.iter().enumerate() {
        if find(&before, name).is_none() {
            out.push(Change::new(&at(path, &index.to_string()), None, Some((*value).clone())));
        }
    }
    // What is in both and stands in another order among them has moved.
    let kept = |list: &[(String, &Value)], other: &[(String, &Value)]| -> Vec<String> {
        list.iter().map(|(name, _)| name.clone()).filter(|name| find(other, name).is_some()).collect()
    };
    if kept(&before, &after) != kept(&after, &before) {
        let names = |list: &[(String, &Value)]| Value::from(list.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
        out.push(Change { path: path.to_owned(), kind: ChangeKind::Moved, old: Some(names(&before)), new: Some(names(&after)) });
    }
}

/// Where two sides cannot both be right.
pub(super) struct Clash {
    pub(super) path: String,
    pub(super) order: bool,
    pub(super) base: Option<Value>,
    pub(super) ours: Option<Value>,
    pub(super) theirs: Option<Value>,
}

/// Three values at one place.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) base: Option<&'a Value>,
    pub(super) ours: Option<&'a Value>,
    pub(super) theirs: Option<&'a Value>,
}

/// Merges; what clashes is handed to `clash`, which says what stands there.
pub(super) fn merged(path: &str, sides: Sides<'_>, clash: &mut dyn FnMut(Clash) -> Option<Value>) -> Option<Value> {
    let Sides { base, ours, theirs } = sides;
    if ours == theirs || base == theirs {
        return ours.cloned();
    }
    if base == ours {
        return theirs.cloned();
    }
    match (base, ours, theirs) {
        (base, Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
            let none = Map::new();
            let base = base.and_then(Value::as_object).unwrap_or(&none);
            let keys: BTreeSet<&String> = base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
            let fields = keys.into_iter().filter_map(|key| {
                let sides = Sides { base: base.get(key), ours: ours.get(key), theirs: theirs.get(key) };
                Some((key.clone(), merged(&at(path, key), sides, clash)?))
            });
            Some(Value::Object(fields.collect()))
        }
        (base, Some(Value::Array(ours)), Some(Value::Array(theirs))) => {
            let base = base.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            merged_lists(path, [base, ours, theirs], clash)
        }
        _ => clash(Clash { path: path.to_owned(), order: false, base: base.cloned(), ours: ours.cloned(), theirs: theirs.cloned() }),
    }
}

fn merged_lists(path: &str, lists: [&[Value]; 3], clash: &mut dyn FnMut(Clash) -> Option<Value>) -> Option<Value> {
    let whole = |order| {
        let [base, ours, theirs] = lists.map(|list| Some(Value::Array(list.to_vec())));
        Clash { path: path.to_owned(), order, base, ours, theirs }
    };
    let [Some(base), Some(ours), Some(theirs)] = lists.map(named) else { return clash(whole(false)) };
    let maps = [&base, &ours, &theirs].map(|list| list.iter().map(|(name, value)| (name.as_str(), *value)).collect::<BTreeMap<_, _>>());
    let Some(order) = merged_order([&base, &ours, &theirs].map(|list| list.iter().map(|(name, _)| name.as_str()).collect())) else {
        return clash(whole(true));
    };
    let items = order.into_iter().filter_map(|name| {
        let [base, ours, theirs] = [0, 1, 2].map(|side| maps[side].get(name).copied());
        let place = [&ours, &theirs].iter().find_map(|_| lists[1].iter().position(|item| identity(item) == name));
        merged(&at(path, &place.map_or_else(|| name.to_owned(), |place| place.to_string())), Sides { base, ours, theirs }, clash)
    });
    Some(Value::Array(items.collect()))
}

/// The order of everything that any side has: that of the side that moved things, and what is new behind what it
/// stood behind; none when both sides moved the same things differently.
fn merged_order<'a>([base, ours, theirs]: [Vec<&'a str>; 3]) -> Option<Vec<&'a str>> {
    let common: BTreeSet<&str> = base.iter().copied().filter(|name| ours.contains(name) && theirs.contains(name)).collect();
    let only = |list: &[&'a str]| -> Vec<&'a str> { list.iter().copied().filter(|name| common.contains(name)).collect() };
    let (before, mine, yours) = (only(&base), only(&ours), only(&theirs));
    let spine = if mine == before || mine == yours {
        yours
    } else if yours == before {
        mine
    } else {
        return None;
    };
    // What is not common, behind the common element that it follows on its side.
    let runs = |list: &[&'a str]| -> BTreeMap<Option<&'a str>, Vec<&'a str>> {
        let mut behind = None;
        let mut runs: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
        for name in list {
            if common.contains(name) {
                behind = Some(*name);
            } else {
                runs.entry(behind).or_default().push(name);
            }
        }
        runs
    };
    let (mut mine, mut yours) = (runs(&ours), runs(&theirs));
    let mut order = Vec::new();
    for place in std::iter::once(None).chain(spine.into_iter().map(Some)) {
        order.extend(place);
        let (mut first, mut second) = (mine.remove(&place).unwrap_or_default(), yours.remove(&place).unwrap_or_default());
        // The same whichever side is called ours.
        if second < first {
            std::mem::swap(&mut first, &mut second);
        }
        order.extend(first);
        order.extend(second);
    }
    let mut seen = BTreeSet::new();
    order.retain(|name| seen.insert(*name));
    Some(order)
}
