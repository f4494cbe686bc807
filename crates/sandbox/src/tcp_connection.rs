//! TCP connections that can be reset at any time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Resets the connection it was created with.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectionKiller(Arc<AtomicBool>);

impl ConnectionKiller {
    /// Stops all reads and writes. The client sees a connection reset.
    pub(crate) fn kill(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_killed(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A TCP connection that a [`ConnectionKiller`] can reset.
#[derive(Debug)]
pub(crate) struct TcpConnection {
    stream: TcpStream,
    killer: ConnectionKiller,
}

impl TcpConnection {
    pub(crate) fn new(stream: TcpStream) -> (Self, ConnectionKiller) {
        let killer = ConnectionKiller::default();
        let connection = Self {
            stream,
            killer: killer.clone(),
        };
        (connection, killer)
    }

    fn check(&self) -> io::Result<()> {
        if self.killer.is_killed() {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl Drop for TcpConnection {
    fn drop(&mut self) {
        if self.killer.is_killed() {
            // With a linger time of zero, closing sends RST instead of FIN. If that fails, the response is still cut
            // short.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for TcpConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for TcpConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
