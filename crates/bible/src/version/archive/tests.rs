//! What archives promise.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::version::{Author, Commit, Document, Object, Pool, Snapshot, Summary, Tag, tree};

/// A history in memory.
struct History {
    pool: Pool,
    commits: Vec<CommitId>,
    header: Header,
}

/// How a commit comes about: from which earlier ones, and what it changes.
type Step = (Vec<prop::sample::Index>, Vec<(u8, Option<u8>)>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change = (0_u8..40, prop::option::weighted(0.8, any::<u8>()));
    let step = (prop::collection::vec(any::<prop::sample::Index>(), 0..3), prop::collection::vec(change, 0..12));
    prop::collection::vec(step, 1..12)
}

impl History {
    fn of(steps: &[Step]) -> Self {
        let mut pool = Pool::default();
        let mut made: Vec<(CommitId, Arc<Commit>, Snapshot)> = Vec::new();
        for (number, (parents, changes)) in steps.iter().enumerate() {
            let parents: BTreeSet<usize> =
                parents.iter().filter(|_| !made.is_empty()).map(|parent| parent.index(made.len().max(1))).collect();
            let mut snapshot = parents.first().map(|parent| made[*parent].2.clone()).unwrap_or_default();
            for (document, value) in changes {
                change(&mut snapshot, *document, *value);
            }
            let commit = Arc::new(Commit {
                tree: tree::write(&snapshot, &mut pool).unwrap(),
                generation: 1 + parents.iter().map(|parent| made[*parent].1.generation).max().unwrap_or(0),
                parents: parents.iter().map(|parent| made[*parent].0).collect(),
                author: Author::named("Mei"),
                message: format!("Change {number}"),
                at: number as i64,
                summary: Summary::default(),
            });
            let id = CommitId::new(pool.add(Object::Commit(Arc::clone(&commit))).unwrap());
            made.push((id, commit, snapshot));
        }
        let commits: Vec<CommitId> = made.iter().map(|(id, ..)| *id).collect();
        let parents: BTreeSet<CommitId> = made.iter().flat_map(|(_, commit, _)| commit.parents.clone()).collect();
        let heads: BTreeSet<CommitId> = commits.iter().copied().filter(|id| !parents.contains(id)).collect();
        let mut branches: BTreeMap<RefName, CommitId> =
            heads.iter().enumerate().map(|(number, head)| (format!("b{number}").parse().unwrap(), *head)).collect();
        branches.insert(RefName::main(), *commits.last().unwrap());
        let tag =
            Tag { name: "pilot".into(), target: commits[0], author: Author::named("Mei"), message: "<b>O'Brien & 明</b>".into(), at: 7 };
        let tags = BTreeMap::from([("pilot".parse().unwrap(), pool.add(Object::Tag(Arc::new(tag))).unwrap())]);
        let header = Header { title: "<b>O'Brien & 明</b>".into(), branches, tags, ..Header::default() };
        Self { pool, commits, header }
    }

    /// Its objects as they stand in an archive.
    fn objects(&self) -> Vec<(Digest, ObjectKind, Vec<u8>)> {
        let mut order = Order::default();
        let mut commits: Vec<CommitId> = self.commits.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        commits.sort_by_key(|id| (self.pool.commit(*id).unwrap().generation, *id));
        let ids = commits.iter().flat_map(|id| order.place(*id, &self.pool.commit(*id).unwrap(), &self.pool).unwrap()).collect::<Vec<_>>();
        ids.into_iter()
            .chain(self.header.tags.values().copied())
            .map(|id| {
                let object = self.pool.get(id).unwrap();
                (id, object.kind(), object.encode().unwrap().1)
            })
            .collect()
    }

    fn archive(&self) -> Vec<u8> {
        packed(&self.header, &self.objects())
    }
}

