//! Findings that somebody allowed, with their reasons.

use serde_json::Value;

use super::material::{Material, character_file, steps};
use super::rule::{NO_REASON, RULES, SUPPRESSES_NOTHING};
use super::{Evidence, Finding, Suppressed};
use crate::StoryTime;
use crate::character::Extra;
use crate::source::nearest;

/// A suppression as written.
struct Allow {
    rule: String,
    reason: String,
    scope: Scope,
    evidence: Evidence,
}

/// What a suppression reaches.
enum Scope {
    /// The whole project (`project.yaml`).
    Project,
    /// Findings that rest on a document.
    Document(String),
    /// Findings that rest on a scene, or on an episode.
    Story(StoryTime),
}

impl Allow {
    fn reaches(&self, finding: &Finding) -> bool {
        finding.rule.is_called(&self.rule)
            && match &self.scope {
                Scope::Project => true,
                Scope::Document(document) => finding.evidence.iter().any(|place| place.document == *document),
                Scope::Story(from) => finding.evidence.iter().filter_map(|place| place.at).any(|at| {
                    let within = if from.scene == 0 { at.episode_start() } else { at.at_scene(at.scene) };
                    within == *from
                }),
            }
    }
}

/// Takes out what is allowed, and reports suppressions without a reason or a use.
pub(super) fn apply(material: &Material<'_>, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Suppressed>) {
    let allowed = all(material);
    let mut used = vec![false; allowed.len()];
    let (mut kept, mut suppressed) = (Vec::new(), Vec::new());
    for finding in findings {
        match allowed.iter().position(|allow| !allow.reason.is_empty() && allow.reaches(&finding)) {
            Some(index) => {
                used[index] = true;
                suppressed.push(Suppressed { finding, reason: allowed[index].reason.clone() });
            }
            None => kept.push(finding),
        }
    }
    for (allow, used) in allowed.into_iter().zip(used) {
        if allow.reason.is_empty() {
            let message = format!("{} is allowed here without a reason, so it is not", allow.rule);
            kept.push(Finding::new(&NO_REASON, message, vec![allow.evidence], "say why it is meant so"));
        } else if !used {
            let known = RULES.iter().any(|rule| rule.is_called(&allow.rule));
            let (message, fix) = if known {
                (format!("there is nothing that {} would report here", allow.rule), "take the suppression out".to_owned())
            } else {
                let names = RULES.iter().flat_map(|rule| [rule.id, rule.name]);
                let near = nearest(&allow.rule, names);
                (format!("there is no rule {:?}", allow.rule), near.map_or_else(String::new, |name| format!("did you mean {name}?")))
            };
            kept.push(Finding::new(&SUPPRESSES_NOTHING, message, vec![allow.evidence], fix));
        }
    }
    (kept, suppressed)
}

fn all(material: &Material<'_>) -> Vec<Allow> {
    let bible = &material.project.bible;
    let mut found = Vec::new();
    of_document(material, "project.yaml", &material.project.settings.extra, &mut found);
    of_document(material, "bible/style.yaml", &bible.style.extra, &mut found);
    of_document(material, "bible/world.yaml", &bible.world.extra, &mut found);
    of_document(material, "bible/narrative.yaml", &bible.narrative.extra, &mut found);
    for (slug, character) in &bible.characters {
        of_document(material, &character_file(slug), &character.extra, &mut found);
    }
    for (slug, location) in &bible.locations {
        of_document(material, &format!("bible/locations/{slug}.yaml"), &location.extra, &mut found);
    }
    for (slug, prop) in &bible.props {
        of_document(material, &format!("bible/props/{slug}.yaml"), &prop.extra, &mut found);
    }
    for scene in &material.script {
        for element in scene.elements {
            let found_here = element.notes.iter().filter_map(|note| of_note(note));
            found.extend(found_here.map(|(rule, reason)| Allow {
                evidence: material.script_line(scene, element.line, &rule),
                rule,
                reason,
                scope: Scope::Story(scene.at),
            }));
        }
    }
    for episode in material.episodes() {
        let before = episode.script.elements.iter().take_while(|element| !matches!(element.kind, crate::fountain::Kind::Scene(_)));
        for element in before {
            found.extend(element.notes.iter().filter_map(|note| of_note(note)).map(|(rule, reason)| Allow {
                evidence: Evidence {
                    document: episode.script_file(),
                    field: String::new(),
                    line: element.line,
                    column: 1,
                    quote: format!("[[lint: allow {rule} {reason}]]"),
                    at: Some(episode.at),
                },
                rule,
                reason,
                scope: Scope::Story(episode.at),
            }));
        }
    }
    found
}

