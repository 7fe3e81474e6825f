//! A homomorphic layer, each party against a peer of the fuzzer's bytes.

use std::sync::LazyLock;

use he_linear::{Conv1dShape, InputHolder, LinearPlan, PUBLIC_KEY_BYTES, PublicKey, WeightHolder};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::peer::Peer;

/// Both parties of a layer, made once.
struct Layer {
    plan: LinearPlan,
    client: InputHolder,
    server: WeightHolder,
}

static LAYER: LazyLock<Layer> = LazyLock::new(|| {
    let shape = Conv1dShape { batch: 2, in_channels: 2, out_channels: 2, length: 6, kernel: 3 };
    let plan = LinearPlan::new(shape, 16).unwrap();
    let weights: Vec<i8> = (0..shape.weight_len()).map(|index| index as i8 - 5).collect();
    let client = InputHolder::generate(&mut rng());
    Layer { server: WeightHolder::prepare(&plan, &weights).unwrap(), client, plan }
});

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(7)
}

/// The server: a public key (the client's own, if the first byte is even) and an encrypted input.
pub fn input(bytes: &[u8]) {
    let (layer, mut peer) = (&*LAYER, Peer::new(bytes));
    let honest = peer.byte().is_multiple_of(2);
    let key = if honest { layer.client.public_key().to_vec() } else { peer.message(PUBLIC_KEY_BYTES) };
    let key = match PublicKey::from_bytes(&key) {
        Ok(key) => key,
        Err(error) => return assert!(error.is_peer_fault(), "{error}"),
    };
    let mask = vec![1; layer.plan.shape().output_len()];
    match layer.server.apply(&key, &peer.message(layer.plan.input_bytes()), &mask, &mut rng()) {
        Ok(response) => assert_eq!(response.len(), layer.plan.output_bytes(), "the length is the plan's"),
        Err(error) => assert!(error.is_peer_fault(), "{error}"),
    }
}

/// The client: a response.
pub fn response(bytes: &[u8]) {
    let layer = &*LAYER;
    match layer.client.open(&layer.plan, &Peer::new(bytes).message(layer.plan.output_bytes())) {
        Ok(shares) => assert_eq!(shares.len(), layer.plan.shape().output_len(), "the length is the plan's"),
        Err(error) => assert!(error.is_peer_fault(), "{error}"),
    }
}
