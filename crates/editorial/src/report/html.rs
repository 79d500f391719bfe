//! The report as HTML: everything in one file, every text escaped.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bible::FrameRate;

use super::{DialogueReport, PartReport, Report, ShotReport, ShotStatus};
use crate::sound::Loudness;
use crate::thumbnails::timecode;

/// Nothing but what is in the file: no script, no request, no form.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Text for HTML and XML, in element content and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in XML at all, and nothing to see in HTML.
            control if control.is_control() && !matches!(control, '\n' | '\t') => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

/// Appends formatted text; writing into a string cannot fail.
macro_rules! put {
    ($out:expr, $($format:tt)*) => { let _ = write!($out, $($format)*); };
}

pub(super) fn page(report: &Report) -> String {
    let mut out = String::new();
    let (show, title, episode) = (escape(&report.show), escape(&report.title), escape(&report.episode));
    put!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{episode} {title} · {show}</title><style>{}</style></head><body>\n",
        include_str!("style.css")
    );
    put!(
        out,
        "<header><div class=\"show\">{show}</div><h1>{title}</h1><p class=\"when\">{episode} · produced {}</p>",
        escape(&report.produced_at)
    );
    facts(&mut out, report);
    strip(&mut out, report);
    if !report.notes.is_empty() {
        out.push_str("<section class=\"notes\"><h2>To know</h2><ul>");
        report.notes.iter().for_each(|note| {
            put!(out, "<li>{}</li>", escape(note));
        });
        out.push_str("</ul></section>");
    }
    out.push_str("</header>\n<main>\n");
    for scene in &report.scenes {
        put!(out, "<section class=\"scene\"><h2>{}</h2>", escape(&scene.heading));
        if !scene.synopsis.is_empty() {
            put!(out, "<p>{}</p>", escape(&scene.synopsis));
        }
        out.push_str("</section>\n");
        scene.shots.iter().for_each(|shot| self::shot(&mut out, report.rate, shot));
    }
    out.push_str("</main>\n");
    put!(
        out,
        "<footer>A score is a tolerance score from 0 to 1: 1 where every part has the colours of the bible, {:.2} where the worst part uses up \
         its tolerance exactly, and nothing is scored that was not measured. ΔE is CIEDE2000 after the declared light is taken away. \
         The white mark on a bar is the gate; where there are two, a person decides between them.</footer></body></html>\n",
        0.85
    );
    out
}

fn facts(out: &mut String, report: &Report) {
    let shots: Vec<&ShotReport> = report.shots().collect();
    let count = |status| shots.iter().filter(|shot| shot.status == Some(status)).count();
    let scores: Vec<f64> = shots.iter().filter_map(|shot| shot.score).collect();
    let seconds = report.rate.seconds(report.frames);
    let length = format!("{}:{:04.1}", (seconds / 60.0) as u64, seconds % 60.0);
    out.push_str("<dl class=\"facts\">");
    let mut fact = |name: &str, value: &str, note: &str| {
        put!(out, "<div><dt>{name}</dt><dd>{}<small>{}</small></dd></div>", escape(value), escape(note));
    };
    fact("Length", &length, &format!("{} frames at {} a second", report.frames, report.rate));
    fact("Shots", &shots.len().to_string(), &format!("in {} scenes", report.scenes.len()));
    let undecided = count(ShotStatus::NeedsReview);
    fact(
        "Accepted",
        &format!("{} of {}", count(ShotStatus::Accepted), shots.len()),
        &format!("{undecided} to review, {} rejected", count(ShotStatus::Rejected)),
    );
    if scores.is_empty() {
        fact("Mean score", "–", "no shot was measured");
    } else {
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let lowest = scores.iter().copied().fold(1.0, f64::min);
        fact("Mean score", &format!("{mean:.3}"), &format!("lowest {lowest:.3}, of {} measured", scores.len()));
    }
    let took = report.seconds.map_or_else(String::new, |seconds| format!(", {seconds:.1} s in all"));
    fact("Pictures", &format!("{} drawn", report.drawn), &format!("{} were there already{took}", report.cached));
    match &report.loudness {
        Some(Loudness::Measured { integrated, true_peak }) => {
            fact("Loudness", &format!("{integrated:.1} LKFS"), &format!("true peak {true_peak:.1} dBTP; target -24 ±1 and at most -1"));
        }
        Some(Loudness::NotMeasured { reason }) => fact("Loudness", "–", &format!("not measured: {reason}")),
        None => fact("Loudness", "–", "the episode has no sound"),
    }
    out.push_str("</dl>");
}

