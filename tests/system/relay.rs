//! Someone in the middle: passes frames on, records them, and can change, repeat or cut them.
//!
//! The relay is an intruder that knows the keys of all checksums, so its changes look to their
//! receiver as if the peer itself deviated. What somebody without keys can do is tested in `flips`.

use std::sync::{Arc, Mutex};

use protocol::channel::Channel;
use protocol::testkit::Intruder;
use protocol::wire::{CHECKSUM_BYTES, Tag};
use shares::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};

use crate::session::TIMEOUTS;

/// A frame as it was sent: who sent it, and its bytes with the header and without the checksum.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) from: Role,
    pub(crate) bytes: Vec<u8>,
}

/// What is done to one frame of a direction (counted from 0).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Flip this bit, counted over the whole frame and taken modulo its length.
    Flip(usize),
    /// Send it twice.
    Repeat,
    /// Send this in the place of its payload, which is as long.
    Payload([u8; 5]),
    /// Pass on this many bytes of it, taken modulo its length, then hang up.
    Cut(usize),
}

/// Where the act happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plot {
    pub(crate) from: Role,
    pub(crate) frame: usize,
    pub(crate) act: Act,
}

pub(crate) type Transcript = Arc<Mutex<Vec<Frame>>>;

/// Client and server channels with a relay between them.
pub(crate) fn relayed(plot: Option<Plot>) -> (Channel, Channel, Transcript) {
    let (client, near) = duplex(1 << 16);
    let (server, far) = duplex(1 << 16);
    let transcript = Transcript::default();
    let intruder = Arc::new(Mutex::new(Intruder::new().unwrap()));
    let (near_reader, near_writer) = split(near);
    let (far_reader, far_writer) = split(far);
    for (from, reader, writer) in
        [(Role::Client, near_reader, far_writer), (Role::Server, far_reader, near_writer)]
    {
        let plot = plot.filter(|plot| plot.from == from);
        tokio::spawn(pass(from, (reader, writer), plot, Arc::clone(&intruder), Arc::clone(&transcript)));
    }
    (Channel::new(client, Role::Server, TIMEOUTS), Channel::new(server, Role::Client, TIMEOUTS), transcript)
}

async fn pass(
    from: Role,
    (mut reader, mut writer): (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>),
    plot: Option<Plot>,
    intruder: Arc<Mutex<Intruder>>,
    transcript: Transcript,
) {
    let mut protected = false;
    for number in 0.. {
        let Some(sent) = read_frame(&mut reader, protected).await else { break };
        transcript.lock().unwrap().push(Frame { from, bytes: sent.clone() });
        let act = plot.filter(|plot| plot.frame == number).map(|plot| plot.act);
        let is_share = sent[0] == Tag::KeyShare as u8;
        let passed = {
            let mut intruder = intruder.lock().unwrap();
            let frames = apply(act, intruder.translated(from, &sent));
            if !protected {
                // What cannot be read on the way gets no keys; its receiver refuses it.
                let _no_keys = intruder.note(from, &sent, &frames[0]);
            }
            let mut seal = |frame: Vec<u8>| {
                let whole = protected && !matches!(act, Some(Act::Cut(_)));
                let checksum = whole.then(|| intruder.checksum(from, &frame)).flatten();
                [frame, checksum.map_or(Vec::new(), Vec::from)].concat()
            };
            frames.into_iter().flat_map(&mut seal).collect::<Vec<u8>>()
        };
        protected |= is_share;
        if writer.write_all(&passed).await.is_err() || matches!(act, Some(Act::Cut(_))) {
            break;
        }
    }
    // Hanging up on both: the reader is dropped with this task.
    let _gone = writer.shutdown().await;
}

/// The frames to send in the place of one.
fn apply(act: Option<Act>, mut bytes: Vec<u8>) -> Vec<Vec<u8>> {
    match act {
        None => {}
        Some(Act::Flip(bit)) => {
            let bit = bit % (8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        Some(Act::Payload(payload)) => bytes[5..].copy_from_slice(&payload),
        Some(Act::Repeat) => return vec![bytes.clone(), bytes],
        Some(Act::Cut(keep)) => bytes.truncate(keep % bytes.len()),
    }
    vec![bytes]
}

/// The next frame, without its checksum if it is protected by one.
pub(crate) async fn read_frame(reader: &mut ReadHalf<DuplexStream>, protected: bool) -> Option<Vec<u8>> {
    let mut frame = vec![0; 5];
    reader.read_exact(&mut frame).await.ok()?;
    let length = u32::from_le_bytes(frame[1..5].try_into().unwrap()) as usize;
    frame.resize(5 + length, 0);
    reader.read_exact(&mut frame[5..]).await.ok()?;
    if protected {
        reader.read_exact(&mut [0; CHECKSUM_BYTES]).await.ok()?;
    }
    Some(frame)
}
