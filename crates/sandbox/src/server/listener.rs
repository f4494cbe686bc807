//! The listening socket of a sandbox.

use std::future::{pending, poll_fn};
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use tokio::net::{TcpListener, TcpStream};

/// A listener on 127.0.0.1 whose port is free as soon as it is closed.
///
/// Aborting the accept task is not sufficient: the runtime drops the task later, and a sandbox started immediately
/// afterwards would find the port in use.
#[derive(Debug)]
pub(crate) struct Listener {
    tcp_listener: Mutex<Option<TcpListener>>,
    port: u16,
}

impl Listener {
    /// Listens on this port; 0 picks a free port.
    pub(crate) async fn bind(port: u16) -> io::Result<Self> {
        let tcp_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = tcp_listener.local_addr()?.port();
        let tcp_listener = Mutex::new(Some(tcp_listener));
        Ok(Self { tcp_listener, port })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the next connection. Pending forever once the listener is closed.
    pub(crate) async fn accept(&self) -> io::Result<TcpStream> {
        let accepted = poll_fn(|context| match &*self.tcp_listener() {
            Some(tcp_listener) => tcp_listener.poll_accept(context).map(Some),
            None => Poll::Ready(None),
        });
        match accepted.await {
            Some(accepted) => accepted.map(|(stream, _)| stream),
            None => pending().await,
        }
    }

    pub(crate) fn close(&self) {
        drop(self.tcp_listener().take());
    }

    fn tcp_listener(&self) -> std::sync::MutexGuard<'_, Option<TcpListener>> {
        self.tcp_listener
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