/// The episode at a glance: a bar for each shot, as long as it lasts.
fn strip(out: &mut String, report: &Report) {
    if report.shots().next().is_none() {
        return;
    }
    out.push_str("<nav class=\"strip\" aria-label=\"Shots\">");
    for shot in report.shots() {
        let (class, word) = status(shot);
        let id = escape(&shot.id);
        put!(
            out,
            "<a class=\"{class}\" style=\"--length:{}\" href=\"#{id}\" title=\"{id}: {word}\" aria-label=\"{id}: {word}\"></a>",
            shot.frames
        );
    }
    out.push_str("</nav><p class=\"legend\">Each bar is a shot, as long as it lasts: green accepted, yellow to review, red rejected, grey not judged.</p>");
}

const fn status(shot: &ShotReport) -> (&'static str, &'static str) {
    match shot.status {
        Some(ShotStatus::Accepted) => ("accepted", "accepted"),
        Some(ShotStatus::NeedsReview) => ("needs_review", "to review"),
        Some(ShotStatus::Rejected) => ("rejected", "rejected"),
        None => ("unjudged", "not judged"),
    }
}

fn shot(out: &mut String, rate: FrameRate, shot: &ShotReport) {
    let (class, word) = status(shot);
    let id = escape(&shot.id);
    put!(out, "<article class=\"shot {class}\" id=\"{id}\"><div><figure>");
    match &shot.picture {
        Some(bytes) => {
            let media = if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
            put!(out, "<img src=\"data:{media};base64,{}\" alt=\"{}\">", STANDARD.encode(bytes), escape(&shot.description));
        }
        None => out.push_str("<div class=\"none\">no picture</div>"),
    }
    out.push_str("</figure>");
    if !shot.tags.is_empty() {
        out.push_str("<ul class=\"tags\">");
        shot.tags.iter().for_each(|tag| {
            put!(out, "<li>{}</li>", escape(tag));
        });
        out.push_str("</ul>");
    }
    shot.dialogue.iter().for_each(|line| dialogue(out, line));
    put!(
        out,
        "</div><div><div class=\"head\"><h3>{id}</h3><span class=\"time\">{} · {} frames</span><span class=\"status\">{word}</span></div>",
        timecode(rate, shot.start),
        shot.frames
    );
    match shot.score {
        Some(score) => {
            put!(out, "<div class=\"score\"><strong>{score:.3}</strong><div class=\"bar\" style=\"--share:{:.1}%\"><i></i>", score * 100.0);
            if let Some(gate) = &shot.gate {
                for bound in gate.person.into_iter().chain([gate.accept]) {
                    put!(out, "<u style=\"--gate:{:.1}%\"></u>", bound * 100.0);
                }
            }
            out.push_str("</div></div>");
            if let Some(gate) = &shot.gate {
                put!(out, "<p class=\"legend\">{}</p>", escape(&gate.words));
            }
        }
        None => out.push_str("<p class=\"legend\">No score: nothing was measured.</p>"),
    }
    if let Some(person) = &shot.approved_by {
        put!(out, "<p>Approved by {}</p>", escape(person));
    }
    if !shot.reasons.is_empty() {
        out.push_str("<ul class=\"reasons\">");
        shot.reasons.iter().for_each(|reason| {
            put!(out, "<li>{}</li>", escape(reason));
        });
        out.push_str("</ul>");
    }
    parts(out, &shot.parts);
    if !shot.provenance.is_empty() {
        out.push_str("<details><summary>Provenance</summary><dl>");
        shot.provenance.iter().for_each(|(name, value)| {
            put!(out, "<dt>{}</dt><dd><code>{}</code></dd>", escape(name), escape(value));
        });
        out.push_str("</dl></details>");
    }
    out.push_str("</div></article>\n");
}

fn dialogue(out: &mut String, line: &DialogueReport) {
    put!(out, "<div class=\"line\"><b>{}</b>{}", escape(&line.speaker), escape(&line.text));
    if let Some(note) = &line.note {
        put!(out, "<small>{}</small>", escape(note));
    }
    out.push_str("</div>");
}

