//! Tests of the channel: frames of one lane, both lanes at once, hostile peers, checksums.

mod checksums;
mod frames;
mod hostile;
mod overlap;

use std::time::Duration;

use shares::Role;
use tokio::io::{AsyncRead, AsyncWrite};
use transport::memory::{Line, MemoryStream, pair};

use crate::channel::{Channel, Timeouts};
use crate::meter::Scope;
use crate::transcript::{Chain, Chains};

const SCOPE: Scope = Scope::SETUP;
const PATIENCE: Duration = Duration::from_secs(5);

fn channel<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(stream: S, peer: Role) -> Channel {
    Channel::new(stream, peer, Timeouts { progress: PATIENCE, idle: 4 * PATIENCE })
}

/// The main lanes of a client and a server.
fn channels(line: Line) -> (Channel, Channel) {
    let (client, server) = pair(line, line);
    (channel(client.stream, Role::Server), channel(server.stream, Role::Client))
}

/// A server, and a bare stream in the place of its client.
fn server_and_stream() -> (Channel, MemoryStream) {
    let (client, server) = pair(Line::INSTANT.with_room(4 << 20), Line::INSTANT);
    (channel(server.stream, Role::Client), client.stream)
}

/// The chain of what `sender` sends.
fn chain(sender: Role) -> Chain {
    Chain::new(&[sender as u8 + 1; 32])
}

/// From here on the frames of both parties have checksums.
fn protect(client: &mut Channel, server: &mut Channel) {
    for (channel, own) in [(client, Role::Client), (server, Role::Server)] {
        channel.protect(Chains { sending: chain(own), receiving: chain(own.peer()) });
    }
}
