//! The garbled steps, each party against a peer of the fuzzer's bytes.

use std::sync::LazyLock;

use gc_nonlinear::{
    ActivationEvaluator, ActivationGarbler, ArgmaxEvaluator, ArgmaxGarbler, ArgmaxPlan, ArgmaxShape,
    HashRoot, ReceiverCots, SentCots, StepError, StepPlan,
};
use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::cot;
use oblivious_transfer::prg::Prg;
use shares::StepShape;

use crate::peer::Peer;

/// Steps with and without pooling, conversion and shift.
static STEPS: LazyLock<Vec<StepPlan>> = LazyLock::new(|| {
    let shapes = [
        StepShape { count: 3, ell: 12, shift: 4, bits: 5, pool: true, out_ell: 13 },
        StepShape { count: 5, ell: 9, shift: 0, bits: 3, pool: false, out_ell: 4 },
        StepShape { count: 66, ell: 6, shift: 2, bits: 2, pool: true, out_ell: 8 },
    ];
    shapes.map(|shape| StepPlan::new(shape).unwrap()).into()
});

static ARGMAXES: LazyLock<Vec<ArgmaxPlan>> = LazyLock::new(|| {
    let shapes = [(4, 12, 1, Some([1, 40, 900])), (3, 8, 3, None), (5, 4, 2, Some([3, 4, 31]))];
    shapes
        .map(|(classes, ell, terms, thresholds)| {
            ArgmaxPlan::new(ArgmaxShape { classes, ell, terms, thresholds }).unwrap()
        })
        .into()
});

/// Correlated OTs from a dealer.
fn deal(count: usize, seed: u128) -> (SentCots, ReceiverCots) {
    let mut rng = Prg::from_block(Block::new(seed));
    let delta = Block::random(&mut rng).with_lsb(true);
    let choices = BitVec::random(count, &mut rng);
    let (keys, received) = cot::deal(delta, choices, &mut rng);
    (SentCots { delta, keys }, received)
}

fn root() -> HashRoot {
    HashRoot::new(&[7; 32])
}

fn assert_peer_fault(error: &StepError) {
    let peer = matches!(
        error,
        StepError::Length { .. } | StepError::Bits(_) | StepError::Residues(_) | StepError::Label { .. }
    );
    assert!(peer, "{error}");
}

/// The activation: the first byte chooses role and shape.
pub fn activation(bytes: &[u8]) {
    let mut peer = Peer::new(bytes);
    let choice = usize::from(peer.byte());
    let plan = &STEPS[choice / 2 % STEPS.len()];
    let role = if choice.is_multiple_of(2) { evaluate } else { garble };
    if let Err(error) = role(plan, &mut peer) {
        assert_peer_fault(&error);
    }
}

/// The client's side of an activation.
fn evaluate(plan: &StepPlan, peer: &mut Peer<'_>) -> Result<(), StepError> {
    let (_, inputs) = deal(plan.input_cots(), 1);
    let (outputs, _) = deal(plan.output_cots(), 2);
    let shares = vec![1; plan.input_values()];
    let (_, mut client) = ActivationEvaluator::prepare(plan, &root(), 3, &shares, inputs, outputs)?;
    for chunk in 0..plan.chunks() {
        client.evaluate_chunk(&peer.message(plan.chunk_bytes(chunk)))?;
    }
    let (shares, corrections) = client.finish()?;
    assert_eq!(shares.len(), plan.shape().count, "as many results as the plan says");
    assert_eq!(corrections.len(), plan.output_corrections_bytes(), "the length is the plan's");
    Ok(())
}

/// The server's side of an activation.
fn garble(plan: &StepPlan, peer: &mut Peer<'_>) -> Result<(), StepError> {
    let (inputs, _) = deal(plan.input_cots(), 1);
    let (_, outputs) = deal(plan.output_cots(), 2);
    let corrections = peer.message(plan.input_corrections_bytes());
    let server = ActivationGarbler::prepare(plan, &root(), 3, inputs, &corrections, outputs)?;
    for chunk in 0..plan.chunks() {
        server.garble_chunk(chunk, &vec![1; plan.input_values()])?;
    }
    let shares = server.finish(&peer.message(plan.output_corrections_bytes()))?;
    assert_eq!(shares.len(), plan.shape().count, "as many results as the plan says");
    Ok(())
}

/// The argmax: the first byte chooses role and shape.
pub fn argmax(bytes: &[u8]) {
    let mut peer = Peer::new(bytes);
    let choice = usize::from(peer.byte());
    let plan = &ARGMAXES[choice / 2 % ARGMAXES.len()];
    let role = if choice.is_multiple_of(2) { evaluate_argmax } else { garble_argmax };
    if let Err(error) = role(plan, &mut peer) {
        assert_peer_fault(&error);
    }
}

fn evaluate_argmax(plan: &ArgmaxPlan, peer: &mut Peer<'_>) -> Result<(), StepError> {
    let (_, inputs) = deal(plan.input_cots(), 1);
    let scores = vec![1; plan.shape().scores()];
    let (_, client) = ArgmaxEvaluator::prepare(plan, &root(), 3, &scores, inputs)?;
    let chosen = client.finish(&peer.message(plan.message_bytes()))?;
    assert!(chosen.label < plan.shape().classes, "the label is a class");
    assert_eq!(
        chosen.level.is_some(),
        plan.shape().thresholds.is_some(),
        "a level where there are thresholds"
    );
    assert!(chosen.level.is_none_or(|level| level < 4), "the level has two bits");
    Ok(())
}

fn garble_argmax(plan: &ArgmaxPlan, peer: &mut Peer<'_>) -> Result<(), StepError> {
    let (inputs, _) = deal(plan.input_cots(), 1);
    let corrections = peer.message(plan.input_corrections_bytes());
    let server = ArgmaxGarbler::prepare(plan, &root(), 3, inputs, &corrections)?;
    let message = server.garble(&vec![1; plan.shape().scores()])?;
    assert_eq!(message.len(), plan.message_bytes(), "the length is the plan's");
    Ok(())
}
