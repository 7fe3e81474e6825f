//! Someone in the middle: passes frames on, records them, and can change, repeat or cut them.

use std::sync::{Arc, Mutex};

use protocol::channel::Channel;
use shares::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};

use crate::session::TIMEOUTS;

/// A frame as it passed: who sent it, and its bytes, header included.
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
    let (near_reader, near_writer) = split(near);
    let (far_reader, far_writer) = split(far);
    for (from, reader, writer) in
        [(Role::Client, near_reader, far_writer), (Role::Server, far_reader, near_writer)]
    {
        let plot = plot.filter(|plot| plot.from == from);
        tokio::spawn(pass(from, reader, writer, plot, Arc::clone(&transcript)));
    }
    (Channel::new(client, Role::Server, TIMEOUTS), Channel::new(server, Role::Client, TIMEOUTS), transcript)
}

async fn pass(
    from: Role,
    mut reader: ReadHalf<DuplexStream>,
    mut writer: WriteHalf<DuplexStream>,
    plot: Option<Plot>,
    transcript: Transcript,
) {
    for number in 0.. {
        let Some(bytes) = read_frame(&mut reader).await else { break };
        transcript.lock().unwrap().push(Frame { from, bytes: bytes.clone() });
        let act = plot.filter(|plot| plot.frame == number).map(|plot| plot.act);
        let passed = apply(act, bytes);
        if writer.write_all(&passed).await.is_err() || matches!(act, Some(Act::Cut(_))) {
            break;
        }
    }
    // Hanging up on both: the reader is dropped with this task.
    let _gone = writer.shutdown().await;
}

fn apply(act: Option<Act>, mut bytes: Vec<u8>) -> Vec<u8> {
    match act {
        None => bytes,
        Some(Act::Flip(bit)) => {
            let bit = bit % (8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        }
        Some(Act::Payload(payload)) => {
            bytes[5..].copy_from_slice(&payload);
            bytes
        }
        Some(Act::Repeat) => [bytes.as_slice(), &bytes].concat(),
        Some(Act::Cut(keep)) => {
            bytes.truncate(keep % bytes.len());
            bytes
        }
    }
}

async fn read_frame(reader: &mut ReadHalf<DuplexStream>) -> Option<Vec<u8>> {
    let mut frame = vec![0; 5];
    reader.read_exact(&mut frame).await.ok()?;
    let length = u32::from_le_bytes(frame[1..5].try_into().unwrap()) as usize;
    frame.resize(5 + length, 0);
    reader.read_exact(&mut frame[5..]).await.ok()?;
    Some(frame)
}
