//! Input from outside, at random and mutated: nothing panics, nothing hangs, and what is read is within its limits.
//!
//! The seed is fixed, so a run that fails fails again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use bible::source::{SourceTree, edit, emit, read, yaml};
use bible::version::archive::{Limits, Reader};
use bible::{casting, fdx, fountain::Script};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

const CHARACTER: &str = include_str!("../../../examples/lantern-road/bible/characters/mio.yaml");
const SHOTS: &str = include_str!("../../../examples/tiny/episodes/s01e01/shots.yaml");
const SCRIPT: &str = include_str!("../../../examples/lantern-road/episodes/s01e01/script.fountain");
const FDX: &str = include_str!("../src/fdx/samples/lantern-bridge.fdx");

/// An input may take so long in a build without optimisation on a busy machine; a hang takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a sample is spoiled.
#[derive(Debug, Clone)]
enum Spoil {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index, prop::sample::Index),
    Double(prop::sample::Index, prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Swap(prop::sample::Index, prop::sample::Index),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    use prop::sample::Index;
    let token = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..6),
        prop::sample::select(vec![
            "{",
            "[",
            "- ",
            ": ",
            "&a ",
            "*a",
            "|\n",
            "\"",
            "'",
            "---\n",
            "<<: ",
            "!!",
            "#",
            "%",
            "\t",
            "[[",
            "]]",
            "/*",
            "*/",
            "**",
            "_",
            "~",
            "^",
            "INT. ",
            "<Paragraph>",
            "</Text>",
            "<DualDialogue>",
            "&amp;",
            "&x;",
            "<![CDATA[",
            "]]>",
            "<!--",
            "\u{feff}",
            "\u{2028}",
            "明",
            "\r",
            "\0",
        ])
        .prop_map(|token| token.as_bytes().to_vec()),
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Spoil::Flip(at, byte)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Spoil::Cut(from, to)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Spoil::Double(from, to)),
        (any::<Index>(), token).prop_map(|(at, bytes)| Spoil::Insert(at, bytes)),
        (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Spoil::Swap(one, other)),
    ]
}

fn spoiled(sample: &[u8], spoils: &[Spoil]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    let range = |bytes: &[u8], from: &prop::sample::Index, to: &prop::sample::Index| {
        let (from, to) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
        from.min(to)..from.max(to)
    };
    for spoil in spoils {
        match spoil {
            Spoil::Flip(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= byte;
            }
            Spoil::Cut(from, to) => drop(bytes.drain(range(&bytes, from, to))),
            Spoil::Double(from, to) => {
                let part = bytes[range(&bytes, from, to)].to_vec();
                if bytes.len() + part.len() < 200_000 {
                    bytes.extend(part);
                }
            }
            Spoil::Insert(at, token) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, token.iter().copied());
            }
            Spoil::Swap(one, other) if !bytes.is_empty() => {
                let (one, other) = (one.index(bytes.len()), other.index(bytes.len()));
                bytes.swap(one, other);
            }
            Spoil::Flip(..) | Spoil::Swap(..) => {}
        }
    }
    bytes
}

/// Random bytes, and samples spoiled in a few places.
fn input(samples: &[&'static [u8]]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let mutated = (prop::sample::select(samples.to_vec()), prop::collection::vec(spoil(), 0..8))
        .prop_map(|(sample, spoils)| spoiled(sample, &spoils));
    prop_oneof![1 => prop::collection::vec(any::<u8>(), 0..400), 4 => mutated]
}

/// Tries a reader with so many inputs, always the same ones.
fn fuzz<T: std::fmt::Debug>(cases: u32, inputs: impl Strategy<Value = T>, try_one: impl Fn(&T)) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, b"lanterns, a hundred, and a river");
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let outcome = TestRunner::new_with_rng(config, rng).run(&inputs, |input| {
        let start = Instant::now();
        try_one(&input);
        prop_assert!(start.elapsed() < PATIENCE, "it took {:?}", start.elapsed());
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn the_reader_of_projects_takes_any_files() {
    fuzz(1600, input(&[CHARACTER.as_bytes(), SHOTS.as_bytes(), b"a: &a [1, *a]", b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]"]), |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(node) = yaml::parse("x.yaml", &text) {
            let value = node.to_json();
            assert_eq!(yaml::parse("y.yaml", &emit(&value)).unwrap().to_json(), value, "what is written reads back");
        }
        for file in ["project.yaml", "bible/characters/mio.yaml", "episodes/s01e01/shots.yaml", "bible/style.yaml"] {
            let mut tree = SourceTree::from([("project.yaml", "slug: tiny\ntitle: Tiny\n"), ("episodes/s01e01/script.fountain", SCRIPT)]);
            tree.insert(file, &*text);
            let source = read(&tree);
            for problem in source.problems.iter().take(20) {
                assert!(!problem.quoted(&tree).is_empty());
            }
        }
    });
}

/// A value that a person could have written.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("(name|age|voice|look|arc|[a-z.]{1,4}|\\PC{0,4})", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn the_patch_and_the_edit_take_any_patch_and_any_text() {
    fuzz(1600, (input(&[CHARACTER.as_bytes(), SHOTS.as_bytes()]), value()), |(bytes, patch)| {
        let text = String::from_utf8_lossy(bytes);
        let mut value = yaml::parse("x.yaml", &text).map(|node| node.to_json()).unwrap_or_default();
        bible::resolve::merge_patch::apply(&mut value, patch);
        let edited = edit(&text, &value);
        assert_eq!(yaml::parse("x.yaml", &edited).unwrap().to_json(), value, "an edited text reads as what was meant");
    });
}

