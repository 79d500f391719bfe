//! From a script to scenes and shots.
//!
//! A scene's elements become moments (something happens, somebody speaks); the camera rules turn moments
//! into drafts of shots; the shot list replaces or refines drafts; at last the drafts get their numbers.

mod camera;
mod draft;
mod listed;
mod moments;
mod stage;

use bible::fountain::{Kind, SceneElements, plain};
use bible::shot_list::SceneShots;
use bible::source::{EpisodeSource, Position, Source, SourceError};
use bible::story::{Episode, Scene, TimeOfDay, Transition, TransitionKind, Weather};
use bible::{Project, Slug};

use crate::acting::rules;
use crate::names::Names;
use crate::place::{self, light};
use camera::Camera;
use moments::Moment;

/// Breaks an episode down into scenes and shots. What is wrong is added to `problems`; `None` when the
/// script cannot be broken down at all.
///
/// The rules: establish the place, then come closer as the tension rises; two-shots, singles and
/// over-the-shoulder shots in conversations, with who is on the left staying there; the listener after
/// strong lines; lengths from speaking and reading speed. `shots.yaml` replaces or refines any of it.
pub fn breakdown(source: &Source, episode: &EpisodeSource, project: &Project, problems: &mut Vec<SourceError>) -> Option<Episode> {
    let script_file = episode.script_file();
    let mut names = Names::of(project, &episode.extras);
    for element in &episode.script.elements {
        if let Kind::Character(cue) = &element.kind {
            names.learn(&cue.name);
        }
    }
    let mut scenes: Vec<Scene> = Vec::new();
    let mut before: Option<Setting> = None;
    let opening = opening(&episode.script.elements);
    let mut transition = opening.transition;
    let mut sound = true;
    for (index, elements) in episode.script.scenes().into_iter().enumerate() {
        let Ok(number) = u16::try_from(index + 1) else { break };
        let at = episode.at.at_scene(number);
        let listed = listed_scene(episode, index + 1, &elements);
        let heading = place::place(elements.heading, project);
        let mut moments = moments::moments(&elements, &names, &script_file, problems);
        let location = match (listed.and_then(|(_, scene)| scene.location.clone()), heading.location) {
            (Some(location), _) => location,
            (None, Ok(location)) => location,
            (None, Err((name, near))) => {
                let fix = match near {
                    Some(near) => format!("did you mean {near:?}? Or add {name:?} to the `aliases` of a location"),
                    None => format!("add bible/locations/<name>.yaml, or {name:?} to the `aliases` of a location"),
                };
                problems.push(SourceError::new(
                    &script_file,
                    Position::new(elements.line, 1),
                    format!("no location is called {name:?}"),
                    fix,
                ));
                sound = false;
                continue;
            }
        };
        if index == 0 {
            moments.splice(0..0, opening.actions.iter().cloned());
        }
        let said_weather = moments.iter().filter_map(Moment::action).find_map(|text| rules().weather(text));
        let same_place = before.as_ref().is_some_and(|before| before.location == location);
        let weather = listed
            .and_then(|(_, scene)| scene.weather)
            .or(heading.weather)
            .or(said_weather)
            .or(before.as_ref().filter(|_| same_place).map(|before| before.weather))
            .unwrap_or(Weather::Clear);
        let time =
            listed.and_then(|(_, scene)| scene.time).unwrap_or_else(|| light(heading.time, before.as_ref().map(|before| before.time)));
        let setting = Setting { location, time, weather };
        let goes_on = before.as_ref() == Some(&setting);
        let synopsis = elements.elements.iter().find_map(|element| match &element.kind {
            Kind::Synopsis(text) => Some(plain(text)),
            _ => None,
        });
        let exterior = heading.exterior;
        let new_place = !scenes.iter().any(|scene: &Scene| scene.location == setting.location);
        let camera = Camera { names: &names, project, source, episode, number: index + 1, exterior, goes_on, new_place };
        let shots = match listed {
            Some((name, scene)) => listed::shots(&camera, &moments, name, scene, problems),
            None => camera.drafts(&moments),
        };
        let mut shots = draft::number(shots, at);
        if shots.is_empty() {
            let fix = "write what happens or what is said under the heading, or remove it";
            problems.push(SourceError::new(&script_file, Position::new(elements.line, 1), "nothing happens in this scene", fix));
            sound = false;
            continue;
        }
        if let Some(transition) = transition.take()
            && let Some(first) = shots.first_mut()
            && first.transition == Transition::default()
        {
            // A transition cannot be longer than what it leads into.
            first.transition = Transition { frames: transition.frames.min(first.frames / 2), ..transition };
        }
        transition = ending(&elements);
        scenes.push(Scene {
            at,
            heading: elements.heading.text.clone(),
            location: setting.location.clone(),
            time: setting.time,
            weather: setting.weather,
            synopsis: synopsis.unwrap_or_default(),
            shots,
        });
        before = Some(setting);
    }
    sound.then(|| Episode { at: episode.at, title: episode.title.clone(), scenes })
}

/// Where a scene is, and in what light.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    location: Slug,
    time: TimeOfDay,
    weather: Weather,
}

/// What the shot list says of a scene, by its place in the episode or the script's own number.
fn listed_scene<'a>(episode: &'a EpisodeSource, number: usize, elements: &SceneElements<'_>) -> Option<(&'a str, &'a SceneShots)> {
    // The script's own numbers go first, so that `12A` and `3` mean what is printed on the page.
    let own = elements.heading.number.as_deref().and_then(|own| episode.shots.scenes.get_key_value(own));
    let numbered =
        own.is_none() && episode.script.scenes().iter().all(|scene| scene.heading.number.as_deref() != Some(&number.to_string()));
    let by_place = || episode.shots.scenes.get_key_value(&number.to_string()).filter(|_| numbered);
    own.or_else(by_place).map(|(name, scene)| (name.as_str(), scene))
}

/// What stands before the first heading.
struct Opening {
    transition: Option<Transition>,
    actions: Vec<Moment>,
}

fn opening(elements: &[bible::fountain::Element]) -> Opening {
    let mut opening = Opening { transition: None, actions: Vec::new() };
    for element in elements.iter().take_while(|element| !matches!(element.kind, Kind::Scene(_))) {
        match &element.kind {
            Kind::Transition(text) | Kind::Action(text) if transition_of(text).is_some() => opening.transition = transition_of(text),
            Kind::Action(text) => opening.actions.push(Moment::Action { text: plain(text), line: element.line }),
            _ => {}
        }
    }
    opening
}

/// How the next scene begins, from the last transition of this one.
fn ending(scene: &SceneElements<'_>) -> Option<Transition> {
    scene.elements.iter().rev().find_map(|element| match &element.kind {
        Kind::Transition(text) | Kind::Action(text) => transition_of(text),
        _ => None,
    })
}

/// A transition by its usual words; cuts of every kind are cuts.
fn transition_of(text: &str) -> Option<Transition> {
    let text = text.trim().trim_end_matches([':', '.']).to_uppercase();
    if text.len() > 40 {
        return None;
    }
    let kind = if text.starts_with("FADE IN") || text.starts_with("FADE OUT") || text.starts_with("FADE TO BLACK") {
        TransitionKind::FadeIn
    } else if text.contains("DISSOLVE") || text.starts_with("FADE TO") {
        TransitionKind::Dissolve
    } else if text.ends_with("CUT TO") {
        TransitionKind::Cut
    } else {
        return None;
    };
    Some(kind.into())
}

#[cfg(test)]
mod tests;
