//! Filters as people write them.

use bible::story::{Expression, Facing};
use bible::{Slug, StoryTime};
use store::RecipeKind;

use super::SearchFilter;
use super::error::LookupError;

/// A filter in words, from a command line or a query. What a field means is said at [`SearchFilter`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskedFilter {
    /// `mio`
    pub character: Option<String>,
    /// `work`
    pub look: Option<String>,
    /// `sit`, `sitting`
    pub pose: Option<String>,
    /// `happy`
    pub expression: Option<String>,
    /// `three-quarter-left`
    pub facing: Option<String>,
    /// `sheet` or `shot`
    pub kind: Option<String>,
    /// `S01E01`, `S01E01.03`, `S01E01.03.002`
    pub within: Option<String>,
}

impl AskedFilter {
    /// The filter.
    ///
    /// # Errors
    /// [`LookupError::Form`] and [`LookupError::Unknown`]. Whether there is such a character is only known to the search.
    pub fn parse(&self) -> Result<SearchFilter, LookupError> {
        Ok(SearchFilter {
            character: slug("character", self.character.as_ref())?,
            look: slug("look", self.look.as_ref())?,
            pose: slug("pose", self.pose.as_ref())?,
            expression: word("expression", self.expression.as_ref(), Expression::ALL, Expression::word)?,
            facing: word("facing", self.facing.as_ref(), Facing::ALL, Facing::word)?,
            kind: word("kind", self.kind.as_ref(), &[RecipeKind::Sheet, RecipeKind::Shot], RecipeKind::word)?,
            within: self.within.as_ref().map(|got| story_time(got)).transpose()?,
        })
    }
}

fn slug(parameter: &'static str, got: Option<&String>) -> Result<Option<Slug>, LookupError> {
    let Some(got) = got else { return Ok(None) };
    let needed = || match Slug::nearest(got) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "lowercase letters and digits, with hyphens between words".to_owned(),
    };
    got.parse().map(Some).map_err(|_| LookupError::Form { parameter, got: got.clone(), needed: needed() })
}

fn word<T: Copy>(
    parameter: &'static str,
    got: Option<&String>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<Option<T>, LookupError> {
    let Some(got) = got else { return Ok(None) };
    let found = all.iter().copied().find(|one| name(*one) == got.as_str());
    let names = || all.iter().map(|one| name(*one));
    found.map(Some).ok_or_else(|| LookupError::Unknown {
        parameter,
        got: got.clone(),
        nearest: bible::source::nearest(got, names()).map(str::to_owned),
        known: names().map(str::to_owned).collect(),
    })
}

fn story_time(got: &str) -> Result<StoryTime, LookupError> {
    let needed = "write an episode, a scene or a shot, such as S01E01, S01E01.03 or S01E01.03.002".to_owned();
    got.parse().map_err(|_| LookupError::Form { parameter: "within", got: got.to_owned(), needed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_and_what_is_misspelt_is_told_with_what_was_likely_meant() {
        let asked = AskedFilter {
            character: Some("mio".to_owned()),
            facing: Some("back".to_owned()),
            kind: Some("shot".to_owned()),
            within: Some("S01E01.02".to_owned()),
            ..AskedFilter::default()
        };
        let filter = asked.parse().unwrap();
        assert_eq!((filter.facing, filter.kind), (Some(Facing::Back), Some(RecipeKind::Shot)));
        let wrong = |asked: AskedFilter| asked.parse().unwrap_err().to_string();
        let of = |change: fn(&mut AskedFilter)| {
            let mut asked = AskedFilter::default();
            change(&mut asked);
            wrong(asked)
        };
        assert!(of(|asked| asked.character = Some("Mio T.".to_owned())).contains("did you mean `mio-t`?"));
        assert!(of(|asked| asked.expression = Some("hapy".to_owned())).contains("did you mean `happy`?"));
        assert!(of(|asked| asked.kind = Some("transition".to_owned())).contains("`sheet`, `shot`"));
        assert!(of(|asked| asked.within = Some("one".to_owned())).contains("S01E01.03"));
    }
}
