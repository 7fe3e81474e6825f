//! A party alone: the bytes that its peer once sent come back to it from memory, and what it sends
//! is dropped.
//!
//! The peer was recorded in another session, with other keys, so the results mean nothing. But
//! nobody notices: messages are as long and as well-formed as ever, and no step of either party
//! depends on what they say.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the two parties of a session sent, seen from the client's end.
#[derive(Clone, Default)]
pub struct Transcript {
    sent: Arc<Mutex<Vec<u8>>>,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Transcript {
    /// The recorded server, for a client.
    #[must_use]
    pub fn server(&self) -> Replay {
        Replay { bytes: Arc::clone(&self.received), position: 0 }
    }

    /// The recorded client, for a server.
    #[must_use]
    pub fn client(&self) -> Replay {
        Replay { bytes: Arc::clone(&self.sent), position: 0 }
    }

    /// A peer that sends nothing but `bytes`.
    #[must_use]
    pub fn of_server(bytes: Vec<u8>) -> Self {
        Self { received: Arc::new(Mutex::new(bytes)), ..Self::default() }
    }
}

/// Passes everything on to `stream` and writes it down.
pub struct Recorder<S> {
    stream: S,
    transcript: Transcript,
}

impl<S> Recorder<S> {
    /// Records what passes through `stream`, the client's end of a connection.
    pub fn new(stream: S, transcript: Transcript) -> Self {
        Self { stream, transcript }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorder<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        append(&self.transcript.received, buffer.filled().get(before..).unwrap_or_default());
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorder<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(written)) = result {
            append(&self.transcript.sent, bytes.get(..written).unwrap_or_default());
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

fn append(record: &Mutex<Vec<u8>>, bytes: &[u8]) {
    record.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
}

/// A peer from memory.
pub struct Replay {
    bytes: Arc<Mutex<Vec<u8>>>,
    position: usize,
}

impl AsyncRead for Replay {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = Arc::clone(&self.bytes);
        let bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = bytes.get(self.position..).unwrap_or_default();
        let piece = rest.get(..buffer.remaining().min(rest.len())).unwrap_or_default();
        buffer.put_slice(piece);
        self.position += piece.len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Replay {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn what_was_recorded_comes_back() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (near, mut far) = tokio::io::duplex(64);
            let transcript = Transcript::default();
            let mut client = Recorder::new(near, transcript.clone());
            client.write_all(b"question").await.unwrap();
            far.write_all(b"answer").await.unwrap();
            client.read_exact(&mut [0; 6]).await.unwrap();
            let (mut question, mut answer) = (Vec::new(), Vec::new());
            transcript.client().read_to_end(&mut question).await.unwrap();
            transcript.server().read_to_end(&mut answer).await.unwrap();
            assert_eq!((question.as_slice(), answer.as_slice()), (&b"question"[..], &b"answer"[..]));
        });
    }
}
