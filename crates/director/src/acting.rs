//! How words become acting: the tables of `rules/acting.yaml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bible::Slug;
use bible::story::{Expression, TimeOfDay, Weather};
use serde::Deserialize;

/// The tables; see the file for what each means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    poses: Vec<PoseRule>,
    expressions: Vec<ExpressionRule>,
    said: Vec<ExpressionRule>,
    strong: Vec<String>,
    reactions: BTreeMap<Expression, Expression>,
    exits: Vec<String>,
    takes: Vec<String>,
    drops: Vec<String>,
    weather: Vec<WeatherRule>,
    times: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoseRule {
    pose: Slug,
    #[serde(default)]
    stays: bool,
    words: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpressionRule {
    expression: Expression,
    words: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WeatherRule {
    weather: Weather,
    words: Vec<String>,
}

/// A pose that words ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posed {
    pub(crate) pose: Slug,
    /// Kept until another pose takes over.
    pub(crate) stays: bool,
    /// Where the word stands in the text, in bytes.
    pub(crate) at: usize,
}

/// A time of day that a heading names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    Of(TimeOfDay),
    /// As in the scene before.
    Same,
}

/// The tables that come with the director.
pub(crate) fn rules() -> &'static Rules {
    static RULES: LazyLock<Rules> = LazyLock::new(|| {
        let text = include_str!("../rules/acting.yaml");
        let read = bible::source::yaml::parse("rules/acting.yaml", text).map_err(|error| error.to_string());
        let rules = read.and_then(|node| serde_json::from_value(node.to_json()).map_err(|error| error.to_string()));
        // The file is part of this crate and read by its tests.
        rules.unwrap_or_else(|error| unreachable!("rules/acting.yaml: {error}"))
    });
    &RULES
}

impl Rules {
    /// The pose of the first rule that matches, with the place of its word.
    pub(crate) fn pose(&self, text: &str) -> Option<Posed> {
        let text = text.to_lowercase();
        self.poses.iter().find_map(|rule| {
            let at = first(&text, &rule.words)?;
            Some(Posed { pose: rule.pose.clone(), stays: rule.stays, at })
        })
    }

    /// The face that an action or a parenthetical asks for.
    pub(crate) fn expression(&self, text: &str) -> Option<Expression> {
        let text = text.to_lowercase();
        self.expressions.iter().find(|rule| first(&text, &rule.words).is_some()).map(|rule| rule.expression)
    }

    /// The face of someone who says `text` in this `manner`.
    pub(crate) fn speaking(&self, manner: &str, text: &str) -> Expression {
        if let Some(expression) = self.expression(manner) {
            return expression;
        }
        let lower = text.to_lowercase();
        if let Some(rule) = self.said.iter().find(|rule| first(&lower, &rule.words).is_some()) {
            return rule.expression;
        }
        let end = text.trim_end_matches(['"', '\'', '”', '’', '」', '』', ')', ' ']);
        let ends = |signs: &[&str]| signs.iter().any(|sign| end.ends_with(sign));
        if ends(&["?!", "!?", "？！", "！？", "⁉"]) {
            Expression::Surprised
        } else if ends(&["!", "！"]) {
            // A shout of a word or two is a start; more than that is meant.
            if text.split_whitespace().count() <= 2 && text.chars().count() <= 12 { Expression::Surprised } else { Expression::Determined }
        } else if ends(&["...", "…"]) {
            Expression::Sad
        } else {
            Expression::Neutral
        }
    }

    /// Whether a line is one that the listener reacts to.
    pub(crate) fn strong(&self, manner: &str, text: &str) -> bool {
        let shouted = text.matches(['!', '！']).count();
        first(&text.to_lowercase(), &self.strong).is_some()
            || shouted >= 2
            || text.contains("?!")
            || text.contains("！？")
            || (shouted == 1 && matches!(self.expression(manner), Some(Expression::Angry | Expression::Surprised)))
    }

    /// How the listener looks after a strong line.
    pub(crate) fn reaction(&self, speaker: Expression) -> Expression {
        self.reactions.get(&speaker).copied().unwrap_or(Expression::Surprised)
    }

    /// Whether someone leaves.
    pub(crate) fn exits(&self, text: &str) -> bool {
        first(&text.to_lowercase(), &self.exits).is_some()
    }

    /// Where a word of taking something stands.
    pub(crate) fn takes(&self, text: &str) -> Option<usize> {
        first(&text.to_lowercase(), &self.takes)
    }

    /// Whether something is put down.
    pub(crate) fn drops(&self, text: &str) -> bool {
        first(&text.to_lowercase(), &self.drops).is_some()
    }

