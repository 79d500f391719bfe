//! Talking to a server as the recordings were made, without the client that is tested with it.

use std::time::Duration;

use comfy_sim::Sim;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A recording by its file's name.
pub(crate) fn recording(name: &str) -> Value {
    let path = format!("{}/recordings/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// `[status, body]`, the body as JSON where it is.
async fn answer(response: reqwest::Response) -> Value {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    json!([status, body])
}

pub(crate) async fn get(sim: &Sim, path: &str) -> Value {
    answer(reqwest::get(format!("{}{path}", sim.url())).await.unwrap()).await
}

pub(crate) async fn post(sim: &Sim, path: &str, body: &Value) -> Value {
    post_text(sim, path, body.to_string()).await
}

pub(crate) async fn post_text(sim: &Sim, path: &str, body: String) -> Value {
    answer(reqwest::Client::new().post(format!("{}{path}", sim.url())).body(body).send().await.unwrap()).await
}

/// A socket.
pub(crate) struct Talk(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Talk {
    pub(crate) async fn connect(sim: &Sim, client: &str) -> Self {
        let (stream, _) = connect_async(format!("ws://{}/ws?clientId={client}", sim.address())).await.unwrap();
        Self(stream)
    }

    pub(crate) async fn say_features(&mut self) {
        let features = r#"{"type":"feature_flags","data":{"supports_preview_metadata":true}}"#;
        self.0.send(Message::text(features)).await.unwrap();
    }

    /// The next message as recorded; none when nothing comes for so long, or the connection has ended.
    pub(crate) async fn next(&mut self, patience: Duration) -> Option<Value> {
        loop {
            match timeout(patience, self.0.next()).await.ok()?? {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(Message::Binary(frame)) => return Some(binary(&frame)),
                Ok(Message::Close(frame)) => return Some(json!({"closed": frame.is_some()})),
                Ok(_) => {}
                Err(error) => return Some(json!({"broken": error.to_string()})),
            }
        }
    }

    /// Everything up to and with the end of a prompt.
    pub(crate) async fn until_end(&mut self) -> Vec<Value> {
        let mut heard = Vec::new();
        while let Some(message) = self.next(Duration::from_secs(10)).await {
            let end = message["type"] == "executing" && message["data"]["node"].is_null();
            heard.push(message);
            if end {
                return heard;
            }
        }
        panic!("no end came: {heard:#?}");
    }

    /// What comes until it is quiet.
    pub(crate) async fn until_quiet(&mut self) -> Vec<Value> {
        let mut heard = Vec::new();
        while let Some(message) = self.next(Duration::from_millis(200)).await {
            heard.push(message);
        }
        heard
    }

    pub(crate) async fn close(mut self) {
        self.0.close(None).await.unwrap();
        // The server's answer to the close.
        let _ = timeout(Duration::from_secs(1), self.0.next()).await;
    }
}

/// A binary frame as the recordings describe it.
fn binary(frame: &[u8]) -> Value {
    let number = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap());
    let magic = |at: usize| frame[at..at + 4].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    if number(0) == 4 {
        let end = 8 + number(4) as usize;
        let metadata: Value = serde_json::from_slice(&frame[8..end]).unwrap();
        json!({"binary_event": 4, "name": "PREVIEW_IMAGE_WITH_METADATA", "metadata": metadata, "image_magic": magic(end)})
    } else {
        json!({"binary_event": number(0), "name": "PREVIEW_IMAGE", "image_type": number(4), "image_magic": magic(8)})
    }
}
