//! How long it takes to brief a whole series: 10,000 shots, 60 characters, one core.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to say")]

use bible::resolve::Reads;
use bible::story::{
    CameraMove, CastMember, Composition, Episode, Expression, Facing, Framing, Line, Scene, Shot, TimeOfDay, Transition, Weather,
};
use bible::{Character, Project, Slug, StoryTime};
use criterion::{Criterion, criterion_group, criterion_main};
use director::Director;
use serde_json::json;

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn character(index: usize) -> Character {
    let looks: serde_json::Map<_, _> = (0..3)
        .map(|look| {
            let garments: Vec<_> = (0..4)
                .map(|garment| json!({ "part": format!("garment-{garment}"), "colours": { "main": "#b03a48", "trim": { "base": "#ffffff", "shadow": "#cccccc" } } }))
                .collect();
            (format!("look-{look}"), json!({ "garments": garments, "accessories": [{ "part": "ribbon", "side": "left", "colours": { "main": "#102030" } }] }))
        })
        .collect();
    let arc: Vec<_> = (1..6)
        .map(|entry| json!({ "at": StoryTime::episode(1, entry * 4), "changes": { "look": format!("look-{}", entry % 3), "colour_model": { "hair": { "base": format!("#2b2f{:02x}", entry * 10) } } } }))
        .collect();
    serde_json::from_value(json!({
        "name": format!("Somebody {index}"),
        "visual_traits": { "build": "teen", "height_cm": 150.0 + index as f64, "hair": { "style": "bob" }, "eyes": "round", "marks": [{ "part": "mole", "side": "left" }] },
        "colour_model": { "skin": "#f6d9c4", "hair": "#2b2f4a", "iris.left": "#4a7a5c", "iris.right": "#8a5a2c", "brow": "#2b2f4a", "mouth": "#b05050" },
        "wardrobe": looks,
        "look": "look-0",
        "arc": arc,
    }))
    .unwrap()
}

/// 25 episodes of 20 scenes of 20 shots.
fn series() -> Project {
    let mut project: Project =
        serde_json::from_value(json!({ "settings": { "slug": "series", "title": "Series" }, "bible": {}, "episodes": [] })).unwrap();
    for index in 0..60 {
        project.bible.characters.insert(slug(&format!("somebody-{index}")), character(index));
    }
    for index in 0..20 {
        let place = json!({ "name": format!("Place {index}"), "set": "street", "colours": { "lantern": "#e8743a" } });
        project.bible.locations.insert(slug(&format!("place-{index}")), serde_json::from_value(place).unwrap());
    }
    for episode in 1..=25_u16 {
        let at = StoryTime::episode(1, episode);
        let scenes = (1..=20_u16).map(|scene| Scene {
            at: at.at_scene(scene),
            heading: "EXT. PLACE - DAY".into(),
            location: slug(&format!("place-{}", scene % 20)),
            time: TimeOfDay::Day,
            weather: Weather::Clear,
            synopsis: String::new(),
            shots: (1..=20_u16)
                .map(|number| {
                    shot(at.at_scene(scene).at_shot(number), usize::from(episode) * 7 + usize::from(scene) * 3 + usize::from(number))
                })
                .collect(),
        });
        project.episodes.push(Episode { at, title: format!("Episode {episode}"), scenes: scenes.collect() });
    }
    project
}

fn shot(at: StoryTime, seed: usize) -> Shot {
    let member = |index: usize, x: f64| CastMember {
        character: slug(&format!("somebody-{}", (seed + index * 17) % 60)),
        look: None,
        pose: slug("stand"),
        expression: Expression::Neutral,
        facing: Facing::ThreeQuarterLeft,
        x: Some(x),
        depth: 0.0,
        holds: Vec::new(),
        beats: Vec::new(),
    };
    let cast = vec![member(0, -0.4), member(1, 0.4)];
    let line = Line {
        character: cast[0].character.clone(),
        text: "It was never only a dream, and you have always known it.".into(),
        manner: String::new(),
        start: 10,
        frames: 90,
        off_screen: false,
    };
    Shot {
        at,
        frames: 110,
        framing: Framing::Medium,
        angle: bible::story::Angle::EyeLevel,
        camera: CameraMove::default(),
        composition: Composition::TwoShot,
        cast,
        props: Vec::new(),
        action: String::new(),
        lines: vec![line],
        transition: Transition::default(),
        script_line: None,
    }
}

fn briefs(project: &Project) -> usize {
    let director = Director::new(project).unwrap();
    let mut noted = 0;
    for episode in &project.episodes {
        for (scene, shot) in episode.shots() {
            let mut reads = Reads::new();
            let clip = director.clip(episode, scene, shot, &mut reads).unwrap();
            std::hint::black_box(clip);
            noted += reads.len();
        }
    }
    noted
}

fn measure(criterion: &mut Criterion) {
    let project = series();
    let mut group = criterion.benchmark_group("director");
    group.sample_size(10);
    group.bench_function("brief 10,000 shots, 60 characters", |bencher| bencher.iter(|| briefs(&project)));
    let mei = &project.bible.characters["somebody-0"];
    let name = slug("somebody-0");
    group.bench_function("resolve one character over the whole story", |bencher| {
        bencher.iter(|| bible::resolve::Timeline::of(&name, mei).unwrap());
    });
    let timeline = bible::resolve::Timeline::of(&name, mei).unwrap();
    let time = StoryTime::episode(1, 12).at_scene(3).at_shot(4);
    group.bench_function("resolve one character at a story time", |bencher| bencher.iter(|| timeline.at(time, None).unwrap()));
    let mut other = project.clone();
    other.bible.characters.get_mut("somebody-7").unwrap().age = Some(12);
    group.bench_function("compare two versions of the series", |bencher| bencher.iter(|| bible::diff::diff(&project, &other)));
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
