//! What a server refuses depends on the bytes that came, never on its weights.
//!
//! One bit of a message of the steps is flipped, at a server whose weights are all zero and at one
//! whose weights are as great as they can be. Both end the session with the same complaint, or
//! neither does. Messages of oblivious transfers are left out, because what their checks refuse
//! depends on fresh secrets. So are ciphertexts, whose coefficients end at no power of two.

use deepcardio::model::Model;
use deepcardio::testkit::{ModelSpec, random_model, random_segment};
use ecg::Segment;
use protocol::client::ClientSession;
use protocol::error::Result;
use protocol::method::{Backend, Reveal};
use protocol::server::{Service, serve};
use protocol::wire::Tag;
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use shares::Role;

use crate::leakage::extremes;
use crate::relay::{Act, Frame, Plot, relayed};
use crate::session::config;

/// What the client sends for the steps.
const TAGS: [Tag; 4] = [Tag::InputCorrections, Tag::MaskedInput, Tag::OutputCorrections, Tag::Opening];

/// The server's complaint without its numbers, and what passed.
async fn complaint(
    model: &Model,
    backend: Backend,
    segment: &Segment,
    plot: Option<Plot>,
) -> (Option<String>, Vec<Frame>) {
    let service = Service::new(model.clone(), Reveal::Scores).unwrap();
    let (client, server, transcript) = relayed(plot);
    let client = async {
        let mut session = ClientSession::connect(client, config(backend, None)).await?;
        let prepared = session.prepare().await?;
        session.infer(prepared, segment).await?;
        session.finish().await
    };
    let (_seen, served): (Result<_>, _) = tokio::join!(client, serve(server, &service));
    let said = served.err().map(|error| error.to_string().replace(|c: char| c.is_ascii_digit(), ""));
    let frames = transcript.lock().unwrap().clone();
    (said, frames)
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_does_not_depend_on_weights() {
    let mut rng = ChaCha20Rng::seed_from_u64(41);
    let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 1));
    let [zero, upper, _] = extremes(&model);
    let models = [zero, upper];
    let segment = random_segment(&mut rng, model.architecture());
    let (mut refused, mut accepted) = (0, 0);
    for &backend in Backend::ALL {
        let (nothing, frames) = complaint(&models[0], backend, &segment, None).await;
        assert_eq!(nothing, None);
        let sent = frames.iter().filter(|frame| frame.from == Role::Client).enumerate();
        for (frame, Frame { bytes, .. }) in
            sent.filter(|(_, f)| TAGS.iter().any(|tag| f.bytes[0] == *tag as u8))
        {
            // The last bit may be padding; another is payload, and one belongs to the length.
            for bit in [8 * bytes.len() - 1, rng.random_range(40..8 * bytes.len()), 12] {
                let plot = Some(Plot { from: Role::Client, frame, act: Act::Flip(bit) });
                let mut said = Vec::new();
                for model in &models {
                    said.push(complaint(model, backend, &segment, plot).await.0);
                }
                assert!(said.iter().all(|one| *one == said[0]), "{backend}, {frame}, {bit}: {said:?}");
                *if said[0].is_some() { &mut refused } else { &mut accepted } += 1;
            }
        }
    }
    assert!(refused > 0 && accepted > 0, "{refused} refused, {accepted} accepted");
}
