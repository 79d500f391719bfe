//! Pictures in an S3 bucket: the same production, the same film, with nothing but the URL changed.
//!
//! The bucket is one of moto's, a well-kept server that speaks S3, which `cargo xtask test` installs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod desk;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use desk::{Desk, Said};

/// A server with one bucket, `shows`; it ends with the test.
struct Bucket {
    server: Child,
    address: String,
}

impl Bucket {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let server = Command::new(moto())
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let bucket = Self { server, address };
        let patience = Instant::now() + Duration::from_secs(60);
        while bucket.ask("PUT", "/shows").is_none_or(|answer| !answer.contains("200 OK")) {
            assert!(Instant::now() < patience, "moto does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        bucket
    }

    fn ask(&self, method: &str, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// Runs the program with its pictures in the bucket.
    fn run(&self, desk: &Desk, arguments: &[&str]) -> Said {
        let mut command = desk.command(&[arguments, &["--blobs", "s3://shows/tiny"]].concat());
        command
            .env("AWS_ENDPOINT", format!("http://{}", self.address))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "only-for-this-test");
        command.output().unwrap().into()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn moto() -> PathBuf {
    // Where xtask installs it, and otherwise wherever it is.
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-python/bin/moto_server");
    if ours.exists() { ours } else { PathBuf::from("moto_server") }
}

#[test]
fn a_show_is_produced_into_a_bucket_and_found_there_again() {
    let bucket = Bucket::start();
    let desk = Desk::tiny();
    let said = bucket.run(&desk, &["produce", "--quiet"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(desk.blobs().is_empty(), "nothing is kept as files");
    let film = std::fs::read(desk.film()).unwrap();
    let listing = bucket.ask("GET", "/shows?list-type=2&prefix=tiny/").unwrap();
    assert!(listing.contains(&format!("/{}<", blake3::hash(&film).to_hex())), "the film lies in the bucket under its digest");

    // Another desk would find everything: only what the store says is read, not the film that lies here.
    std::fs::remove_dir_all(desk.path("out")).unwrap();
    let said = bucket.run(&desk, &["produce", "--quiet"]);
    assert!(said.out.starts_with("Nothing to draw"), "{said:?}");
    assert_eq!(std::fs::read(desk.film()).unwrap(), film);
    let with_files = Desk::produced();
    assert_eq!(std::fs::read(with_files.film()).unwrap(), film, "the same bytes as with files");
}

#[test]
fn a_bucket_that_does_not_answer_is_named() {
    let desk = Desk::tiny();
    let mut command = desk.command(&["produce", "--quiet", "--blobs", "s3://shows/tiny"]);
    command.env("AWS_ENDPOINT", "http://127.0.0.1:9").env("AWS_ALLOW_HTTP", "true").env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "only-for-this-test");
    let said: Said = command.output().unwrap().into();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("s3://shows/tiny") && !said.err.contains("only-for-this-test"), "{said:?}");
}
