//! Light, place and weather of scenes that go on without a break, and of headings.

use super::super::Finding;
use super::super::material::{Material, goes_on, steps};
use super::super::rule::{PLACE_JUMP, TIME_JUMP, WEATHER_JUMP};
use crate::fountain::Heading;
use crate::lint::Evidence;
use crate::story::{Scene, TimeOfDay};

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for (before, after) in material.unbroken() {
        if before.time != after.time {
            let message = format!("{} goes on from {}, and the light changes from {} to {}", after.at, before.at, before.time, after.time);
            let fix = "take CONTINUOUS out of the heading, or keep the light";
            findings.push(Finding::new(&TIME_JUMP, message, vec![overridden(material, after, "time"), material.heading(before)], fix));
        }
        if before.location == after.location && before.weather != after.weather {
            let message =
                format!("{} goes on from {}, and the weather changes from {} to {}", after.at, before.at, before.weather, after.weather);
            let fix = "take CONTINUOUS out of the heading, or keep the weather";
            findings.push(Finding::new(
                &WEATHER_JUMP,
                message,
                vec![overridden(material, after, "weather"), material.heading(before)],
                fix,
            ));
        }
    }
    for scene in material.scenes() {
        if let Some(said) = light_of(&scene.heading).filter(|said| *said != scene.time && !goes_on(scene)) {
            let message = format!("the heading of {} says {said} and the scene is lit as {}", scene.at, scene.time);
            let fix = "change the heading, or take `time` out of the shot list";
            findings.push(Finding::new(&TIME_JUMP, message, vec![overridden(material, scene, "time"), material.heading(scene)], fix));
        }
        if let Some((slug, name)) = place_of(material, scene).filter(|(slug, _)| **slug != scene.location) {
            let message = format!("the heading of {} says {name} (`{slug}`) and the scene is set in `{}`", scene.at, scene.location);
            let fix = "change the heading, or take `location` out of the shot list";
            findings.push(Finding::new(&PLACE_JUMP, message, vec![overridden(material, scene, "location"), material.heading(scene)], fix));
        }
    }
}

/// Where the shot list says otherwise, or else the heading.
fn overridden(material: &Material<'_>, scene: &Scene, field: &str) -> Evidence {
    let Some(script) = material.script_scene(scene.at) else { return material.heading(scene) };
    let names = [script.heading.number.clone(), Some(scene.at.scene.to_string())];
    let listed = names.into_iter().flatten().find(|name| {
        script.episode.shots.scenes.get(name).is_some_and(|list| match field {
            "time" => list.time.is_some(),
            "weather" => list.weather.is_some(),
            _ => list.location.is_some(),
        })
    });
    match listed {
        Some(name) => {
            material.field(&script.episode.shots_file(), &steps!["scenes", name.as_str(), field], scene.time.word()).when(scene.at)
        }
        None => material.heading(scene),
    }
}

/// The light that the last part of a heading names outright.
fn light_of(heading: &str) -> Option<TimeOfDay> {
    let heading = Heading { text: heading.to_owned(), number: None };
    let parts = heading.parts();
    let last = parts.last().filter(|_| parts.len() > 1)?.to_uppercase();
    match last.as_str() {
        "DAY" => Some(TimeOfDay::Day),
        "NIGHT" => Some(TimeOfDay::Night),
        "DAWN" => Some(TimeOfDay::Dawn),
        "SUNSET" => Some(TimeOfDay::Sunset),
        _ => None,
    }
}

/// The location whose name or alias the first part of a heading is.
fn place_of<'a>(material: &Material<'a>, scene: &Scene) -> Option<(&'a crate::Slug, &'a str)> {
    let heading = Heading { text: scene.heading.clone(), number: None };
    let first = heading.parts().first()?.trim().to_uppercase();
    material.project.bible.locations.iter().find_map(|(slug, place)| {
        let named = std::iter::once(&place.name).chain(&place.aliases).find(|name| name.trim().to_uppercase() == first)?;
        Some((slug, named.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::lint::fixture::{Desk, count};
    use crate::story::Weather;

    fn shots() -> Value {
        json!([{ "cast": [] }])
    }

    #[test]
    fn light_that_changes_in_a_scene_that_goes_on_is_reported() {
        let second = |heading: &str, time: &str| {
            Desk::new().scene("INT. ROOM - DAY", "room", "day", shots()).scene(heading, "street", time, shots())
        };
        assert_eq!(second("EXT. STREET - CONTINUOUS", "night").found("EL024"), 1);
        assert_eq!(second("EXT. STREET - CONTINUOUS", "day").found("EL024"), 0);
        assert_eq!(second("EXT. STREET - NIGHT", "night").found("EL024"), 0);
        assert_eq!(second("EXT. STREET - LATER", "night").found("EL024"), 0);
    }

    #[test]
    fn light_that_is_not_the_headings_is_reported_with_the_shot_list() {
        let script = "INT. ROOM - NIGHT\n\nRain.\n";
        let desk = Desk::new().script(script).file("episodes/s01e01/shots.yaml", "scenes:\n  1: { time: day }\n");
        let report = desk.clone().scene("INT. ROOM - NIGHT", "room", "day", shots()).lint();
        let finding = report.findings.iter().find(|finding| finding.rule.id == "EL024").unwrap();
        let places: Vec<String> = finding.evidence.iter().map(ToString::to_string).collect();
        assert_eq!(places, ["episodes/s01e01/shots.yaml:2:14", "episodes/s01e01/script.fountain:1:1"]);
        assert_eq!(desk.scene("INT. ROOM - NIGHT", "room", "night", shots()).found("EL024"), 0);
    }

    #[test]
    fn a_scene_that_is_set_elsewhere_than_its_heading_is_reported() {
        assert_eq!(Desk::new().scene("INT. ROOM - DAY", "street", "day", shots()).found("EL025"), 1);
        assert_eq!(Desk::new().scene("INT. ROOM - DAY", "room", "day", shots()).found("EL025"), 0);
        assert_eq!(Desk::new().scene("INT. SOMEWHERE - DAY", "street", "day", shots()).found("EL025"), 0);
    }

    #[test]
    fn rain_that_stops_in_a_scene_that_goes_on_is_reported() {
        let desk =
            Desk::new().scene("EXT. STREET - DAY", "street", "day", shots()).scene("EXT. STREET - CONTINUOUS", "street", "day", shots());
        assert_eq!(desk.found("EL026"), 0);
        let report = desk.lint_changed(|project| project.episodes[0].scenes[0].weather = Weather::Rain);
        assert_eq!(count(&report, "EL026"), 1);
    }
}
