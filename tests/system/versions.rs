//! A client of the version before is served: without key shares and checksums, otherwise alike.
//!
//! A translator stands between a client of this version and the server. To the server it speaks
//! version 3, so the session is one of that version from the server's end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use deepcardio::testkit::{ModelSpec, random_model, random_segment, with_random_levels};
use protocol::channel::Channel;
use protocol::client::ClientSession;
use protocol::method::{Backend, Reveal};
use protocol::server::{Parting, Service, serve, welcome};
use protocol::testkit::Intruder;
use protocol::wire::{HEADER_BYTES, Tag};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use shares::Role;
use tokio::io::{AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};

use crate::relay::read_frame;
use crate::session::{TIMEOUTS, config, expected, run_client};

type Ends = (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>);

/// Where versions stand in the frames of a greeting and of an acceptance.
const HELLO_VERSIONS: usize = HEADER_BYTES + 8;
const ACCEPT_VERSION: usize = HEADER_BYTES;

/// What the client says, for a server that is to think it old: no key share, no checksums.
async fn up((mut reader, mut writer): Ends, translator: Arc<Mutex<Intruder>>) {
    let mut greeting = read_frame(&mut reader, false).await.unwrap();
    translator.lock().unwrap().note(Role::Client, &greeting, &greeting).unwrap();
    assert_eq!(greeting[HELLO_VERSIONS..HELLO_VERSIONS + 4], [4, 0, 4, 0]);
    greeting[HELLO_VERSIONS..HELLO_VERSIONS + 4].copy_from_slice(&[3, 0, 3, 0]);
    writer.write_all(&greeting).await.unwrap();
    let share = read_frame(&mut reader, false).await.unwrap();
    translator.lock().unwrap().note(Role::Client, &share, &share).unwrap();
    while let Some(frame) = read_frame(&mut reader, true).await {
        writer.write_all(&frame).await.unwrap();
    }
    let _gone = writer.shutdown().await;
}

/// What the server says, for a client that speaks the newest version.
async fn down((mut reader, mut writer): Ends, translator: Arc<Mutex<Intruder>>) {
    let accept = read_frame(&mut reader, false).await.unwrap();
    assert_eq!(accept[ACCEPT_VERSION..ACCEPT_VERSION + 2], [3, 0]);
    let mut newer = accept.clone();
    newer[ACCEPT_VERSION] = 4;
    let nothing = [&[Tag::KeyShare as u8, 33, 0, 0, 0][..], &[0; 33]].concat();
    let share = {
        let mut translator = translator.lock().unwrap();
        translator.note(Role::Server, &accept, &newer).unwrap();
        let share = translator.translated(Role::Server, &nothing);
        translator.note(Role::Server, &nothing, &share).unwrap();
        share
    };
    writer.write_all(&[newer, share].concat()).await.unwrap();
    while let Some(frame) = read_frame(&mut reader, false).await {
        let checksum = translator.lock().unwrap().checksum(Role::Server, &frame).unwrap();
        writer.write_all(&[&frame[..], &checksum].concat()).await.unwrap();
    }
    let _gone = writer.shutdown().await;
}

/// A client, and a server that takes it for one of version 3.
fn translated() -> (Channel, Channel) {
    let ((client, near), (server, far)) = (duplex(1 << 16), duplex(1 << 16));
    let ((near_reader, near_writer), (far_reader, far_writer)) = (split(near), split(far));
    let translator = Arc::new(Mutex::new(Intruder::new().unwrap()));
    tokio::spawn(up((near_reader, far_writer), Arc::clone(&translator)));
    tokio::spawn(down((far_reader, near_writer), translator));
    (Channel::new(client, Role::Server, TIMEOUTS), Channel::new(server, Role::Client, TIMEOUTS))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_version_3_gets_its_results() {
    let mut rng = ChaCha20Rng::seed_from_u64(81);
    let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 1));
    let model = with_random_levels(&mut rng, &model);
    let segments = [random_segment(&mut rng, model.architecture())];
    for &backend in Backend::ALL {
        let service = Service::new(model.clone(), Reveal::Label).unwrap();
        let (client, server) = translated();
        let (seen, served) =
            tokio::join!(run_client(client, config(backend, None), &segments), serve(server, &service));
        assert!(seen.unwrap().outcomes == [expected(&model, &segments[0], Reveal::Label)]);
        assert_eq!(served.unwrap().given.inferences, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_version_3_hears_in_words_when_to_come_back() {
    let model = random_model(&mut ChaCha20Rng::seed_from_u64(82), &ModelSpec::small(2, 12, 3, 1));
    let service = Service::new(model, Reveal::Label).unwrap();
    let (client, server) = translated();
    let parting = Parting { after: Duration::from_secs(9), reason: "all 8 places are taken".into() };
    let sent_away =
        async { welcome(server, &service, Reveal::Label).await.unwrap().send_away(&parting).await };
    let asked = async {
        let mut session = ClientSession::connect(client, config(Backend::Gc, None)).await.unwrap();
        session.prepare().await.err().unwrap()
    };
    let (told, ()) = tokio::join!(asked, sent_away);
    assert_eq!(told.to_string(), "the server ended the session: all 8 places are taken; come back in 9 s");
}