#[test]
fn the_reader_of_fountain_takes_any_text() {
    fuzz(2400, input(&[SCRIPT.as_bytes(), b"Title: x\n\n[[a\n\nb]] /* ", b"A\n(b\n~c\n> d <\n"]), |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let script = Script::parse(&text);
        let covered: usize = script.elements.iter().map(|element| element.span.len()).sum();
        assert_eq!(covered, text.len(), "every byte belongs to an element");
        let _ = Script::parse(&script.to_fountain());
        let _ = script.scenes();
    });
}

#[test]
fn the_reader_of_final_draft_takes_any_bytes() {
    fuzz(2000, input(&[FDX.as_bytes()]), |bytes| {
        if let Ok(read) = fdx::read(bytes) {
            let _ = Script::parse(&read.script.to_fountain());
        }
    });
}

#[test]
fn the_reader_of_tables_takes_any_text() {
    let tree = SourceTree::from([("bible/characters/mio.yaml", CHARACTER)]);
    fuzz(
        500,
        input(&[b"character,age,voice_actor\r\nmio,14,\"Aoi; \"\"T\"\"\"\r\n", b"character;languages\nmio;en\\;ja; =x\n"]),
        |bytes| {
            if let Ok(casting) = casting::import(&tree, "cast.csv", &String::from_utf8_lossy(bytes)) {
                for (path, text) in casting.files.iter() {
                    assert!(yaml::parse(path, text).is_ok(), "{text}");
                }
            }
        },
    );
}

/// An archive of one file.
fn archive() -> &'static [u8] {
    use bible::version::archive::{Header, Writer};
    use bible::version::{Author, Commit, CommitId, Document, Object, Pool, RefName, Snapshot, Summary, tree};
    use std::sync::Arc;
    let mut pool = Pool::default();
    let snapshot: Snapshot =
        (0..20).map(|number| (format!("characters/c{number}").parse().unwrap(), Document::of_yaml("c", CHARACTER).unwrap())).collect();
    let tree = tree::write(&snapshot, &mut pool).unwrap();
    let commit = Commit {
        tree,
        parents: vec![],
        generation: 1,
        author: Author::named("Mei"),
        message: "First".into(),
        at: 1,
        summary: Summary::default(),
    };
    let id = CommitId::new(pool.add(Object::Commit(Arc::new(commit))).unwrap());
    let header = Header { branches: [(RefName::main(), id)].into(), ..Header::default() };
    let mut writer = Writer::new(Vec::new(), &header).unwrap();
    for (id, kind, bytes) in pool.take_new() {
        writer.object(id, kind, &bytes).unwrap();
    }
    Vec::leak(writer.finish().unwrap())
}

fn read_archive(bytes: &[u8]) {
    let limits = Limits { objects: 1000, object_bytes: 1 << 20, bytes: 8 << 20 };
    let Ok(mut reader) = Reader::open(bytes, limits) else { return };
    while let Ok(Some(object)) = reader.next_object() {
        assert_eq!(object.object.kind().id_of(&object.bytes), object.id);
    }
}

#[test]
fn the_reader_of_archives_takes_any_bytes() {
    let samples: &'static [&'static [u8]] = Vec::leak(vec![archive()]);
    let mut whole = Reader::open(samples[0], Limits::default()).unwrap();
    while whole.next_object().unwrap().is_some() {}
    fuzz(2400, input(samples), |bytes| read_archive(bytes));
    // And what is inside of the compression, which a random flip seldom reaches.
    let frame = zstd::stream::decode_all(&samples[0][10..]).unwrap();
    let inside: &'static [&'static [u8]] = Vec::leak(vec![&*Vec::leak(frame)]);
    fuzz(2400, input(inside), |bytes| {
        let mut file = samples[0][..10].to_vec();
        file.extend(zstd::stream::encode_all(bytes.as_slice(), 1).unwrap());
        read_archive(&file);
    });
}
