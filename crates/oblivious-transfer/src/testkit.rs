//! Property checks shared by the tests of everything that makes correlated OTs.

use crate::block::Block;
use crate::cot::ReceiverCots;

/// Panics unless mac = key ^ choice * Delta holds in every OT and no key stands twice.
pub fn assert_cot(delta: Block, keys: &[Block], receiver: &ReceiverCots) {
    assert_eq!(keys.len(), receiver.macs.len(), "one mac for each key");
    assert_eq!(keys.len(), receiver.choices.len(), "one choice for each key");
    for (index, (key, mac)) in keys.iter().zip(receiver.macs.iter()).enumerate() {
        let expected = *key ^ (Block::mask(receiver.choices.get(index)) & delta);
        assert_eq!(expected.value(), mac.value(), "correlation of OT {index}");
    }
    let mut values: Vec<u128> = keys.iter().map(|key| key.value()).collect();
    values.sort_unstable();
    assert!(values.windows(2).all(|pair| pair[0] != pair[1]), "a key stands twice");
}

/// Panics if a fair coin would give such a number of ones with probability below 2^-60 or so (nine
/// deviations).
pub fn assert_balanced(ones: usize, total: usize) {
    let deviation = (2.0 * ones as f64 - total as f64).abs();
    assert!(deviation <= 9.0 * (total as f64).sqrt(), "{ones} ones of {total}");
}
