//! What a peer's bytes meet first: the reader of frames, and the control messages.

use std::io::Cursor;

use protocol::error::Error;
use protocol::testkit::{Control, Wait, receive, reencoded, sealed};
use protocol::wire::{Length, Tag};
use shares::Role;
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().unwrap();
}

/// Longest payload that is due.
const LONGEST: usize = 300;

/// The reader of frames. The first byte chooses what is due; the rest is what the peer sends before
/// it hangs up. Of the second byte
///
/// | bit | says |
/// |---|---|
/// | 0 | that the lane ahead is open |
/// | 1 | that frames have checksums |
/// | 2 | that the target makes them, so that what stands behind them is reached |
pub fn frame(bytes: &[u8]) {
    let Some((&[first, options], sent)) = bytes.split_first_chunk() else { return };
    let tag = Tag::ALL[usize::from(first % 64) % Tag::ALL.len()];
    let length = match first / 64 {
        0 => Length::Exactly(0),
        1 => Length::Exactly(7),
        2 => Length::Exactly(LONGEST),
        _ => Length::AtMost(LONGEST),
    };
    let [ahead, protected, right] = [1, 2, 4].map(|bit| options & bit != 0);
    let sent = if right { sealed(sent) } else { sent.to_vec() };
    let stream = tokio::io::join(Cursor::new(sent), tokio::io::sink());
    let receive = receive(stream, Role::Client, Wait { ahead, protected, tag, length });
    for received in RUNTIME.with(|runtime| runtime.block_on(receive)) {
        match received {
            Ok(payload) => assert!(payload.len() <= LONGEST, "no more than what is due"),
            Err(Error::Internal(error) | Error::Config(error)) => {
                panic!("the peer's fault is taken for ours: {error}");
            }
            Err(_) => {}
        }
    }
}

/// The client's greeting.
pub fn hello(bytes: &[u8]) {
    control(Control::Hello, bytes);
}

/// The server's answer.
pub fn accept(bytes: &[u8]) {
    control(Control::Accept, bytes);
}

/// Either side's half of the key agreement, and the agreement.
pub fn key_share(bytes: &[u8]) {
    control(Control::KeyShare, bytes);
}

/// Either side's last word.
pub fn abort(bytes: &[u8]) {
    control(Control::Abort, bytes);
}

/// The server's last word to a client that may come back.
pub fn later(bytes: &[u8]) {
    control(Control::Later, bytes);
}

/// What a client asks for.
pub fn request(bytes: &[u8]) {
    control(Control::Request, bytes);
}

fn control(control: Control, bytes: &[u8]) {
    if let Ok(again) = reencoded(control, bytes) {
        assert_eq!(again, bytes, "a message has one encoding");
    }
}
