//! `/ws`.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::Response;
use futures::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Shared;
use crate::house::Life;
use crate::schedule::{Fault, Point};
use crate::sockets::Outgoing;

#[derive(Deserialize)]
pub(super) struct Connect {
    #[serde(rename = "clientId")]
    client: Option<String>,
}

pub(super) async fn connect(State(house): Shared, Query(connect): Query<Connect>, upgrade: WebSocketUpgrade) -> Response {
    let life = house.life();
    let mute = house.faults_at(Point::Socket).contains(&Fault::Mute);
    let client = connect.client.filter(|client| !client.is_empty()).unwrap_or_else(|| Uuid::now_v7().simple().to_string());
    upgrade.on_upgrade(move |socket| async move {
        if mute {
            // Open, and deaf and dumb, until the life is over.
            life.over.cancelled().await;
            drop(socket);
        } else {
            talk(&life, socket, &client).await;
        }
    })
}

async fn talk(life: &Life, socket: WebSocket, client: &str) {
    let cut = CancellationToken::new();
    let (sink, mut stream) = socket.split();
    life.sockets.add(client, sink, cut.clone());
    let status = json!({"status": {"exec_info": {"queue_remaining": life.queue.remaining()}}, "sid": client});
    life.sockets.deliver(Some(client), &Outgoing::Text(json!({"type": "status", "data": status}))).await;
    if let Some(node) = life.running_for(client) {
        // After a reconnect: without the prompt's id.
        life.sockets.deliver(Some(client), &Outgoing::Text(json!({"type": "executing", "data": {"node": node}}))).await;
    }
    let mut first = true;
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            () = cut.cancelled() => break,
            () = life.over.cancelled() => break,
        };
        match message {
            Some(Ok(Message::Text(text))) => {
                // Only the first text is looked at.
                if first {
                    features(life, client, &text).await;
                }
                first = false;
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            Some(Ok(_)) => {}
        }
    }
    if !cut.is_cancelled() {
        // Whoever has this id by now.
        life.sockets.remove(client);
    }
}

async fn features(life: &Life, client: &str, text: &str) {
    let Ok(frame) = serde_json::from_str::<Value>(text) else { return };
    if frame["type"] != "feature_flags" {
        return;
    }
    if frame["data"]["supports_preview_metadata"] == true {
        life.sockets.understands_metadata(client);
    }
    let data = json!({"supports_preview_metadata": true, "supports_model_type_tags": true, "max_upload_size": 104_857_600,
        "extension": {"manager": {"supports_v4": true}}, "node_replacements": true, "assets": false});
    life.sockets.deliver(Some(client), &Outgoing::Text(json!({"type": "feature_flags", "data": data}))).await;
}
