//! Connections: accepted, served, and cut when a fault or a restart says so.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::house::House;
use crate::routes::router;
use crate::worker::work;

/// Cuts the connection that a request came over.
#[derive(Debug, Clone)]
pub(crate) struct Cut(pub(crate) CancellationToken);

/// Serves one life after the other, until it is stopped.
pub(crate) async fn listen(house: Arc<House>, mut listener: TcpListener, stop: CancellationToken) {
    let Ok(address) = listener.local_addr() else { return };
    let mut restart = house.restart.subscribe();
    loop {
        let worker = tokio::spawn(work(Arc::clone(&house), house.life()));
        let mut connections = JoinSet::new();
        let down = loop {
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        connections.spawn(serve(Arc::clone(&house), stream));
                    }
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                changed = restart.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    if let Some(down) = *restart.borrow_and_update() {
                        break down;
                    }
                }
                () = stop.cancelled() => return,
            }
        };
        tracing::info!(down_ms = down.as_millis(), "restart");
        drop(listener);
        connections.shutdown().await;
        worker.abort();
        tokio::time::sleep(down).await;
        if let Err(error) = house.reborn() {
            tracing::error!(%error, "the server does not come again");
            return;
        }
        listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(error) => tracing::debug!(%error, "the port is not free yet"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
    }
}

async fn serve(house: Arc<House>, stream: TcpStream) {
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    let cut = CancellationToken::new();
    let service = router(house).layer(Extension(Cut(cut.clone())));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).with_upgrades();
    tokio::select! {
        served = connection => {
            if let Err(error) = served {
                tracing::debug!(%error, "connection ended");
            }
        }
        () = cut.cancelled() => {}
    }
}
