//! Reads the catalogue's YAML files into types.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

/// The first document of a text as `T`; the error says what is wrong and at which field.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("it is no UTF-8 text: {error}"))?;
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    let value = match documents.first() {
        Some(document) => json(document)?,
        None => Value::Object(Map::new()),
    };
    serde_path_to_error::deserialize(value).map_err(|error| error.to_string())
}

fn json(yaml: &Yaml<'_>) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => Value::Bool(*value),
        Yaml::Value(Scalar::Integer(value)) => Value::from(*value),
        Yaml::Value(Scalar::FloatingPoint(value)) => {
            Value::Number(Number::from_f64(**value).ok_or_else(|| format!("{value} is no finite number"))?)
        }
        Yaml::Value(Scalar::String(value)) => Value::from(&**value),
        Yaml::Sequence(items) => Value::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let key = key.as_str().map(str::to_owned).ok_or("every key must be text")?;
                map.insert(key, json(value)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(_, inner) => json(inner)?,
        Yaml::Alias(_) | Yaml::BadValue | Yaml::Representation(..) => {
            return Err("it has a value that cannot be read; write it out in full".to_owned());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Sample {
        name: String,
        ring: Vec<[f64; 2]>,
        open: Option<bool>,
    }

    #[test]
    fn whole_and_broken_numbers_are_both_numbers() {
        let sample: Sample = read(b"name: x\nring: [[0, 1.5], [1, -2]]\nopen: true").unwrap();
        assert_eq!(sample, Sample { name: "x".into(), ring: vec![[0.0, 1.5], [1.0, -2.0]], open: Some(true) });
    }

    #[test]
    fn an_error_names_the_field() {
        let error = read::<Sample>(b"name: x\nring: [[0, wide]]").unwrap_err();
        assert!(error.contains("ring[0][1]"), "{error}");
    }
}
