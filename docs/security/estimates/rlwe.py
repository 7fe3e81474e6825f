#!/usr/bin/env python3
"""What the known lattice attacks cost on the ring-LWE parameters of crates/he-linear/src/params.rs.

Run: python3 rlwe.py            (seconds; standard library only; prints rlwe.txt)

Ring-LWE is attacked as LWE with n unknowns. Secrets are uniform ternary, with standard deviation
sqrt(2/3). Errors are centred binomial, with standard deviation 4. An attacker has 2 n samples of the key
and may take fewer. Bases are taken to be reduced as the geometric series assumption says: after BKZ with
blocks of size beta the first vector of a basis of dimension d has length delta^d det^(1/d).

Primal: the secret is a short vector of Kannan's embedding, scaled so that secret and error are equally
long. BKZ finds it once sqrt(beta) sigma <= delta^(2 beta - d - 1) det^(1/d) (Alkim, Ducas, Poeppelmann,
Schwabe, USENIX Security 2016).

Dual, hybrid: zeta coordinates of the secret are guessed, and short vectors of the dual lattice tell the
right guess from a wrong one. A sieve yields 2^(0.2075 beta) of them. The price of a guess is put at 3
values a coordinate with a fast Fourier transform over all guesses, which favours the attacker (Espitau,
Joux, Kharchenko, INDOCRYPT 2020; Guo, Johansson, ASIACRYPT 2021). Whether the dual attack's statistics
hold at all is disputed (Ducas, Pulles, CRYPTO 2023), so this row is an underestimate at worst.

Cost models of one BKZ run with blocks of size beta, in bits:
  core-SVP   0.292 beta                        one call of a sieve, constants and polynomials left out
  standard   0.292 beta + 16.4                 the constant of the sieve's published experiments; this
                                               model stands behind the tables of homomorphicencryption.org
  all calls  0.292 beta + 16.4 + log2(8 d)     eight tours of BKZ
  quantum    0.265 beta                        core-SVP with a quantum sieve
"""
from math import e, log, log2, pi, sqrt

SIGMA_SECRET = sqrt(2 / 3)


def log2_delta(beta):
    """log2 of the root Hermite factor that BKZ with this block size reaches (Chen, 2013)."""
    return log2((pi * beta) ** (1 / beta) * beta / (2 * pi * e)) / (2 * (beta - 1))


def primal(n, log_q, sigma):
    """(block size, dimension) of the cheapest primal attack."""
    scale = log2(sigma / SIGMA_SECRET)
    for beta in range(60, 1500):
        gain = log2_delta(beta)
        for samples in range(n // 4, 2 * n + 1, 32):
            dimension = n + samples + 1
            volume = (samples * log_q + n * scale) / dimension
            if log2(sigma) + log2(beta) / 2 <= (2 * beta - dimension - 1) * gain + volume:
                return beta, dimension
    raise ValueError("no block size suffices")


def dual_hybrid(n, log_q, sigma):
    """(cost in bits, block size, guessed coordinates) of the cheapest dual attack, standard model with all
    calls."""
    best = (float("inf"), 0, 0)
    scale = log2(SIGMA_SECRET / sigma)
    for beta in range(280, 600, 4):
        gain = log2_delta(beta)
        for zeta in range(0, 200, 10):
            rest = n - zeta
            lengths = []
            for samples in range(n // 2, 3 * n // 2, 128):
                dimension = samples + rest
                # Vectors (x, y) with y = A^T x mod q, y scaled down to the secret's size.
                volume = rest * (log_q + scale) / dimension
                lengths.append((dimension * gain + volume, dimension))
            length, dimension = min(lengths)
            # The sieve's vectors are sqrt(4/3) times as long as the first.
            noise = length + log2(4 / 3) / 2 + log2(sigma) - log_q
            if noise > 2.5:
                continue
            advantage = -2 * pi**2 * 2 ** (2 * noise) * log2(e)
            needed = log2(zeta * log(3) + 40) - 2 * advantage
            reduction = 0.292 * beta + 16.4 + log2(8 * dimension) + max(0.0, needed - 0.2075 * beta)
            guessing = max(needed, zeta * log2(3) + 8)
            best = min(best, (max(reduction, guessing) + 1, beta, zeta))
    return best


def main():
    print("set                          | primal beta |    d | core-SVP | standard | all calls | quantum | dual, hybrid")
    for name, log_q, sigma in [
        ("ours: log q 90.0, sigma 4", 90.0, 4.0),
        ("standard: log q 109, sigma 3.19", 109.0, 3.19),
    ]:
        beta, dimension = primal(4096, log_q, sigma)
        core = 0.292 * beta
        calls = core + 16.4 + log2(8 * dimension)
        dual, dual_beta, zeta = dual_hybrid(4096, log_q, sigma)
        print(
            f"{name:<31} | {beta:>8} | {dimension:>4} | {core:>8.1f} | {core + 16.4:>8.1f} | {calls:>9.1f} | "
            f"{0.265 * beta:>7.1f} | {dual:.1f} (beta {dual_beta}, zeta {zeta})"
        )


if __name__ == "__main__":
    main()