/// `lint: { allow: [{ rule: EL001, reason: … }] }`.
fn of_document(material: &Material<'_>, document: &str, extra: &Extra, found: &mut Vec<Allow>) {
    let allowed = extra.get("lint").and_then(|lint| lint.get("allow")).and_then(Value::as_array);
    for (index, entry) in allowed.into_iter().flatten().enumerate() {
        let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        // `allow: [EL001]` names a rule and no reason.
        let rule = entry.as_str().map_or_else(|| text("rule"), str::to_owned);
        let scope = if document == "project.yaml" { Scope::Project } else { Scope::Document(document.to_owned()) };
        let evidence = material.field(document, &steps!["lint", "allow", index], &rule);
        found.push(Allow { rule, reason: text("reason"), scope, evidence });
    }
}

/// `lint: allow EL001 reason`.
fn of_note(note: &str) -> Option<(String, String)> {
    let rest = note.trim().strip_prefix("lint:")?.trim_start().strip_prefix("allow")?;
    let rest = rest.strip_prefix(char::is_whitespace)?.trim();
    let (rule, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    (!rule.is_empty()).then(|| (rule.to_owned(), reason.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::lint::fixture::Desk;

    const OLDER: &str = "name: Rin\nage: 24\ndescription: A 25-year-old painter.\n";

    #[test]
    fn a_suppression_with_a_reason_takes_the_finding_out_and_keeps_the_reason() {
        let report =
            Desk::new().character("rin", &format!("{OLDER}lint: {{ allow: [{{ rule: EL001, reason: She lies about it. }}] }}\n")).lint();
        assert!(report.findings.iter().all(|finding| finding.rule.id != "EL001" && finding.rule.id < "EL900"), "{report:?}");
        assert_eq!(report.suppressed[0].reason, "She lies about it.");
    }

    #[test]
    fn a_suppression_without_a_reason_suppresses_nothing_and_is_reported() {
        let desk = Desk::new().character("rin", &format!("{OLDER}lint: {{ allow: [EL001] }}\n"));
        assert_eq!(desk.found("EL001"), 1);
        assert_eq!(desk.found("EL900"), 1);
    }

    #[test]
    fn a_suppression_of_nothing_is_reported_and_one_of_no_rule_names_the_nearest() {
        let calm = Desk::new().character("rin", "name: Rin\nlint: { allow: [{ rule: contradicting-age, reason: Old. }] }\n");
        assert_eq!(calm.found("EL901"), 1);
        let misspelt = Desk::new().character("rin", "name: Rin\nlint: { allow: [{ rule: contradicting-aeg, reason: Old. }] }\n");
        let report = misspelt.lint();
        let finding = report.findings.iter().find(|finding| finding.rule.id == "EL901").unwrap();
        assert_eq!(finding.fix, "did you mean contradicting-age?");
    }

    #[test]
    fn a_note_in_a_script_reaches_its_scene_and_no_other() {
        let rin = "name: Rin\nage: 24\n";
        let script =
            "INT. ROOM - DAY\n\n[[lint: allow EL001 A dream of being older.]]\n\nRIN (25) waits.\n\nINT. ROOM - NIGHT\n\nRIN (26) waits.\n";
        let report = Desk::new().character("rin", rin).script(script).lint();
        let ages: Vec<&str> =
            report.findings.iter().filter(|finding| finding.rule.id == "EL001").map(|finding| finding.evidence[0].quote.as_str()).collect();
        assert_eq!(ages, ["RIN (26) waits."]);
        assert_eq!(report.suppressed.len(), 1);
        let whole = format!(
            "[[lint: allow EL001 Nobody knows her age.]]\n\n{}",
            script.replace("[[lint: allow EL001 A dream of being older.]]\n\n", "")
        );
        assert_eq!(Desk::new().character("rin", rin).script(&whole).found("EL001"), 0);
    }
}
