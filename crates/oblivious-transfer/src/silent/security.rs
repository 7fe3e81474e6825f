//! Lower estimates of the cost of attacks on the parameters, in bits. The models are explained in
//! [`super`].
//!
//! All charge linear algebra as if it cost the square of the dimension, whatever the matrix.
//! `docs/security/estimates/lpn.py` computes the rows again by other code, and by two more
//! conventions.

use super::code::WEIGHT;
use super::{INITIAL, MAIN, Stage};

const MARGIN: f64 = 8.0;

/// Bits of work to guess `places` noise-free samples, spread evenly over the blocks.
fn guess(stage: Stage, places: f64) -> f64 {
    -(stage.trees as f64) * (-places / outputs(stage)).ln_1p() / std::f64::consts::LN_2
}

fn outputs(stage: Stage) -> f64 {
    (stage.trees * stage.leaves()) as f64
}

/// Information set decoding on `columns` unknowns, at the best p.
///
/// As many samples are guessed, with at most p errors among them. These are found by meeting in the
/// middle (Stern) in lists of C(columns / 2, p / 2). With p = 0 this is pooled Gauss.
fn information_set(stage: Stage, columns: f64) -> f64 {
    let mean = stage.trees as f64 * columns / (outputs(stage) - columns);
    let with_errors = |errors: u32| {
        let gain: f64 = (0..=errors).map(|count| mean.powf(count.into()) / factorial(count)).sum();
        let work = (2.0 * columns.log2()).max(binomial(columns / 2.0, errors / 2).log2());
        guess(stage, columns) - gain.log2() + work
    };
    (0..=10).step_by(2).map(with_errors).fold(f64::INFINITY, f64::min)
}

fn factorial(count: u32) -> f64 {
    (1..=count).map(f64::from).product()
}

/// Parity checks of weight (k + 1) / 2, each with bias (1 - 2 w / n)^t: bias^-2 of them, k + 1 work
/// each.
fn statistical_decoding(stage: Stage) -> f64 {
    let k = stage.secret as f64;
    2.0 * guess(stage, k + 1.0) + (k + 1.0).log2()
}

/// A set of f k columns that contains as many rows, decoded by itself.
fn sub_code(stage: Stage, fraction: f64) -> f64 {
    information_set(stage, fraction * stage.secret as f64)
}

/// f for a random column set: n f^d = f k.
fn random_fraction(stage: Stage) -> f64 {
    (stage.secret as f64 / outputs(stage)).powf(1.0 / (WEIGHT as f64 - 1.0))
}

/// f for the set that is left when the column with the fewest rows is thrown away with them, again
/// and again, until as many rows as columns are left: measured on random matrices by
/// `docs/security/estimates/lpn.py`, and rounded down.
fn greedy_fraction(stage: Stage) -> f64 {
    if stage.secret == INITIAL.secret { 0.665 } else { 0.623 }
}

/// The smallest f for which the expected number of column sets with f k rows is one.
///
/// That is the entropy of the choice of columns against the Chernoff exponent of a Poisson variable
/// of mean n f^d reaching f k.
fn existing_fraction(stage: Stage) -> f64 {
    let (k, n) = (stage.secret as f64, outputs(stage));
    let exists = |f: f64| {
        let entropy = -k * (f * f.ln() + (1.0 - f) * (-f).ln_1p());
        let (rows, mean) = (f * k, n * f.powi(WEIGHT as i32));
        entropy >= rows * (rows / mean).ln() - rows + mean
    };
    (1..1000).map(|step| f64::from(step) / 1000.0).find(|f| exists(*f)).unwrap_or(1.0)
}

fn binomial(n: f64, j: u32) -> f64 {
    (0..j).map(|i| (n - f64::from(i)) / f64::from(i + 1)).product()
}

/// Coefficient of z^degree of (1 + z)^unknowns / (1 + z^2)^equations.
fn hilbert(unknowns: f64, equations: f64, degree: u32) -> f64 {
    (0..=degree / 2)
        .map(|j| {
            let sign = if j % 2 == 0 { 1.0 } else { -1.0 };
            sign * binomial(equations + f64::from(j) - 1.0, j) * binomial(unknowns, degree - 2 * j)
        })
        .sum()
}

/// Quadratic equations e_i e_j = 0 within blocks, after some guesses, within the best random column
/// set.
fn algebraic(stage: Stage) -> f64 {
    let mut best = f64::INFINITY;
    for fraction in (60..=100).map(|percent| f64::from(percent) / 100.0) {
        let block = stage.leaves() as f64 * fraction.powi(WEIGHT as i32);
        for step in 0..1000 {
            let guessed = stage.secret as f64 * f64::from(step) / 1000.0;
            let unknowns = fraction * stage.secret as f64 - stage.trees as f64 - guessed;
            let left = block - guessed / stage.trees as f64;
            if unknowns < 1.0 || left < 1.0 {
                continue;
            }
            let equations = stage.trees as f64 * left * (left - 1.0) / 2.0;
            if let Some(degree) = (2..12).find(|degree| hilbert(unknowns, equations, *degree) <= 0.0) {
                best = best.min(guess(stage, guessed) + 2.0 * binomial(unknowns, degree).log2());
            }
        }
    }
    best
}

/// The rows of the table in [`super`].
fn table(stage: Stage) -> [f64; 6] {
    [
        information_set(stage, stage.secret as f64),
        statistical_decoding(stage),
        sub_code(stage, random_fraction(stage)),
        sub_code(stage, greedy_fraction(stage)),
        sub_code(stage, existing_fraction(stage)),
        algebraic(stage),
    ]
}

#[test]
fn every_estimate_exceeds_128_bits_with_a_margin() {
    for stage in [INITIAL, MAIN] {
        for (row, bits) in table(stage).into_iter().enumerate() {
            assert!(bits >= 128.0 + MARGIN, "k = {}, row {row}: {bits:.1} bits", stage.secret);
        }
    }
}

#[test]
fn the_documented_table_is_what_is_computed() {
    let rows = [INITIAL, MAIN].map(|stage| table(stage).map(|bits| bits.floor() as u32));
    assert_eq!(rows, [[224, 453, 174, 150, 142, 177], [249, 495, 186, 159, 151, 189]]);
}

#[test]
fn the_estimates_see_a_weak_set() {
    // Blocks of 8192 with k = 700000: the sparse sub-code falls below 128 bits although decoding
    // the whole code does not.
    let weak = Stage { secret: 700_000, trees: 1280, depth: 13, part: 1280 };
    assert!(
        information_set(weak, weak.secret as f64) > 128.0 && sub_code(weak, random_fraction(weak)) < 128.0
    );
}
