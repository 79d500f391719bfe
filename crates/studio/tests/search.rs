//! Searching the pictures of a produced show.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bible::Colour;
use engine::picture::Raster;
use search::Limits;
use studio::folder::Folder;
use studio::progress::Progress;
use studio::search::{AskedFilter, Describer, Figure, Found, Like, Lookup, LookupError, NotDescribed};
use studio::{ProduceOptions, Show, Studio};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

fn tiny() -> Show {
    Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap()
}

/// A copy of a data folder in which `tiny` was produced, with a studio of its own.
struct Desk {
    folder: tempfile::TempDir,
    studio: Studio,
    show: Show,
}

async fn studio_in(folder: &Path) -> Studio {
    let (database, blobs) = (format!("sqlite:{}", folder.join("studio.db").display()), format!("file:{}", folder.join("blobs").display()));
    Studio::open(&database.parse().unwrap(), &blobs.parse().unwrap()).await.unwrap()
}

async fn produce(studio: &Studio, show: &Show, folder: &Path) {
    let options = ProduceOptions { data: folder.join("data"), out: folder.join("out"), jobs: 2 };
    studio.produce(show, &options, &Progress::default(), &CancellationToken::new()).await.unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

impl Desk {
    async fn new() -> Self {
        static PRODUCED: OnceCell<tempfile::TempDir> = OnceCell::const_new();
        let produced = PRODUCED.get_or_init(|| async {
            let folder = tempfile::tempdir().unwrap();
            let studio = studio_in(folder.path()).await;
            produce(&studio, &tiny(), folder.path()).await;
            studio.store.close().await;
            folder
        });
        let folder = tempfile::tempdir().unwrap();
        copy(produced.await.path(), folder.path());
        Self { studio: studio_in(folder.path()).await, folder, show: tiny() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    async fn search(&self, filter: AskedFilter, like: Option<Like>, limit: u64) -> Result<Found, LookupError> {
        let lookup = Lookup { filter: filter.parse()?, like, limit };
        self.studio.search(&self.show, &lookup, &self.data(), &Progress::default()).await
    }

    async fn subjects(&self, filter: AskedFilter, like: Option<Like>) -> Vec<String> {
        let found = self.search(filter, like, 200).await.unwrap();
        found.pictures.into_iter().map(|picture| picture.subject).collect()
    }

    async fn like(&self, subject: &str) -> Like {
        let listed = self.studio.pictures(&self.show).await.unwrap();
        Like::Artifact(listed.into_iter().find(|listed| listed.subject == subject).unwrap().artifact)
    }
}

fn asked(change: impl FnOnce(&mut AskedFilter)) -> AskedFilter {
    let mut asked = AskedFilter::default();
    change(&mut asked);
    asked
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn searching_with_a_picture_of_the_show_finds_that_picture_first() {
    let desk = Desk::new().await;
    let all = desk.search(AskedFilter::default(), None, 200).await.unwrap();
    assert_eq!((all.matching, all.pictures.len(), all.model), (31, 31, None));
    for picture in &all.pictures {
        let bytes = desk.studio.blobs.get(picture.picture.digest).await.unwrap();
        for like in [Like::Picture(bytes), Like::Artifact(picture.artifact)] {
            let found = desk.search(AskedFilter::default(), Some(like), 3).await.unwrap();
            let first = &found.pictures[0];
            assert_eq!(first.subject, picture.subject);
            assert!(first.similarity.unwrap() > 0.9999 && found.pictures[1].similarity.unwrap() < 0.9999, "{found:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_character_in_another_picture_comes_before_one_in_other_colours() {
    let desk = Desk::new().await;
    let sheets = desk.subjects(asked(|asked| asked.kind = some("sheet")), Some(desk.like("sheet aki/everyday/walking").await)).await;
    assert!(sheets[..14].iter().all(|subject| subject.starts_with("sheet aki/")), "{sheets:#?}");
    let shots = desk.subjects(asked(|asked| asked.kind = some("shot")), Some(desk.like("shot S01E01.01.001").await)).await;
    assert_eq!(
        shots,
        ["shot S01E01.01.001", "shot S01E01.01.003", "shot S01E01.01.002"],
        "Aki walks in the third, and Kit sits alone in the second"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_about_one_and_the_same_character_and_come_from_the_bible() {
    let desk = Desk::new().await;
    let count = async |change: fn(&mut AskedFilter)| desk.subjects(asked(change), None).await;
    assert_eq!(count(|asked| asked.character = some("aki")).await.len(), 16);
    assert_eq!(count(|asked| asked.look = some("everyday")).await.len(), 16);
    assert_eq!(count(|asked| asked.pose = some("sitting")).await, ["sheet aki/everyday/sitting", "sheet kit/plain/sitting"]);
    let sits = count(|asked| asked.pose = some("sit")).await;
    assert_eq!(sits, ["sheet aki/everyday/sitting", "sheet kit/plain/sitting", "shot S01E01.01.002"]);
    let aki_sits = |asked: &mut AskedFilter| {
        asked.pose = some("sit");
        asked.character = some("aki");
        asked.within = some("S01E01");
    };
    assert_eq!(count(aki_sits).await, [""; 0], "the one who sits in the second shot is Kit");
    assert_eq!(count(|asked| asked.within = some("S01E01.01")).await.len(), 3);
    assert_eq!(count(|asked| asked.within = some("S01E01.01.002")).await, ["shot S01E01.01.002"]);
    assert_eq!(count(|asked| asked.facing = some("back")).await, ["sheet aki/everyday/back", "sheet kit/plain/back"]);
    let angry = asked(|asked| {
        asked.expression = some("angry");
        asked.character = some("kit");
    });
    let like = desk.like("sheet aki/everyday/front").await;
    assert_eq!(desk.subjects(angry, Some(like)).await, ["sheet kit/plain/angry"], "however unlike, it is the only one meant");

    let told = async |change: fn(&mut AskedFilter)| desk.search(asked(change), None, 9).await.unwrap_err().to_string();
    assert!(told(|asked| asked.character = some("akl")).await.contains("did you mean `aki`?"));
    assert!(told(|asked| asked.look = some("everday")).await.contains("did you mean `everyday`?"));
    assert!(told(|asked| asked.pose = some("siting")).await.contains("did you mean `sitting`?"));
    for limit in [0, 201] {
        assert!(matches!(desk.search(AskedFilter::default(), None, limit).await, Err(LookupError::Limit { .. })));
    }
    let broken = Some(Like::Picture(b"no picture".as_slice().into()));
    assert!(matches!(desk.search(AskedFilter::default(), broken, 3).await, Err(LookupError::Unreadable(_))));
    let nobody = Some(Like::Artifact(uuid::Uuid::from_u128(7)));
    assert!(matches!(desk.search(AskedFilter::default(), nobody, 3).await, Err(LookupError::NoPicture { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stale_or_taken_out_is_not_found_and_what_is_drawn_again_is() {
    let mut desk = Desk::new().await;
    let front = desk.like("sheet aki/everyday/front").await;
    let unedited = desk.show.clone();
    let mut project = (*unedited.project).clone();
    project.bible.characters.get_mut("aki").unwrap().colour_model.get_mut("hair").unwrap().base = Colour::new(20, 120, 70);
    desk.show = Show::of_project(Folder::default(), project, Vec::new()).unwrap();
    let left = desk.subjects(AskedFilter::default(), Some(front.clone())).await;
    assert_eq!(left.len(), 15, "Kit's sheet, and the shot that Aki is not in");
    assert!(left.iter().all(|subject| !subject.contains("aki")));
    // An edit that is taken back brings them back.
    desk.show = unedited.clone();
    assert_eq!(desk.subjects(AskedFilter::default(), Some(front.clone())).await.len(), 31);

    let mut project = (*unedited.project).clone();
    drop(project.episodes[0].scenes[0].shots.pop());
    project.episodes[0].scenes[0].shots[1].framing = bible::story::Framing::Medium;
    desk.show = Show::of_project(Folder::default(), project, Vec::new()).unwrap();
    let second = desk.like("shot S01E01.01.002").await;
    produce(&desk.studio, &desk.show, desk.folder.path()).await;
    let found = desk.search(asked(|asked| asked.kind = some("shot")), Some(second.clone()), 9).await.unwrap();
    let Like::Artifact(replaced) = second else { unreachable!() };
    let subjects: Vec<&str> = found.pictures.iter().map(|picture| picture.subject.as_str()).collect();
    assert_eq!(subjects, ["shot S01E01.01.002", "shot S01E01.01.001"]);
    assert!(found.pictures.iter().all(|picture| picture.artifact != replaced && picture.similarity.unwrap() < 0.9999));

    // Taken away behind the back of a studio that has counted its pictures already.
    let project = desk.studio.store.project_by_slug(&desk.show.project.settings.slug).await.unwrap().unwrap().id;
    desk.studio.store.displace(project, vec!["shot S01E01.01.001".to_owned()]).await.unwrap();
    let shots = desk.subjects(asked(|asked| asked.kind = some("shot")), Some(front)).await;
    assert_eq!(shots, ["shot S01E01.01.002"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graph_that_is_lost_is_built_again_and_finds_the_same() {
    let mut desk = Desk::new().await;
    let limits = Limits { scan: 5, tail: 3, walk: 1_000, expansion: 64 };
    desk.studio.search.limits = limits;
    let like = desk.like("sheet kit/plain/side").await;
    let without = desk.search(AskedFilter::default(), Some(like.clone()), 10).await.unwrap();
    assert!(without.graph_due);
    let project = desk.studio.store.project_by_slug(&desk.show.project.settings.slug).await.unwrap().unwrap().id;
    assert!(desk.studio.extend_graph(project, &desk.data()).await.unwrap());
    let with = desk.search(AskedFilter::default(), Some(like.clone()), 10).await.unwrap();
    assert_eq!((with.graph_due, &with.pictures), (false, &without.pictures));

    let mut again = studio_in(desk.folder.path()).await;
    again.search.limits = limits;
    desk.studio = again;
    let taken_up = desk.search(AskedFilter::default(), Some(like.clone()), 10).await.unwrap();
    assert_eq!((taken_up.graph_due, &taken_up.pictures), (false, &without.pictures), "it is taken up from the folder");

    std::fs::remove_dir_all(desk.data().join("search")).unwrap();
    let mut again = studio_in(desk.folder.path()).await;
    again.search.limits = limits;
    desk.studio = again;
    let lost = desk.search(AskedFilter::default(), Some(like.clone()), 10).await.unwrap();
    assert_eq!((lost.graph_due, &lost.pictures), (true, &without.pictures));
    assert!(desk.studio.extend_graph(project, &desk.data()).await.unwrap());
    assert!(!desk.search(AskedFilter::default(), Some(like), 10).await.unwrap().graph_due);
}

/// Stands for a network that knows who is who by nothing but the brightest pixel.
#[derive(Debug)]
struct Brightest;

impl Describer for Brightest {
    fn model(&self) -> &str {
        "brightest@1"
    }

    fn length(&self) -> usize {
        2
    }

    fn finds(&self) -> &str {
        "nothing of use"
    }

    fn describe(&self, image: &Raster, figure: Option<Figure<'_>>) -> Result<Vec<f32>, NotDescribed> {
        match figure {
            Some(_) => Err(NotDescribed::Failed { reason: "it does not look at figures".to_owned() }),
            None => Ok(vec![f32::from(*image.rgba.iter().max().unwrap()), 1.0]),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_model_compares_by_its_own_vectors_and_one_that_fails_leaves_the_others() {
    let mut desk = Desk::new().await;
    let like = desk.like("sheet kit/plain/side").await;
    let before = desk.search(AskedFilter::default(), Some(like.clone()), 5).await.unwrap();
    let built_in = Arc::clone(&desk.studio.search.describer);
    desk.studio.search.describer = Arc::new(Brightest);
    let failed = desk.search(AskedFilter::default(), Some(like.clone()), 5).await.unwrap_err();
    assert!(failed.to_string().contains("brightest@1 cannot compare pictures: it does not look at figures"), "{failed}");
    desk.studio.search.describer = built_in;
    assert_eq!(desk.search(AskedFilter::default(), Some(like), 5).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_that_was_never_produced_has_no_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let studio = studio_in(folder.path()).await;
    let lookup = Lookup { filter: AskedFilter::default().parse().unwrap(), like: None, limit: 5 };
    let found = studio.search(&tiny(), &lookup, folder.path(), &Progress::default()).await.unwrap();
    assert_eq!((found.matching, found.pictures), (0, Vec::new()));
}
