//! Where things are kept, as URLs.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A database: `sqlite:PATH` or `postgres://…`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server. The URL may hold a password: it is not shown by `Display` or `Debug`.
    Postgres(String),
}

/// A blob store: `file:PATH`, `s3://bucket/prefix`, or `memory:` for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobUrl {
    /// A folder.
    File(PathBuf),
    /// A bucket of any S3-compatible store. Credentials, region and endpoint come from the usual
    /// `AWS_…` variables of the environment.
    S3 {
        /// The bucket.
        bucket: String,
        /// What every key starts with; may be empty.
        prefix: String,
    },
    /// Forgotten at the end.
    Memory,
}

/// Why a text names no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a database.
    #[error("{got:?} names no database: write sqlite:PATH or postgres://user@host/name")]
    Database {
        /// What was given, without password.
        got: String,
    },
    /// Not a blob store.
    #[error("{got:?} names no place for pictures: write file:PATH or s3://bucket/prefix")]
    Blobs {
        /// What was given.
        got: String,
    },
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.is_empty() {
                return Ok(Self::Sqlite(PathBuf::from(path)));
            }
        } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(UrlError::Database { got: without_password(text) })
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn without_password(url: &str) -> String {
    let parts = url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)));
    match parts {
        Some((scheme, (credentials, host))) => {
            let user = credentials.split_once(':').map_or(credentials, |(user, _)| user);
            format!("{scheme}://{user}@{host}")
        }
        None => url.to_owned(),
    }
}

impl FromStr for BlobUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.is_empty() {
                return Ok(Self::File(PathBuf::from(path)));
            }
        } else if let Some(rest) = text.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            if !bucket.is_empty() {
                return Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned() });
            }
        }
        Err(UrlError::Blobs { got: text.to_owned() })
    }
}

impl fmt::Display for BlobUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_choose_the_store_and_hide_passwords() {
        assert_eq!("sqlite:a/b.db".parse(), Ok(DatabaseUrl::Sqlite("a/b.db".into())));
        assert_eq!("sqlite:///a/b.db".parse(), Ok(DatabaseUrl::Sqlite("/a/b.db".into())));
        let server: DatabaseUrl = "postgres://mei:secret@db/echo".parse().unwrap();
        assert_eq!(format!("{server} {server:?}"), "postgres://mei@db/echo postgres://mei@db/echo");
        assert!("mysql://x".parse::<DatabaseUrl>().is_err());
        let wrong = "mysql://mei:secret@db/echo".parse::<DatabaseUrl>().unwrap_err();
        assert!(!wrong.to_string().contains("secret"));
    }

    #[test]
    fn a_bucket_may_have_a_prefix() {
        let url: BlobUrl = "s3://shows/lantern/".parse().unwrap();
        assert_eq!(url, BlobUrl::S3 { bucket: "shows".to_owned(), prefix: "lantern".to_owned() });
        assert_eq!("file:blobs".parse(), Ok(BlobUrl::File("blobs".into())));
        assert!("s3://".parse::<BlobUrl>().is_err());
    }
}
