//! An emulated link: forwards TCP connections with a given bandwidth and delay in each direction,
//! without privileges.
//!
//! ```text
//! cargo run --release -p protocol --example link -- 127.0.0.1:7500 127.0.0.1:7464 10 15
//! ```
//! listens on the first address, forwards to the second at 10 Mbit/s and 15 ms each way. A client
//! that connects to the first address sees a server at the end of that link.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// What travels as one piece: a few packets.
const PIECE_BYTES: usize = 8 << 10;
/// Pieces that may wait at the entrance of the link, as in a router's queue.
const QUEUE: usize = 64;

/// One direction of the link.
#[derive(Clone, Copy)]
struct Link {
    bytes_per_second: f64,
    delay: Duration,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, to, megabits, milliseconds] = arguments.as_slice() else {
        return Err("usage: link LISTEN TO MBIT/S ONE-WAY-MS".into());
    };
    let link = Link {
        bytes_per_second: megabits.parse::<f64>()? * 1e6 / 8.0,
        delay: Duration::from_secs_f64(milliseconds.parse::<f64>()? / 1e3),
    };
    for near in TcpListener::bind(listen)?.incoming() {
        let (near, far) = (near?, TcpStream::connect(to)?);
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        direction(near.try_clone()?, far.try_clone()?, link);
        direction(far, near, link);
    }
    Ok(())
}

/// Carries bytes from `from` to `to` until one of them hangs up.
fn direction(mut from: TcpStream, to: TcpStream, link: Link) {
    let (entrance, exit) = sync_channel::<(Instant, Vec<u8>)>(QUEUE);
    thread::spawn(move || {
        let mut piece = [0; PIECE_BYTES];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            let bytes = piece.get(..length).unwrap_or_default().to_vec();
            if entrance.send((Instant::now(), bytes)).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || carry(&exit, to, link));
}

/// Serialises pieces at the link's rate and lets each out after the link's delay.
fn carry(entrance: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream, link: Link) {
    let mut free = Instant::now();
    let mut travelling: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    loop {
        // What has entered while the line was busy, or the next piece if nothing is under way.
        match travelling.front() {
            None => match entrance.recv() {
                Ok(piece) => travelling.push_back(schedule(piece, &mut free, link)),
                Err(_) => break,
            },
            Some(&(arrival, _)) => {
                let left = arrival.saturating_duration_since(Instant::now());
                // A line that is full of pieces lets no more in.
                if !left.is_zero()
                    && free.saturating_duration_since(Instant::now()) < link.delay + Duration::from_millis(5)
                {
                    if let Ok(piece) = entrance.recv_timeout(left) {
                        travelling.push_back(schedule(piece, &mut free, link));
                    }
                    continue;
                }
                thread::sleep(left);
                let Some((_, bytes)) = travelling.pop_front() else { break };
                if to.write_all(&bytes).is_err() {
                    return;
                }
            }
        }
    }
    for (arrival, bytes) in travelling {
        thread::sleep(arrival.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
    // The peer may be gone already.
    let _gone = to.shutdown(Shutdown::Write);
}

/// When a piece is out of the link: it waits for the line, takes its time on it, then travels.
fn schedule((entered, bytes): (Instant, Vec<u8>), free: &mut Instant, link: Link) -> (Instant, Vec<u8>) {
    let time_on_line = Duration::from_secs_f64(bytes.len() as f64 / link.bytes_per_second);
    *free = (*free).max(entered) + time_on_line;
    (*free + link.delay, bytes)
}
