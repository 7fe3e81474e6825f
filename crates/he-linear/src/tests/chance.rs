//! How often chance succeeds: bounds from the binomial distribution, exceeded with probability
//! below 2^-40.

/// -log2 of the probability with which a bound may be exceeded.
const RARE_BITS: f64 = 40.0;

/// log2 of the Chernoff bound on P(Bin(trials, p) >= count) for a count above the mean, or <= below
/// it: exp(-trials KL(count / trials || p)).
fn log2_tail(trials: usize, p: f64, count: usize) -> f64 {
    let x = count as f64 / trials as f64;
    let term = |x: f64, p: f64| if x == 0.0 { 0.0 } else { x * (x / p).log2() };
    -(trials as f64) * (term(x, p) + term(1.0 - x, 1.0 - p))
}

/// The range in which the number of successes lies but for one time in 2^39.
pub(super) fn range(trials: usize, p: f64) -> core::ops::RangeInclusive<usize> {
    let mean = (trials as f64 * p) as usize;
    let usual = |count: &usize| log2_tail(trials, p, *count) > -RARE_BITS;
    let least = (0..=mean).find(usual).unwrap_or(mean);
    let most = (mean + 1..=trials).take_while(usual).last().unwrap_or(mean + 1);
    least..=most
}

#[test]
fn the_range_is_that_of_about_seven_standard_deviations() {
    // Of 218,280 guesses of a byte 853 succeed, with a standard deviation of 29.
    let range_of_bytes = range(218_280, 1.0 / 256.0);
    assert!((640..670).contains(range_of_bytes.start()), "{range_of_bytes:?}");
    assert!((1060..1090).contains(range_of_bytes.end()), "{range_of_bytes:?}");
    assert_eq!(range(10, 0.5), 0..=10);
}
