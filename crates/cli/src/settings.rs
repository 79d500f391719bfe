//! Settings: defaults, then `echo-studio.toml`, then `ECHO_…` from the environment, then flags.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

/// The file that is read from the current folder.
pub(crate) const FILE: &str = "echo-studio.toml";

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Folder of database and pictures; `.echo` in the project when not set.
    pub(crate) data: Option<PathBuf>,
    /// `sqlite:PATH` or `postgres://…`; `studio.db` in the data folder when not set.
    pub(crate) database: Option<String>,
    /// `file:PATH` or `s3://bucket/prefix`; `blobs` in the data folder when not set.
    pub(crate) blobs: Option<String>,
    /// Address of the web server. Loopback: there is no sign-in yet.
    pub(crate) listen: SocketAddr,
    /// Shots drawn at the same time; one per core when not set.
    pub(crate) jobs: Option<usize>,
    /// The ComfyUI server for shows that are drawn through one.
    pub(crate) comfyui: Option<String>,
    /// What is logged, as `tracing` filters say it: `info`, `studio=debug`.
    pub(crate) log: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: None,
            database: None,
            blobs: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8328)),
            jobs: None,
            comfyui: None,
            log: "warn".to_owned(),
        }
    }
}

/// The same settings as flags, for every command.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub(crate) struct Flags {
    /// Folder of database and pictures [default: .echo in the project]
    #[arg(long, global = true, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,
    /// Database: sqlite:PATH or postgres://… [default: studio.db in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    /// Pictures: file:PATH or s3://bucket/prefix [default: blobs in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    blobs: Option<String>,
    /// ComfyUI server for shows that are drawn through one: http://127.0.0.1:8188
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    comfyui: Option<String>,
    /// What is logged: error, warn, info, debug, or a filter such as studio=debug
    #[arg(long, global = true, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    /// Address of the web server
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<SocketAddr>,
    /// Shots drawn at the same time
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jobs: Option<usize>,
}

/// The layers, strongest last.
pub(crate) fn layers(flags: &Flags) -> Figment {
    Figment::from(Serialized::defaults(Settings::default()))
        .merge(Toml::file(FILE))
        .merge(Env::prefixed("ECHO_").only(&["data", "database", "blobs", "listen", "jobs", "comfyui", "log"]))
        .merge(figment::providers::Serialized::from(flags, figment::Profile::Default).clone())
}

/// Where data of a project is kept under these settings.
pub(crate) struct Places {
    /// Database URL.
    pub(crate) database: String,
    /// Blob store URL.
    pub(crate) blobs: String,
}

impl Settings {
    /// Reads every layer.
    pub(crate) fn load(flags: &Flags) -> Result<Self, Box<figment::Error>> {
        layers(flags).extract().map_err(Box::new)
    }

    /// The data folder for a project.
    pub(crate) fn data_folder(&self, project: &Path) -> PathBuf {
        self.data.clone().unwrap_or_else(|| project.join(".echo"))
    }

    /// Database and blob store for a project.
    pub(crate) fn places(&self, project: &Path) -> Places {
        let data = self.data_folder(project);
        Places {
            database: self.database.clone().unwrap_or_else(|| format!("sqlite:{}", data.join("studio.db").display())),
            blobs: self.blobs.clone().unwrap_or_else(|| format!("file:{}", data.join("blobs").display())),
        }
    }
}

/// One setting as `echo-studio config` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Origin {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its value, secrets hidden.
    pub(crate) value: Option<String>,
    /// Which layer it comes from.
    pub(crate) origin: String,
}

/// Every setting with the layer that decided it.
pub(crate) fn origins(flags: &Flags) -> Result<Vec<Origin>, Box<figment::Error>> {
    let layers = layers(flags);
    let settings: Settings = layers.extract().map_err(Box::new)?;
    let shown = [
        ("data", settings.data.map(|path| path.display().to_string())),
        ("database", settings.database.map(|url| without_password(&url))),
        ("blobs", settings.blobs.map(|url| without_password(&url))),
        ("listen", Some(settings.listen.to_string())),
        ("jobs", settings.jobs.map(|jobs| jobs.to_string())),
        ("comfyui", settings.comfyui.map(|url| without_password(&url))),
        ("log", Some(settings.log)),
    ];
    Ok(shown
        .into_iter()
        .map(|(name, value)| {
            let origin = match layers.find_metadata(name).map(|metadata| (metadata.name.to_string(), metadata.source.clone())) {
                Some((_, Some(figment::Source::File(path)))) => path.display().to_string(),
                Some((name_of_layer, _)) if name_of_layer.contains("environment") => format!("ECHO_{}", name.to_uppercase()),
                Some((name_of_layer, _)) if name_of_layer.contains("Flags") => "flag".to_owned(),
                _ => "default".to_owned(),
            };
            Origin { name, value, origin }
        })
        .collect())
}

/// A URL with its password hidden.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((credentials, host)) = rest.split_once('@') else { return url.to_owned() };
    match credentials.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_defaults_and_say_so() {
        let flags = Flags { jobs: Some(3), ..Flags::default() };
        assert_eq!(Settings::load(&flags).unwrap().jobs, Some(3));
        let origins = origins(&flags).unwrap();
        let origin = |name: &str| origins.iter().find(|setting| setting.name == name).unwrap().origin.clone();
        assert_eq!((origin("jobs").as_str(), origin("listen").as_str()), ("flag", "default"));
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_password("postgres://mei:secret@db/echo"), "postgres://mei:***@db/echo");
        assert_eq!(without_password("sqlite:/a/b.db"), "sqlite:/a/b.db");
    }
}