fn parts(out: &mut String, parts: &[PartReport]) {
    if parts.is_empty() {
        return;
    }
    out.push_str("<table><thead><tr><th>Part</th><th>Bible</th><th>Found</th><th class=\"n\">ΔE</th><th class=\"n\">allowed</th><th class=\"n\">score</th></tr></thead><tbody>");
    for part in parts {
        let off = if part.difference > part.tolerance { " class=\"off\"" } else { "" };
        let swatch = |colour: bible::Colour| format!("<span class=\"swatch\" style=\"--c:{colour}\"></span><code>{colour}</code>");
        put!(
            out,
            "<tr{off}><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{:.1}</td><td class=\"n\">{:.1}</td><td class=\"n\">{:.3}</td></tr>",
            escape(&part.name),
            swatch(part.expected),
            swatch(part.found),
            part.difference,
            part.tolerance,
            part.score
        );
    }
    out.push_str("</tbody></table>");
}

#[cfg(test)]
mod tests {
    use super::super::{PartReport, SceneReport, ShotGate};
    use super::*;
    use bible::Colour;

    fn report() -> Report {
        let shot = |id: &str, status, score: Option<f64>| ShotReport {
            id: id.to_owned(),
            start: 48,
            frames: 72,
            picture: Some(b"\xff\xd8\xffjpeg".to_vec()),
            description: "Mei, <close>".to_owned(),
            tags: vec!["close-up".to_owned()],
            dialogue: vec![DialogueReport { speaker: "Mei".to_owned(), text: "</script><script>alert(1)</script>".to_owned(), note: None }],
            status,
            score,
            gate: Some(ShotGate { accept: 0.85, person: Some(0.7), words: "accepted from 0.850, for a person from 0.700".to_owned() }),
            reasons: vec!["hair of mei: expected #2b2f4a, found #7a3030".to_owned()],
            parts: vec![PartReport {
                name: "hair of mei".to_owned(),
                expected: Colour::new(0x2b, 0x2f, 0x4a),
                found: Colour::new(0x7a, 0x30, 0x30),
                difference: 31.2,
                tolerance: 6.0,
                score: 0.0,
            }],
            approved_by: None,
            provenance: vec![("recipe".to_owned(), "9f1c\"".to_owned())],
        };
        Report {
            show: "Tom & Mei".to_owned(),
            title: "It's <b>dark</b>".to_owned(),
            episode: "S01E01".to_owned(),
            produced_at: "1 May 2026".to_owned(),
            rate: FrameRate::FILM,
            frames: 144,
            drawn: 2,
            cached: 0,
            seconds: None,
            loudness: None,
            notes: vec![],
            scenes: vec![SceneReport {
                heading: "EXT. ROAD - NIGHT".to_owned(),
                synopsis: String::new(),
                shots: vec![
                    shot("S01E01.01.001", Some(ShotStatus::Accepted), Some(0.9)),
                    shot("S01E01.01.002", Some(ShotStatus::NeedsReview), None),
                ],
            }],
        }
    }

    #[test]
    fn text_is_shown_as_typed_and_never_run() {
        let page = report().html();
        assert!(page.contains("Tom &amp; Mei") && page.contains("It&#39;s &lt;b&gt;dark&lt;/b&gt;"));
        assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)") && !page.contains("<script"));
        assert!(page.contains("<code>9f1c&quot;</code>"));
    }

    #[test]
    fn the_page_asks_nothing_of_any_server() {
        let page = report().html();
        assert!(page.contains("default-src 'none'"));
        for outside in ["http://", "https://", "src=\"/", "url(", "@import", "<link"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn the_mean_is_of_what_was_measured_alone() {
        let page = report().html();
        assert!(page.contains("0.900<small>lowest 0.900, of 1 measured"), "{page}");
        assert!(page.contains("No score: nothing was measured."));
        assert!(
            page.contains("accepted from 0.850, for a person from 0.700") && page.matches("<u style").count() == 2,
            "the gate is marked"
        );
        let mut silent = report();
        silent.scenes[0].shots.iter_mut().for_each(|shot| shot.score = None);
        assert!(silent.html().contains("no shot was measured"));
    }
}
