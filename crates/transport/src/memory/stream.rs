//! The two ends of a pair.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep_until};

use crate::connection::{Connection, PeerAddress};
use crate::memory::direction::{Direction, Found};
use crate::memory::line::Line;

/// One end of a pair.
pub struct MemoryStream {
    incoming: Arc<Mutex<Direction>>,
    outgoing: Arc<Mutex<Direction>>,
    /// Until the next bytes arrive.
    arrival: Option<Pin<Box<Sleep>>>,
}

/// Two connected streams. What the first writes travels on the line `there`, what the second writes
/// on `back`.
#[must_use]
pub fn pair(there: Line, back: Line) -> (Connection<MemoryStream>, Connection<MemoryStream>) {
    let [there, back] = [there, back].map(|line| Arc::new(Mutex::new(Direction::new(line))));
    let end = |incoming: &Arc<_>, outgoing: &Arc<_>| {
        let (incoming, outgoing) = (Arc::clone(incoming), Arc::clone(outgoing));
        Connection::unproven(MemoryStream { incoming, outgoing, arrival: None }, PeerAddress::Memory)
    };
    (end(&back, &there), end(&there, &back))
}

impl MemoryStream {
    /// Breaks the connection off: both ends fail, and what is under way is lost.
    pub fn reset(self) {
        lock(&self.incoming).reset();
        lock(&self.outgoing).reset();
    }
}

fn lock(direction: &Mutex<Direction>) -> MutexGuard<'_, Direction> {
    direction.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncRead for MemoryStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let found = lock(&self.incoming).read(context, buffer)?;
            match found {
                Found::Done => return Poll::Ready(Ok(())),
                Found::Nothing => return Poll::Pending,
                Found::NotBefore(time) => {
                    let arrival = self.arrival.get_or_insert_with(|| Box::pin(sleep_until(time)));
                    if arrival.deadline() != time {
                        arrival.as_mut().reset(time);
                    }
                    ready!(arrival.as_mut().poll(context));
                }
            }
        }
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        lock(&self.outgoing).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.outgoing).close();
        Poll::Ready(Ok(()))
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        lock(&self.outgoing).close();
        lock(&self.incoming).deafen();
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    use super::*;

    const LATENCY: Duration = Duration::from_millis(15);

    fn streams(there: Line, back: Line) -> (MemoryStream, MemoryStream) {
        let (a, b) = pair(there, back);
        (a.stream, b.stream)
    }

    #[tokio::test(start_paused = true)]
    async fn every_trip_takes_the_latency() {
        let line = Line::INSTANT.with_latency(LATENCY);
        let (mut a, mut b) = streams(line, line.with_latency(2 * LATENCY));
        let start = Instant::now();
        let echo = async {
            for _ in 0..10 {
                let byte = b.read_u8().await.unwrap();
                b.write_u8(byte + 1).await.unwrap();
            }
        };
        let ask = async {
            for byte in 0..10 {
                a.write_u8(byte).await.unwrap();
                assert_eq!(a.read_u8().await.unwrap(), byte + 1);
            }
        };
        tokio::join!(echo, ask);
        assert_eq!(start.elapsed(), 30 * LATENCY);
    }

    #[tokio::test(start_paused = true)]
    async fn bandwidth_adds_the_time_on_the_line() {
        // A byte a microsecond, and room for all.
        let line = Line::INSTANT.with_latency(LATENCY).with_bandwidth(1_000_000).with_room(1 << 20);
        let (mut a, mut b) = streams(line, Line::INSTANT);
        let start = Instant::now();
        a.write_all(&[7; 500_000]).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        let mut heard = vec![0; 500_000];
        b.read_exact(&mut heard[..1]).await.unwrap();
        assert!(
            start.elapsed() <= LATENCY + Duration::from_millis(5),
            "the first bytes do not wait for the last"
        );
        b.read_exact(&mut heard[1..]).await.unwrap();
        assert_eq!(heard, [7; 500_000]);
        assert_eq!(start.elapsed(), LATENCY + Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_writer_waits_for_room() {
        let (mut a, mut b) = streams(Line::INSTANT.with_room(10), Line::INSTANT);
        a.write_all(&[1; 10]).await.unwrap();
        let full = tokio::time::timeout(LATENCY, a.write_u8(2)).await;
        assert!(full.is_err());
        let mut heard = [0; 35];
        let (written, read) = tokio::join!(a.write_all(&[2; 25]), b.read_exact(&mut heard));
        assert_eq!((written.unwrap(), read.unwrap()), ((), 35));
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_comes_after_the_bytes_and_a_reset_before() {
        let line = Line::INSTANT.with_latency(LATENCY);
        let (mut a, mut b) = streams(line, line);
        let start = Instant::now();
        a.write_all(b"last words").await.unwrap();
        drop(a);
        let mut heard = Vec::new();
        b.read_to_end(&mut heard).await.unwrap();
        assert_eq!((heard.as_slice(), start.elapsed()), (&b"last words"[..], LATENCY));
        assert_eq!(b.write_u8(1).await.unwrap_err().kind(), ErrorKind::BrokenPipe);

        let (mut a, mut b) = streams(line, line);
        a.write_all(b"lost").await.unwrap();
        a.reset();
        assert_eq!(b.read_u8().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(b.write_u8(1).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
}
