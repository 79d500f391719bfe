//! Character sheets as a user makes them: drawn, signed, checked again, and decided on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use bible::Colour;
use store::VerdictStatus;
use studio::folder::Folder;
use studio::sheet::{Finding, SheetAsked};
use studio::{Judgement, Show, Studio, StudioError};

struct Desk {
    data: tempfile::TempDir,
    studio: Studio,
    show: Show,
}

impl Desk {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let (database, blobs) =
            (format!("sqlite:{}", data.path().join("studio.db").display()), format!("file:{}", data.path().join("blobs").display()));
        let studio = Studio::open(&database.parse().unwrap(), &blobs.parse().unwrap()).await.unwrap();
        let show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
        Self { data, studio, show }
    }

    fn asked(&self) -> SheetAsked {
        SheetAsked { character: self.show.project.bible.characters.keys().next().unwrap().clone(), look: None, since: None }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.data.path().join("data")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_is_drawn_once_signed_and_stays_valid_until_the_bible_changes() {
    let desk = Desk::new().await;
    let none = desk.studio.validate_sheet(&desk.show, &desk.asked()).await.unwrap_err();
    assert!(none.to_string().contains("generate it first"), "{none}");

    let signed = desk.studio.generate_sheet(&desk.show, &desk.asked(), &desk.folder()).await.unwrap();
    assert_eq!((signed.version, signed.drawn, signed.status), (1, 14, VerdictStatus::Accepted), "{:#?}", signed.sheet);
    assert_eq!((signed.sheet.slots.len(), signed.sheet.canonical.len(), signed.sheet.pairs.len()), (14, 14, 91));
    assert!(matches!(signed.sheet.identity, Finding::ByConstruction(_)), "nobody measured it");
    assert!(signed.sheet.slots.iter().all(|picture| picture.checks.len() == 4));

    let again = desk.studio.generate_sheet(&desk.show, &desk.asked(), &desk.folder()).await.unwrap();
    assert_eq!((again.id, again.version, again.drawn), (signed.id, 1, 0), "nothing changed, so nothing is signed anew");
    let validation = desk.studio.validate_sheet(&desk.show, &desk.asked()).await.unwrap();
    assert!(validation.valid, "{:?}", validation.damage);
    assert_eq!(validation.now.unwrap().digest, signed.sheet.digest);

    let mut edited = (*desk.show.project).clone();
    let who = desk.asked().character;
    edited.bible.characters.get_mut(&who).unwrap().colour_model.get_mut("hair").unwrap().base = Colour::new(20, 120, 70);
    let edited = Show::of_project(Folder::default(), edited, Vec::new()).unwrap();
    let stale = desk.studio.validate_sheet(&edited, &desk.asked()).await.unwrap();
    assert!(stale.intact && !stale.valid);
    assert_eq!(stale.stale.len(), 14, "every picture shows the hair");
    let redrawn = desk.studio.generate_sheet(&edited, &desk.asked(), &desk.folder()).await.unwrap();
    assert_eq!((redrawn.version, redrawn.drawn), (2, 14));
    assert_ne!(redrawn.sheet.digest, signed.sheet.digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_was_changed_behind_the_studios_back_is_named() {
    let desk = Desk::new().await;
    let signed = desk.studio.generate_sheet(&desk.show, &desk.asked(), &desk.folder()).await.unwrap();
    let front = &signed.sheet.slots[0];
    let name = front.file.to_string();
    let path = desk.data.path().join("blobs").join(&name[..2]).join(&name);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&path, bytes).unwrap();
    let validation = desk.studio.validate_sheet(&desk.show, &desk.asked()).await.unwrap();
    assert!(!validation.intact && !validation.valid && validation.now.is_none());
    assert!(validation.damage[0].contains(&format!("`{}` cannot be read", front.slot)), "{:?}", validation.damage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_the_last_word_and_wrong_names_are_told() {
    let desk = Desk::new().await;
    desk.studio.generate_sheet(&desk.show, &desk.asked(), &desk.folder()).await.unwrap();
    let judgement = Judgement { status: VerdictStatus::Rejected, by: "Ren".to_owned(), note: "the eyes are too small".to_owned() };
    let rejected = desk.studio.review_sheet(&desk.show, &desk.asked(), &judgement).await.unwrap();
    assert_eq!((rejected.status, rejected.decided_by.as_str()), (VerdictStatus::Rejected, "Ren"));
    let validation = desk.studio.validate_sheet(&desk.show, &desk.asked()).await.unwrap();
    assert!(validation.intact && !validation.valid, "what a person rejected is no reference, however sound");

    let mut asked = desk.asked();
    asked.look = "no-such-look".parse().ok();
    let error = desk.studio.validate_sheet(&desk.show, &asked).await.unwrap_err();
    assert!(matches!(&error, StudioError::Unknown { what, .. } if what.contains("there are")), "{error}");
}
