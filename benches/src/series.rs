//! A long series, generated: big enough to see what planning costs, plain enough to check by hand.

use bible::character::{ArcEntry, Character, Garment, Hair, Look, Personality, VisualTraits, Voice};
use bible::place::Location;
use bible::project::{Bible, Canvas, Project, ProjectSettings};
use bible::story::{
    Angle, CameraMove, CastMember, Composition, Episode, Expression, Facing, Framing, Line, Scene, Shot, TimeOfDay, Transition, Weather,
};
use bible::{Colour, FrameRate, Slug, StoryTime, Tones};
use serde_json::json;

/// How big.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Episodes of one season.
    pub(crate) episodes: u16,
    /// Shots in all.
    pub(crate) shots: u32,
    /// Characters.
    pub(crate) characters: usize,
}

/// A series of that size. The same size always gives the same series.
pub(crate) fn series(size: Size) -> Project {
    let cast: Vec<Slug> = (0..size.characters).map(|number| slug(&format!("character-{number}"))).collect();
    let bible = Bible {
        characters: cast.iter().enumerate().map(|(number, name)| (name.clone(), character(number, size.episodes))).collect(),
        locations: (0..12).map(|number| (slug(&format!("place-{number}")), location(number))).collect(),
        ..Bible::default()
    };
    let per_episode = size.shots / u32::from(size.episodes);
    let episodes = (1..=size.episodes).map(|number| episode(number, per_episode, &cast)).collect();
    let settings = ProjectSettings {
        slug: slug("long-series"),
        title: "A long series".to_owned(),
        description: String::new(),
        frame_rate: FrameRate::FILM,
        canvas: Canvas::default(),
        gate: bible::Gate::default(),
        language: "en".to_owned(),
        render: bible::render::Render::default(),
        extra: Default::default(),
    };
    Project { settings, bible, episodes }
}

fn slug(text: &str) -> Slug {
    Slug::nearest(text).unwrap_or_else(|| unreachable!("generated names are slugs"))
}

/// A colour that differs for every number, spread over the hues.
fn colour(number: usize) -> Colour {
    let turn = number as f64 * 0.618_033_988_75 * std::f64::consts::TAU;
    Colour::from_oklab([0.45 + 0.35 * (number % 5) as f64 / 5.0, 0.1 * turn.cos(), 0.1 * turn.sin()])
}

fn character(number: usize, episodes: u16) -> Character {
    let pick = |names: &[&str]| slug(names[number % names.len()]);
    let tones = |offset: usize| Tones::from_base(colour(number * 7 + offset));
    let look = |offset: usize, top: &str| Look {
        garments: vec![
            Garment { part: slug(top), colours: [(slug("main"), tones(offset))].into() },
            Garment { part: slug("trousers"), colours: [(slug("main"), tones(offset + 1))].into() },
        ],
        ..Look::default()
    };
    // Every third character changes half way through the series.
    let arc = (number.is_multiple_of(3))
        .then(|| ArcEntry {
            at: StoryTime::episode(1, episodes / 2 + 1),
            note: "cuts their hair".to_owned(),
            changes: json!({ "look": "later", "visual_traits": { "hair": { "style": "bob" } } }).as_object().cloned().unwrap_or_default(),
        })
        .into_iter()
        .collect();
    Character {
        name: format!("Character {number}"),
        aliases: Vec::new(),
        description: format!("The {number}th of a long cast."),
        role: None,
        age: Some(12 + (number % 60) as u16),
        pronouns: None,
        visual_traits: VisualTraits {
            build: pick(&["child", "teen", "slim", "broad", "elder"]),
            height_cm: 120.0 + (number % 70) as f64,
            head: Some(slug("young")),
            hair: Some(Hair { style: pick(&["bob", "ponytail", "messy-short", "spiky"]), extra: Default::default() }),
            eyes: Some(slug("round")),
            brows: None,
            nose: None,
            ears: None,
            tail: None,
            marks: Vec::new(),
            extra: Default::default(),
        },
        colour_model: ["skin", "hair", "iris.left", "iris.right"]
            .iter()
            .enumerate()
            .map(|(at, part)| ((*part).to_owned(), tones(at)))
            .collect(),
        personality: Personality::default(),
        voice: None::<Voice>,
        wardrobe: [(slug("everyday"), look(10, "shirt")), (slug("later"), look(20, "hoodie"))].into(),
        look: Some(slug("everyday")),
        relationships: Vec::new(),
        arc,
        extra: Default::default(),
    }
}

fn location(number: usize) -> Location {
    Location {
        name: format!("Place {number}"),
        aliases: Vec::new(),
        description: String::new(),
        set: slug(["lantern-street", "shrine-hill", "workshop"][number % 3]),
        colours: Default::default(),
        extra: Default::default(),
    }
}

fn episode(number: u16, shots: u32, cast: &[Slug]) -> Episode {
    const SHOTS_A_SCENE: u32 = 14;
    let at = StoryTime::episode(1, number);
    let scenes = (0..shots.div_ceil(SHOTS_A_SCENE)).map(|scene| {
        let at = at.at_scene(scene as u16 + 1);
        let members = SHOTS_A_SCENE.min(shots - scene * SHOTS_A_SCENE);
        Scene {
            at,
            heading: format!("EXT. PLACE - DAY ({scene})"),
            location: slug(&format!("place-{}", (u32::from(number) + scene) % 12)),
            time: TimeOfDay::ALL[scene as usize % TimeOfDay::ALL.len()],
            weather: Weather::Clear,
            synopsis: String::new(),
            shots: (0..members)
                .map(|shot| self::shot(at.at_shot(shot as u16 + 1), number as usize * 31 + scene as usize * 7, shot as usize, cast))
                .collect(),
        }
    });
    Episode { at, title: format!("Episode {number}"), scenes: scenes.collect() }
}

fn shot(at: StoryTime, scene: usize, number: usize, cast: &[Slug]) -> Shot {
    // Two people a scene, a third now and then: an edit of one character touches some shots and not others.
    let people = 1 + number % 3;
    let members: Vec<CastMember> = (0..people)
        .map(|place| CastMember {
            character: cast[(scene + place * 5) % cast.len()].clone(),
            look: None,
            pose: slug("stand"),
            expression: Expression::ALL[(number + place) % Expression::ALL.len()],
            facing: Facing::ALL[(number + place) % Facing::ALL.len()],
            x: None,
            depth: 0.0,
            holds: Vec::new(),
            beats: Vec::new(),
        })
        .collect();
    let speaker = members[0].character.clone();
    Shot {
        at,
        frames: 48 + (number as u32 * 7) % 60,
        framing: Framing::ALL[number % Framing::ALL.len()],
        angle: Angle::EyeLevel,
        camera: CameraMove::default(),
        composition: Composition::Auto,
        cast: members,
        props: Vec::new(),
        action: String::new(),
        lines: vec![Line {
            character: speaker,
            text: format!("Line {number} of scene {scene}."),
            manner: String::new(),
            start: 8,
            frames: 36,
            off_screen: false,
        }],
        transition: Transition::default(),
        script_line: None,
    }
}
