//! A stream under TLS.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::rustls::{AlertDescription, CommonState, Error};

use crate::tls::certificates::Certificates;
use crate::tls::words;

/// The alert by which a server turned a client away.
///
/// With TLS 1.3 a client has finished its handshake before the server looks at its certificate. So
/// the refusal comes later, to whoever reads the stream first.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusal(Arc<Mutex<Option<AlertDescription>>>);

impl Refusal {
    pub(super) fn set(&self, alert: Option<AlertDescription>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = alert;
    }

    pub(super) fn get(&self) -> Option<AlertDescription> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connected stream under TLS.
#[derive(Debug)]
pub struct TlsStream {
    inner: tokio_rustls::TlsStream<TcpStream>,
    refusal: Refusal,
}

impl TlsStream {
    pub(super) fn new(inner: tokio_rustls::TlsStream<TcpStream>, refusal: Refusal) -> Self {
        Self { inner, refusal }
    }

    /// The certificates that the peer showed, which the handshake verified.
    #[must_use]
    pub fn peer_certificates(&self) -> Option<Certificates> {
        let state: &CommonState = self.inner.get_ref().1;
        Some(Certificates(state.peer_certificates()?.to_vec()))
    }

    /// Notes a refusal.
    fn note(&self, error: &io::Error) {
        if let Some(Error::AlertReceived(alert)) = words::of(error) {
            self.refusal.set(Some(*alert));
        }
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match ready!(Pin::new(&mut this.inner).poll_read(context, buffer)) {
            // The peer hung up without saying that it ends. The protocol knows the length of
            // everything that is due, so nothing is taken for complete because the stream ended.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            Err(error) => {
                this.note(&error);
                Poll::Ready(Err(error))
            }
            read => Poll::Ready(read),
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}
