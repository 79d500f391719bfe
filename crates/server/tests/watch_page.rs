//! The watch page in a real browser, driven as a person would see it (W3C WebDriver, chromedriver).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use studio::progress::Progress;
use studio::{ProduceOptions, Show, Studio};
use tokio_util::sync::CancellationToken;

/// How long the browser may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser without a window.
struct Browser {
    driver: Child,
    address: String,
    session: String,
}

impl Browser {
    fn open() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is not installed: on Debian, apt-get install chromium-driver (or: cargo xtask test)");
        let mut browser = Self { driver, address: format!("127.0.0.1:{port}"), session: String::new() };
        let start = Instant::now();
        while TcpStream::connect(&browser.address).is_err() {
            assert!(start.elapsed() < PATIENCE, "chromedriver does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        let options = json!({ "args": ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"] });
        let wanted = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let session = browser.ask("POST", "/session", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    /// One call; its value.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let head = format!(
            "{method} {}{path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.session,
            self.address,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        // The driver keeps the connection open, so the answer's length says where it ends.
        let mut reader = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).unwrap() > 0, "{path}: the answer ends in {head}");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let answer = String::from_utf8(body).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["value"].take()
    }

    fn run(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a script gives true.
    fn until(&self, script: &str) {
        let start = Instant::now();
        while self.run(script) != json!(true) {
            assert!(start.elapsed() < PATIENCE, "{script} never came true; the page is\n{}", self.run("return document.body.outerHTML"));
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            self.ask("DELETE", "", &Value::Null);
        }
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_produced_episode_plays_on_the_page_without_a_complaint() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let studio = Studio::open(
        &format!("sqlite:{}", place("studio.db").display()).parse().unwrap(),
        &format!("file:{}", place("blobs").display()).parse().unwrap(),
    )
    .await
    .unwrap();
    let show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
    let options = ProduceOptions { data: place("data"), out: place("out"), jobs: 2 };
    studio.produce(&show, &options, &Progress::default(), &CancellationToken::new()).await.unwrap();
    let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let cancel = CancellationToken::new();
    let served =
        tokio::spawn(server::serve(listener, studio, bible::version::Author::named("Tester"), std::env::temp_dir(), cancel.clone()));

    tokio::task::spawn_blocking(move || {
        let browser = Browser::open();
        browser.ask("POST", "/url", &json!({ "url": format!("http://{address}/") }));
        // The film is there and its first frame can be shown.
        browser.until("const film = document.querySelector('video'); return !!film && film.readyState >= 2");
        let length = browser.run("return document.querySelector('video').duration").as_f64().unwrap();
        assert!((length - 76.0 / 24.0).abs() < 0.1, "{length} s of film");
        // It plays: time passes.
        browser.run("const film = document.querySelector('video'); film.muted = true; film.play()");
        browser.until("return document.querySelector('video').currentTime > 0.3");
        let text = browser.run("return document.body.innerText");
        let text = text.as_str().unwrap();
        assert!(text.contains("Tiny") && text.contains("Ready?"), "{text}");
        // Every picture of the page was loaded.
        browser.until("return [...document.images].length > 0 && [...document.images].every(image => image.loading === 'lazy' || image.naturalWidth > 0)");
        let log = browser.ask("POST", "/se/log", &json!({ "type": "browser" }));
        let complaints: Vec<&Value> = log.as_array().unwrap().iter().filter(|entry| entry["level"] == "SEVERE").collect();
        assert_eq!(complaints, Vec::<&Value>::new());
    })
    .await
    .unwrap();
    cancel.cancel();
    served.await.unwrap().unwrap();
}
