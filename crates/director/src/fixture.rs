//! A small project for this crate's tests, and its shots as text.

use bible::source::SourceTree;
use bible::story::{Episode, Shot};

/// Two girls, a fox, an old man, two places, three props.
pub(crate) fn tree(script: &str) -> SourceTree {
    let person = |name: &str, build: &str, height: f64, rest: &str| {
        format!(
            "name: {name}\nvisual_traits: {{ build: {build}, height_cm: {height}, hair: {{ style: bob }} }}\ncolour_model: {{ skin: \"#f6d9c4\", hair: \"#2b2f4a\" }}\n{rest}"
        )
    };
    let mut tree = SourceTree::new();
    tree.insert("project.yaml", "slug: tiny\ntitle: Tiny\n");
    tree.insert(
        "bible/characters/mei.yaml",
        person(
            "Mei Tanaka",
            "teen",
            158.0,
            "wardrobe:\n  school: { garments: [{ part: sailor-top }] }\n  festival: { garments: [{ part: yukata, colours: { main: \"#b03a48\" } }] }\nlook: school\npersonality: { traits: [stubborn] }\narc:\n  - { at: S01E02, changes: { look: festival, visual_traits: { hair: { style: ponytail } } } }\n",
        ),
    );
    tree.insert("bible/characters/rin.yaml", person("Rin", "teen", 162.0, ""));
    tree.insert("bible/characters/gen.yaml", person("Old Man Gen", "elder", 160.0, "aliases: [GRANDPA, Gen]\n"));
    tree.insert(
        "bible/characters/kit.yaml",
        "name: Kit\nvisual_traits: { build: fox, height_cm: 48 }\ncolour_model: { fur: \"#e9dfd0\" }\n",
    );
    tree.insert("bible/locations/lantern-road.yaml", "name: Lantern Road\nset: street\n");
    tree.insert("bible/locations/workshop.yaml", "name: Gen's Workshop\naliases: [The Workshop]\nset: workshop\n");
    tree.insert("bible/props/lantern.yaml", "name: Lantern\npart: lantern\n");
    tree.insert("bible/props/tea-cup.yaml", "name: Tea cup\npart: cup\n");
    tree.insert("episodes/s01e01/script.fountain", script);
    tree
}

/// One line a shot: what a director would write on the sheet.
pub(crate) fn sheet(episode: &Episode) -> String {
    let mut text = String::new();
    for scene in &episode.scenes {
        text.push_str(&format!("{} {} {} {} | {}\n", scene.at, scene.location, scene.time, scene.weather, scene.heading));
        for shot in &scene.shots {
            text.push_str(&line(shot));
        }
    }
    text
}

fn line(shot: &Shot) -> String {
    let mut text = format!("  {:03} {:>3}f {} {}", shot.at.shot, shot.frames, shot.framing, shot.composition);
    if shot.angle.word() != "eye-level" {
        text.push_str(&format!(" {}", shot.angle));
    }
    if shot.camera.amount > 0.0 {
        text.push_str(&format!(" {}", shot.camera.kind));
    }
    if shot.transition.frames > 0 {
        text.push_str(&format!(" {} {}", shot.transition.kind, shot.transition.frames));
    }
    for member in &shot.cast {
        let holds: String = member.holds.iter().map(|prop| format!("+{prop}")).collect();
        let look = member.look.as_ref().map(|look| format!("/{look}")).unwrap_or_default();
        text.push_str(&format!(
            " [{}{look} {} {} {} {:+.2}{holds}]",
            member.character,
            member.pose,
            member.expression,
            member.facing,
            member.x.unwrap_or(0.0)
        ));
    }
    for prop in &shot.props {
        text.push_str(&format!(" ({})", prop.prop));
    }
    if !shot.action.is_empty() {
        text.push_str(&format!("\n        {}", shot.action));
    }
    for line in &shot.lines {
        let off = if line.off_screen { " (off)" } else { "" };
        text.push_str(&format!("\n        {}{off} {}+{}: {}", line.character, line.start, line.frames, line.text));
    }
    text.push('\n');
    text
}
