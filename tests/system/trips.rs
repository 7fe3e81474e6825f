//! The trips that the books tell are those that a clock counts, on a line that takes time and
//! nothing else does.

use std::time::Duration;

use deepcardio::testkit::{ModelSpec, random_model, random_segment};
use protocol::channel::Channel;
use protocol::client::ClientConfig;
use protocol::method::{Backend, Comparison, Reveal};
use protocol::server::{Service, serve};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use shares::Role;
use tokio::time::Instant;
use transport::memory::{Line, pair};

use crate::session::{TIMEOUTS, config, run_client};

/// Of one trip.
const LATENCY: Duration = Duration::from_millis(10);

/// Time stands still while anybody computes, so a session takes the time of its trips. The parties
/// of an exchange need not speak at the same moment: whoever is ahead finds the other's message
/// there, so a step may take one trip less than is booked.
#[tokio::test(start_paused = true)]
async fn a_session_takes_the_time_of_the_trips_in_its_books() {
    let mut rng = ChaCha20Rng::seed_from_u64(15);
    let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 2));
    let segments = [random_segment(&mut rng, model.architecture())];
    let service = Service::new(model, Reveal::Scores).unwrap();
    let ways =
        [(Backend::Gc, None), (Backend::Ot, Some(Comparison::Tree)), (Backend::Ot, Some(Comparison::Ripple))];
    for (backend, comparison) in ways {
        let line = Line::INSTANT.with_latency(LATENCY).with_room(1 << 28);
        let (client, server) = pair(line, line);
        let client = Channel::new(client.stream, Role::Server, TIMEOUTS);
        let server = Channel::new(server.stream, Role::Client, TIMEOUTS);
        let start = Instant::now();
        let client = async {
            let seen =
                run_client(client, ClientConfig { comparison, ..config(backend, None) }, &segments).await;
            (seen.unwrap(), start.elapsed())
        };
        let ((seen, elapsed), served) = tokio::join!(client, serve(server, &service));
        served.unwrap();
        let trips = seen.ledger.total(|_| true).one_way_trips;
        let counted = elapsed.as_millis() as u64 / LATENCY.as_millis() as u64;
        assert!(
            counted <= trips && 4 * counted >= 3 * trips,
            "{backend} {comparison:?}: {counted} of {trips}"
        );
    }
}
