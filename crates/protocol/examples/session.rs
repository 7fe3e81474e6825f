//! One private classification, both parties in this process: from the greeting to the scores.
//!
//! ```text
//! cargo run --release -p protocol --example session
//! ```

use std::error::Error;

use deepcardio::reference;
use deepcardio::testkit::{ModelSpec, random_model, random_segment};
use protocol::channel::{Channel, Timeouts};
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::method::{Backend, Reveal};
use protocol::server::{Service, serve};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use shares::Role;
use transport::memory::{Line, pair};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A small network with random weights, and a random ECG: two windows of 12 samples.
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 1));
    let segment = random_segment(&mut rng, model.architecture());

    // The server makes its model ready once. Here it serves one session at the other end of a pipe.
    let service = Service::new(model.clone(), Reveal::Scores)?;
    let (near, far) = pair(Line::INSTANT, Line::INSTANT);
    let (to_server, to_client) = (
        Channel::new(near.stream, Role::Server, Timeouts::default()),
        Channel::new(far.stream, Role::Client, Timeouts::default()),
    );
    let server = serve(to_client, &service);

    let client = async {
        // Greet, check what the server offers, exchange keys.
        let config = ClientConfig::new(Backend::Ot);
        let mut session = ClientSession::connect(to_server, config).await?;

        // Offline: nothing here needs the ECG. Online: the ECG uses up what was prepared.
        let prepared = session.prepare().await?;
        let outcome = session.infer(prepared, &segment).await?;

        session.finish().await?;
        Ok::<_, protocol::error::Error>(outcome)
    };
    let (outcome, summary) = tokio::join!(client, server);
    let (outcome, summary) = (outcome?, summary?);

    let Outcome::Scores(scores) = outcome else { return Err("the server revealed a label alone".into()) };
    let bytes = summary.ledger.total(|_| true);
    println!("classes {:?}, scores {scores:?}", model.architecture().classes());
    println!("the server sent {} bytes and received {}", bytes.sent, bytes.received);

    // Bit for bit what the network says in the clear.
    assert_eq!(scores, reference::scores(&model, &segment)?);
    Ok(())
}

#[test]
fn runs() -> Result<(), Box<dyn Error>> {
    main()
}
