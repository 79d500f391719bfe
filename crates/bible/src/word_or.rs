//! Values that people may write as one word or in full.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What was written.
pub(crate) enum WordOr<Word, Full> {
    /// One word.
    Word(Word),
    /// Fields.
    Full(Full),
}

/// Reads one or the other. Unlike serde's untagged enums this keeps the message and the path of what
/// does not fit.
pub(crate) fn word_or<'de, D, Word, Full>(deserializer: D, expecting: &'static str) -> Result<WordOr<Word, Full>, D::Error>
where
    D: Deserializer<'de>,
    Word: Deserialize<'de>,
    Full: Deserialize<'de>,
{
    struct Either<Word, Full>(&'static str, PhantomData<(Word, Full)>);
    impl<'de, Word: Deserialize<'de>, Full: Deserialize<'de>> Visitor<'de> for Either<Word, Full> {
        type Value = WordOr<Word, Full>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Word::deserialize(StrDeserializer::new(text)).map(WordOr::Word)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Full::deserialize(MapAccessDeserializer::new(map)).map(WordOr::Full)
        }
    }
    deserializer.deserialize_any(Either(expecting, PhantomData))
}