fn change(snapshot: &mut Snapshot, number: u8, value: Option<u8>) {
    let path = match number % 4 {
        0 => format!("files/parts/hair/p{number}.svg"),
        1 => format!("episodes/S01E{:02}/script", number + 1),
        _ => format!("characters/c{number}"),
    };
    let path = path.parse().unwrap();
    let document = value.map(|value| match number % 4 {
        0 => Document::File(vec![value, 0xff].into()),
        1 => Document::Script(format!("INT. <b>O'Brien & 明</b> - DAY\r\n\r\n{value}").into()),
        2 => Document::of_yaml("a", &format!("# typed\nname: C{number}\nage: {value}\n")).unwrap(),
        _ => Document::of_value(json!({ "name": format!("C{number}"), "age": value })),
    });
    match document {
        Some(document) => drop(snapshot.insert(path, document)),
        None => drop(snapshot.remove(&path)),
    }
}

fn packed(header: &Header, objects: &[(Digest, ObjectKind, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), header).unwrap();
    for (id, kind, bytes) in objects {
        writer.object(*id, *kind, bytes).unwrap();
    }
    writer.finish().unwrap()
}

fn read(file: &[u8], limits: Limits) -> Result<(Header, Vec<Packed>), ArchiveError> {
    let mut archive = Reader::open(file, limits)?;
    let mut objects = Vec::new();
    while let Some(object) = archive.next_object()? {
        objects.push(object);
    }
    assert!(archive.digest().is_some());
    Ok((archive.header().clone(), objects))
}

fn sample() -> History {
    let steps: Vec<Step> = vec![(vec![], (0..40).map(|number| (number, Some(number))).collect()), (vec![], vec![(3, Some(1)), (5, None)])];
    let mut history = History::of(&steps);
    // Everything hangs together: `main` is the only branch beside the first commit's tag.
    history.header.branches.retain(|_, _| true);
    history
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn export_and_import_keep_every_hash(steps in steps()) {
        let history = History::of(&steps);
        let file = history.archive();
        let (header, objects) = read(&file, Limits::default()).unwrap();
        prop_assert_eq!(&header, &history.header);
        let there: BTreeMap<Digest, Vec<u8>> = objects.iter().map(|object| (object.id, object.bytes.clone())).collect();
        let wanted: BTreeMap<Digest, Vec<u8>> = history.objects().into_iter().map(|(id, _, bytes)| (id, bytes)).collect();
        prop_assert_eq!(there, wanted);
        for object in &objects {
            prop_assert_eq!(object.object.encode().unwrap(), (object.id, object.bytes.clone()));
        }
        for commit in &history.commits {
            prop_assert!(objects.iter().any(|object| object.id == commit.digest()));
        }
        prop_assert_eq!(history.archive(), file, "the same history, the same bytes");
    }

    #[test]
    fn an_archive_that_was_damaged_anywhere_is_refused(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let file = sample().archive();
        let mut damaged = file.clone();
        let place = at.index(damaged.len());
        damaged[place] ^= flip;
        match read(&damaged, Limits::default()) {
            Err(_) => {}
            // A flipped bit of the compression that unfolds to the same contents has damaged nothing.
            Ok((header, objects)) => prop_assert_eq!(
                packed(&header, &objects.into_iter().map(|object| (object.id, object.object.kind(), object.bytes)).collect::<Vec<_>>()),
                file
            ),
        }
    }

    #[test]
    fn an_archive_that_was_cut_anywhere_is_refused(at in any::<prop::sample::Index>()) {
        let file = sample().archive();
        let error = read(&file[..at.index(file.len())], Limits::default()).unwrap_err();
        prop_assert!(matches!(error, ArchiveError::Cut | ArchiveError::NoArchive), "{error:?}");
    }
}

#[test]
fn what_is_no_archive_or_of_a_later_version_or_has_more_behind_it_says_so() {
    let file = sample().archive();
    assert!(matches!(read(b"PK\x03\x04 something else", Limits::default()), Err(ArchiveError::NoArchive)));
    let mut later = file.clone();
    later[8] = 2;
    assert!(matches!(read(&later, Limits::default()), Err(ArchiveError::Version { found: 2 })));
    let more = [file.as_slice(), b"x"].concat();
    assert!(matches!(read(&more, Limits::default()), Err(ArchiveError::Trailing)));
    let twice = [file.as_slice(), &file[10..]].concat();
    assert!(matches!(read(&twice, Limits::default()), Err(ArchiveError::Trailing)));
}

