//! Character sheets (設定): eight poses and six expressions of each figure.

use std::sync::Arc;

use bible::project::Canvas;
use bible::resolve::{Read, Timeline};
use bible::story::{Angle, Composition, Expression, Facing, Framing};
use bible::{Colour, Slug, StoryTime};
use engine::brief::{Actor, Backdrop, FigureBrief, PictureBrief};

use super::Director;

/// Size of a sheet picture in pixels: upright, for standing figures.
pub const SHEET_CANVAS: Canvas = Canvas { width: 768, height: 1024 };
/// What is behind the figure: a light neutral that neither white nor black clothes vanish on.
pub const SHEET_BACKDROP: Colour = Colour::new(0xe4, 0xe2, 0xe6);

/// A place on the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SheetSlot {
    /// A pose.
    Pose {
        /// Its name on the sheet: `front`, `sitting`…
        name: &'static str,
        /// A pose of the layout engine's catalogue.
        pose: &'static str,
        /// The direction.
        facing: Facing,
        /// How much of the figure is seen.
        framing: Framing,
    },
    /// A face.
    Face(Expression),
}

impl SheetSlot {
    /// The fourteen pictures of a sheet, in order.
    pub const ALL: [Self; 14] = [
        pose("front", "stand", Facing::Front, Framing::Full),
        pose("side", "stand", Facing::Right, Framing::Full),
        pose("back", "stand", Facing::Back, Framing::Full),
        pose("three-quarter", "stand", Facing::ThreeQuarterRight, Framing::Full),
        pose("sitting", "sit", Facing::ThreeQuarterRight, Framing::Full),
        pose("walking", "walk", Facing::ThreeQuarterRight, Framing::Full),
        pose("action", "action", Facing::ThreeQuarterRight, Framing::Full),
        pose("portrait", "portrait", Facing::ThreeQuarterRight, Framing::MediumCloseUp),
        Self::Face(Expression::Neutral),
        Self::Face(Expression::Happy),
        Self::Face(Expression::Sad),
        Self::Face(Expression::Angry),
        Self::Face(Expression::Surprised),
        Self::Face(Expression::Determined),
    ];

    /// The slot's name: `front`, `sitting`, `happy`…
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pose { name, .. } => name,
            Self::Face(expression) => expression.word(),
        }
    }
}

const fn pose(name: &'static str, pose: &'static str, facing: Facing, framing: Framing) -> SheetSlot {
    SheetSlot::Pose { name, pose, facing, framing }
}

/// One picture of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct SheetPicture {
    /// Whose sheet.
    pub character: Slug,
    /// In which look; none for a character without wardrobe.
    pub look: Option<Slug>,
    /// From when they look like this; [`StoryTime::BEGINNING`] before their first change.
    pub since: StoryTime,
    /// Which picture of the sheet.
    pub slot: SheetSlot,
    /// What to draw.
    pub brief: PictureBrief,
    /// What was read.
    pub reads: Arc<[Read]>,
}

impl SheetPicture {
    /// A name that tells the picture apart from all others of the project: `mei/school/front`, or
    /// `mei/school@S01E02/front` when it holds from there on.
    #[must_use]
    pub fn name(&self) -> String {
        let look = self.look.as_ref().map_or("plain", Slug::as_str);
        let since = if self.since == StoryTime::BEGINNING { String::new() } else { format!("@{}", self.since) };
        format!("{}/{look}{since}/{}", self.character, self.slot.name())
    }
}

/// The sheets of a character: every look, and again from each point of the story at which what is drawn
/// of it differs.
#[must_use]
pub fn sheet(director: &Director<'_>, character: &str) -> Vec<SheetPicture> {
    let Some(timeline) = director.timelines().get(character) else { return Vec::new() };
    let mut seen: Vec<(Option<Slug>, Arc<FigureBrief>)> = Vec::new();
    let mut pictures = Vec::new();
    for (since, look) in looks(timeline) {
        // A look of the wardrobe can always be worn.
        let Ok(who) = timeline.at(since, look.as_ref()) else { continue };
        let figure = director.figure(&who);
        if seen.iter().any(|(known, brief)| *known == look && *brief == figure.brief) {
            continue;
        }
        seen.push((look.clone(), Arc::clone(&figure.brief)));
        let mut reads = bible::resolve::Reads::new();
        reads.extend(&*figure.reads);
        reads.extend(&*director.common);
        let reads = reads.to_list();
        for slot in SheetSlot::ALL {
            pictures.push(SheetPicture {
                character: who.slug.clone(),
                look: look.clone(),
                since: who.since,
                slot,
                brief: picture(director, &figure.brief, slot),
                reads: Arc::clone(&reads),
            });
        }
    }
    pictures
}

/// Each segment's looks.
fn looks(timeline: &Timeline) -> impl Iterator<Item = (StoryTime, Option<Slug>)> + '_ {
    timeline.segments().iter().flat_map(|segment| {
        let wardrobe = &segment.character.wardrobe;
        let named = wardrobe.keys().cloned().map(Some);
        let bare = wardrobe.is_empty().then_some(None);
        named.chain(bare).map(|look| (segment.from, look))
    })
}

fn picture(director: &Director<'_>, figure: &Arc<FigureBrief>, slot: SheetSlot) -> PictureBrief {
    let (pose, facing, framing, expression) = match slot {
        SheetSlot::Pose { pose, facing, framing, .. } => (pose, facing, framing, Expression::Neutral),
        SheetSlot::Face(expression) => ("stand", Facing::Front, Framing::CloseUp, expression),
    };
    PictureBrief {
        canvas: SHEET_CANVAS,
        style: director.style.clone(),
        backdrop: Backdrop::Plain { colour: SHEET_BACKDROP },
        framing,
        angle: Angle::EyeLevel,
        composition: Composition::Auto,
        actors: vec![Actor {
            figure: Arc::clone(figure),
            pose: Slug::nearest(pose).unwrap_or_else(|| unreachable!("the poses of the sheet are names")),
            expression,
            facing,
            x: Some(0.0),
            depth: 0.0,
            holds: Vec::new(),
        }],
        props: Vec::new(),
    }
}
