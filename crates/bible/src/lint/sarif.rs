//! Reports as SARIF 2.1.0 (OASIS, 27 March 2020), which editors and CI show beside the lines.

use serde_json::{Value, json};

use super::{Evidence, Finding, RULES, Report};

/// Where the schema of the format is published.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A report as a SARIF log of one run. Suppressed findings are in it with their reasons.
#[must_use]
pub fn sarif(report: &Report, version: &str) -> Value {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "name": rule.name,
                "shortDescription": { "text": rule.summary },
                "defaultConfiguration": { "level": rule.level.word() },
            })
        })
        .collect();
    let standing = report.findings.iter().map(|finding| result(finding, None));
    let allowed = report.suppressed.iter().map(|suppressed| result(&suppressed.finding, Some(&suppressed.reason)));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "echo-studio", "semanticVersion": version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": standing.chain(allowed).collect::<Vec<Value>>(),
        }],
    })
}

fn result(finding: &Finding, reason: Option<&str>) -> Value {
    let text = if finding.fix.is_empty() { finding.message.clone() } else { format!("{}. Suggested: {}", finding.message, finding.fix) };
    let mut result = json!({
        "ruleId": finding.rule.id,
        "level": finding.level.word(),
        "message": { "text": text },
        "locations": finding.evidence.first().map(|place| location(place, None)).into_iter().collect::<Vec<Value>>(),
    });
    if let Some(index) = RULES.iter().position(|rule| rule.id == finding.rule.id) {
        result["ruleIndex"] = json!(index);
    }
    if finding.evidence.len() > 1 {
        let related = finding.evidence.iter().enumerate().skip(1).map(|(id, place)| location(place, Some(id)));
        result["relatedLocations"] = related.collect();
    }
    if let Some(reason) = reason {
        result["suppressions"] = json!([{ "kind": "inSource", "status": "accepted", "justification": reason }]);
    }
    result
}

fn location(place: &Evidence, id: Option<usize>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&place.document), "uriBaseId": "%SRCROOT%" } });
    if place.line > 0 {
        let mut region = json!({ "startLine": place.line });
        if !place.quote.is_empty() {
            region["snippet"] = json!({ "text": place.quote });
        }
        if place.column > 0 {
            region["startColumn"] = json!(place.column);
        }
        physical["region"] = region;
    }
    let mut location = json!({ "physicalLocation": physical });
    if let Some(id) = id {
        location["id"] = json!(id);
        location["message"] = json!({ "text": place.quote });
    }
    if !place.field.is_empty() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": place.field }]);
    }
    location
}

/// A path as a relative URI: what RFC 3986 does not allow in a path is escaped.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::fixture::Desk;

    #[test]
    fn a_report_is_a_sarif_log_with_both_places() {
        let report = Desk::new()
            .character("rin", "name: Rin\nage: 24\ndescription: A 25-year-old painter.\n")
            .character(
                "mio",
                "name: Mio\nage: 3\ndescription: She is 4.\nlint: { allow: [{ rule: EL001, reason: She counts her own way. }] }\n",
            )
            .lint();
        let mut log = sarif(&report, "0.1.0");
        let rules = log["runs"][0]["tool"]["driver"]["rules"].take();
        assert_eq!(rules.as_array().map(Vec::len), Some(RULES.len()));
        insta::assert_json_snapshot!("rule", rules[1]);
        insta::assert_json_snapshot!("log", log);
    }

    /// The members that the standard's schema requires, where they are required.
    #[test]
    fn every_result_has_what_the_schema_requires() {
        let report =
            Desk::new().character("rin", "name: Rin\nage: 24\ndescription: A 25-year-old painter.\nlint: { allow: [EL007] }\n").lint();
        let log = sarif(&report, "0.1.0");
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert!(run["tool"]["driver"]["name"].is_string());
        for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
            assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string());
        }
        for result in run["results"].as_array().unwrap() {
            assert!(result["message"]["text"].is_string());
            assert!(matches!(result["level"].as_str(), Some("error" | "warning" | "note")));
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
            for place in result["locations"].as_array().unwrap() {
                assert!(place["physicalLocation"]["artifactLocation"]["uri"].is_string());
                assert!(place["physicalLocation"]["region"]["startLine"].as_u64().is_none_or(|line| line >= 1));
            }
        }
        assert_eq!(uri("bible/a b%é.yaml"), "bible/a%20b%25%C3%A9.yaml");
    }
}