#[test]
fn objects_in_another_order_twice_missing_or_for_nothing_are_refused() {
    let history = sample();
    let objects = history.objects();
    let said =
        |objects: &[(Digest, ObjectKind, Vec<u8>)]| read(&packed(&history.header, objects), Limits::default()).map(|_| ()).unwrap_err();
    let mut turned = objects.clone();
    turned.reverse();
    assert!(matches!(said(&turned), ArchiveError::Absent { .. }));
    assert!(matches!(said(&[objects.as_slice(), &objects[..1]].concat()), ArchiveError::Twice { .. }));
    assert!(matches!(said(&objects[1..]), ArchiveError::Absent { .. }));
    let last = objects.len() - 1;
    assert!(matches!(said(&objects[..last]), ArchiveError::Absent { kind: ObjectKind::Tag, .. }));
    let (id, bytes) = Object::Text("nobody's".into()).encode().unwrap();
    assert!(matches!(said(&[objects.as_slice(), &[(id, ObjectKind::Text, bytes)]].concat()), ArchiveError::Stray { .. }));
}

#[test]
fn an_object_that_is_not_its_id_or_lies_about_its_place_in_history_is_refused() {
    let history = sample();
    let mut objects = history.objects();
    objects[0].2.push(b' ');
    assert!(matches!(read(&packed(&history.header, &objects), Limits::default()), Err(ArchiveError::Damaged { number: 1, .. })));
    // A first commit that says that it is the ninth.
    let mut objects = history.objects();
    let place = objects.iter().position(|(_, kind, _)| *kind == ObjectKind::Commit).unwrap();
    let Object::Commit(commit) = Object::decode(ObjectKind::Commit, &objects[place].2).unwrap() else { panic!("a commit") };
    let (id, bytes) = Object::Commit(Arc::new(Commit { generation: 9, ..(*commit).clone() })).encode().unwrap();
    objects[place] = (id, ObjectKind::Commit, bytes);
    assert!(matches!(read(&packed(&history.header, &objects), Limits::default()), Err(ArchiveError::Contradiction { .. })));
}

#[test]
fn a_small_file_that_unfolds_to_a_large_one_is_stopped() {
    let zeros = vec![0; 40 << 20];
    let header = Header::default();
    let file = packed(&header, &[(ObjectKind::File.id_of(&zeros), ObjectKind::File, zeros)]);
    assert!(file.len() < 64 * 1024, "{} bytes", file.len());
    assert!(matches!(read(&file, Limits::default()), Err(ArchiveError::TooLarge { what: "bytes in one object", .. })));
    let file = sample().archive();
    assert!(matches!(read(&file, Limits { objects: 5, ..Limits::default() }), Err(ArchiveError::TooLarge { what: "objects", .. })));
    assert!(matches!(read(&file, Limits { bytes: 900, ..Limits::default() }), Err(ArchiveError::TooLarge { what: "bytes", .. })));
}

#[test]
fn a_claimed_length_costs_no_memory_before_its_bytes_come() {
    let mut file = Vec::from(MAGIC);
    file.extend(VERSION.to_le_bytes());
    let mut encoder = zstd::stream::write::Encoder::new(file, 1).unwrap();
    encoder.write_all(&u32::MAX.to_le_bytes()).unwrap();
    let file = encoder.finish().unwrap();
    assert!(matches!(read(&file, Limits::default()), Err(ArchiveError::TooLarge { .. })));
    assert!(matches!(read(&file, Limits { object_bytes: u32::MAX, ..Limits::default() }), Err(ArchiveError::Cut)));
}

#[test]
fn a_file_that_cannot_be_read_is_no_damage() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::PermissionDenied))
        }
    }
    assert!(matches!(Reader::open(Broken, Limits::default()), Err(ArchiveError::Io(_))));
    let file = sample().archive();
    let broken = Reader::open(file[..10].chain(Broken), Limits::default()).unwrap_err();
    assert!(matches!(broken, ArchiveError::Io(_)), "{broken:?}");
}
