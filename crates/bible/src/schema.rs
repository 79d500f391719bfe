//! JSON Schemas of the files that people write, for their editors.

use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::project::{NarrativeGuidelines, ProjectSettings, VisualStyle, WorldSetting};
use crate::shot_list::{EpisodeSettings, ShotList};
use crate::{Character, Location, Prop};

/// The schema of one kind of file.
#[derive(Debug, Clone)]
pub struct FileSchema {
    /// The kind: `character`; its schema file is `<kind>.schema.json`.
    pub kind: &'static str,
    /// The files of this kind, as a glob inside a project folder.
    pub glob: &'static str,
    /// The schema (JSON Schema 2020-12).
    pub schema: Schema,
}

fn of<T: JsonSchema>(kind: &'static str, glob: &'static str) -> FileSchema {
    FileSchema { kind, glob, schema: SchemaGenerator::default().into_root_schema_for::<T>() }
}

static ALL: LazyLock<Vec<FileSchema>> = LazyLock::new(|| {
    vec![
        of::<ProjectSettings>("project", "project.yaml"),
        of::<VisualStyle>("style", "bible/style.yaml"),
        of::<WorldSetting>("world", "bible/world.yaml"),
        of::<NarrativeGuidelines>("narrative", "bible/narrative.yaml"),
        of::<Character>("character", "bible/characters/*.yaml"),
        of::<Location>("location", "bible/locations/*.yaml"),
        of::<Prop>("prop", "bible/props/*.yaml"),
        of::<EpisodeSettings>("episode", "episodes/*/episode.yaml"),
        of::<ShotList>("shots", "episodes/*/shots.yaml"),
    ]
});

/// Every kind of file with its schema.
#[must_use]
pub fn all() -> &'static [FileSchema] {
    &ALL
}

/// The schema of a kind; the kinds are those of [`all`].
pub(crate) fn of_kind(kind: &str) -> &'static Schema {
    static ANYTHING: LazyLock<Schema> = LazyLock::new(|| Schema::from(true));
    ALL.iter().find(|file| file.kind == kind).map_or(&ANYTHING, |file| &file.schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_file_has_a_schema_that_describes_its_fields() {
        for file in all() {
            let value = file.schema.as_value();
            let fields = value["properties"].as_object().unwrap();
            assert!(!fields.is_empty(), "{}", file.kind);
            for (name, field) in fields {
                let described = field.get("description").is_some() || field.get("$ref").is_some();
                assert!(described, "{}: {name} says nothing about itself", file.kind);
            }
        }
    }

    #[test]
    fn the_schema_of_characters_is_what_we_publish() {
        insta::assert_json_snapshot!(of_kind("character").as_value());
    }
}