    /// The weather that a text speaks of.
    pub(crate) fn weather(&self, text: &str) -> Option<Weather> {
        let text = text.to_lowercase();
        self.weather.iter().find(|rule| first(&text, &rule.words).is_some()).map(|rule| rule.weather)
    }

    /// The light that a part of a heading names: the longest word wins (`LATE AFTERNOON` over `AFTERNOON`).
    pub(crate) fn time(&self, part: &str) -> Option<Time> {
        let part = part.to_lowercase();
        let mut best: Option<(usize, Time)> = None;
        for (name, words) in &self.times {
            let time = match name.as_str() {
                "dawn" => Time::Of(TimeOfDay::Dawn),
                "day" => Time::Of(TimeOfDay::Day),
                "sunset" => Time::Of(TimeOfDay::Sunset),
                "night" => Time::Of(TimeOfDay::Night),
                _ => Time::Same,
            };
            for word in words {
                let whole = format!("{}$", word.to_lowercase());
                let longer = best.is_none_or(|(length, _)| word.len() > length);
                if longer && first(&part, &[whole]).is_some() {
                    best = Some((word.len(), time));
                }
            }
        }
        best.map(|(_, time)| time)
    }
}

/// Where the first of `words` stands in `text` (both lower case); `word$` must match to its end.
fn first(text: &str, words: &[String]) -> Option<usize> {
    let found = words.iter().filter_map(|word| {
        let (word, whole) = word.strip_suffix('$').map_or((word.as_str(), false), |word| (word, true));
        text.match_indices(word).map(|(at, _)| at).find(|at| {
            let begins = text[..*at].chars().next_back().is_none_or(|sign| !same_word(sign));
            let ends = !whole || text[at + word.len()..].chars().next().is_none_or(|sign| !same_word(sign));
            // Japanese has no spaces between words.
            (begins || !word.is_ascii()) && (ends || !word.is_ascii())
        })
    });
    found.min()
}

fn same_word(sign: char) -> bool {
    sign.is_alphanumeric() && (sign.is_ascii() || sign.is_lowercase() || sign.is_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_ask_for_poses() {
        let pose = |text: &str| rules().pose(text).map(|posed| posed.pose.to_string());
        assert_eq!(pose("Mei walks along the road.").as_deref(), Some("walk"));
        assert_eq!(pose("She sits down by the well.").as_deref(), Some("sit"));
        assert_eq!(pose("Gen gets up and walks off.").as_deref(), Some("stand"));
        assert_eq!(pose("The website is down."), None);
        assert_eq!(pose("明が歩いている。").as_deref(), Some("walk"));
    }

    #[test]
    fn what_is_rare_and_telling_wins_over_what_is_common() {
        let pose = |text: &str| rules().pose(text).map(|posed| posed.pose.to_string());
        assert_eq!(pose("Rin crosses her arms.").as_deref(), Some("arms-crossed"));
        assert_eq!(pose("Rin crosses the bridge.").as_deref(), Some("walk"));
        assert_eq!(pose("Mei lifts the lantern.").as_deref(), Some("hold-up"));
        assert_eq!(pose("Gen looks up from his cup.").as_deref(), Some("look-up"));
    }

    #[test]
    fn faces_follow_the_manner_then_the_words_then_the_punctuation() {
        let face = |manner: &str, text: &str| rules().speaking(manner, text);
        assert_eq!(face("smiling", "I hate you."), Expression::Happy);
        assert_eq!(face("", "I'm so sorry!"), Expression::Sad);
        assert_eq!(face("", "What?!"), Expression::Surprised);
        assert_eq!(face("", "Look!"), Expression::Surprised);
        assert_eq!(face("", "Nobody puts that lantern out again!"), Expression::Determined);
        assert_eq!(face("", "I thought…"), Expression::Sad);
        assert_eq!(face("", "It is late."), Expression::Neutral);
        assert_eq!(face("", "ありがとう"), Expression::Happy);
    }

    #[test]
    fn the_longest_time_word_of_a_heading_wins() {
        assert_eq!(rules().time("LATE AFTERNOON"), Some(Time::Of(TimeOfDay::Sunset)));
        assert_eq!(rules().time("THE NEXT MORNING"), Some(Time::Of(TimeOfDay::Day)));
        assert_eq!(rules().time("MOMENTS LATER"), Some(Time::Same));
        assert_eq!(rules().time("KNIGHT HALL"), None);
        assert_eq!(rules().time("夜"), Some(Time::Of(TimeOfDay::Night)));
    }
}
