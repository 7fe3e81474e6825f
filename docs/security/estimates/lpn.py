#!/usr/bin/env python3
"""What the known attacks cost on the learning-parity-with-noise parameters of the silent OT extension
(crates/oblivious-transfer/src/silent.rs).

Run: python3 lpn.py             (a quarter of a minute; standard library only; prints lpn.txt)

An instance has n samples, a secret of k bits and t noise bits, one in each of t blocks (regular noise). A row
of the public matrix has ten ones at random places. All figures are bits of work; memory is free.

ATTACKS THAT USE THE SPARSE MATRIX. Of n rows about n f^10 have all their ones within any f k columns. A set of
f k columns with as many rows is a smaller instance, and f k noise-free samples suffice in place of k.
  random    any set: n f^10 = f k.
  greedy    columns are thrown away one by one, always the one with the fewest rows left, together with its
            rows, until as many rows as columns are left. f is measured on random matrices of 8192 columns with
            the same n / k; 4096 columns give the same to 0.003.
  existing  the smallest set of which the first moment method allows one to exist: an attacker who were given
            it for nothing.
On the set the attacker guesses as many samples, spread evenly over the blocks, and hopes for at most p errors
among them, which are found by meeting in the middle (Prange, 1962; Stern, 1988; for LPN: Esser, Kuebler, May,
CRYPTO 2017; Liu, Wang, Yang, Yu, EUROCRYPT 2024). The whole matrix is the row "whole code". Chen, Shu, Zhou
(arXiv 2407.19215) attack sparse LPN of low noise by going over to a smaller domain in this manner. We charge
more than they have to be paid, never less: the set is for nothing, and so are bookkeeping and memory.

COST OF N LINEAR EQUATIONS, three conventions:
  N^2       what crates/oblivious-transfer/src/silent/security.rs charges: below anything known
  20 N^2    Wiedemann's algorithm (1986) on rows of weight ten: 2 N products of a matrix with 10 N ones
  N^2.8     Strassen's algorithm on dense equations, what the literature charges

ALGEBRAIC ATTACKS ON REGULAR NOISE. Two noise bits of one block have the product 0. Briaud and Oygarden
(EUROCRYPT 2023, "AGB") solve these equations with the linear ones by Macaulay matrices of degree d, after
guessing mu noise-free places in each of f blocks; AGB 2.0 (eprint 2025/1476) splits the linear algebra into
two stages, of which the first can be repeated less often. The hybrid of both with information sets (eprint
2025/1284) guesses u places of a block and q blocks. The rows are our ports of the costs that these papers
state; they see no sparsity.

The public estimator of these authors (lpnestimator.com), as run on these sets by an independent review, gives
(initial / main): pooled Gauss 254 / 288, SD-ISD 239 / 275, regular ISD by permutation 265 / 303, AGB 236 / -,
AGB 2.0 - / 287 (-: its arithmetic overflows). These figures are quoted, not computed here.
"""
import heapq
import random
from functools import lru_cache
from math import inf, lgamma, log, log1p, log2, sqrt

WEIGHT = 10
SETS = {
    "ours, initial": (360_448, 36_864, 1_408),
    "ours, main": (5_242_880, 327_680, 2_560),
    "common set": (10_485_760, 452_000, 1_280),
}
CONVENTIONS = {"N^2": lambda n: 2 * log2(n), "20 N^2": lambda n: log2(20) + 2 * log2(n), "N^2.8": lambda n: 2.8 * log2(n)}


def log2_binomial(n, j):
    if j < 0 or j > n:
        return -inf
    return (lgamma(n + 1) - lgamma(j + 1) - lgamma(n - j + 1)) / log(2)


def log2_sum(*bits):
    most = max(bits)
    return most + log2(sum(2 ** (b - most) for b in bits))


# Information sets, on the whole code and on sparse sub-codes.


def guess(n, t, places):
    """Bits to hit `places` noise-free samples, spread evenly over the t blocks."""
    return -t * log1p(-places / n) / log(2)


def information_set(n, t, columns, solve):
    """The cheapest p: at most p errors among `columns` guessed samples, met in the middle."""
    mean = t * columns / (n - columns)
    best = inf
    for p in range(0, 12, 2):
        gain, term = 0.0, 1.0
        for count in range(p + 1):
            gain += term
            term *= mean / (count + 1)
        work = max(solve(columns), log2_binomial(columns / 2, p // 2))
        best = min(best, guess(n, t, columns) - log2(gain) + work)
    return best


def random_fraction(n, k):
    return (k / n) ** (1 / (WEIGHT - 1))


@lru_cache
def greedy_fraction(ratio, columns=8192):
    """The share of columns that is left when greedy peeling ends, on a random matrix."""
    rng = random.Random(1)
    rows = [[rng.randrange(columns) for _ in range(WEIGHT)] for _ in range(int(columns * ratio))]
    touching = [[] for _ in range(columns)]
    for row, places in enumerate(rows):
        for place in places:
            touching[place].append(row)
    degree = [len(rows) for rows in touching]
    heap = [(count, column) for column, count in enumerate(degree)]
    heapq.heapify(heap)
    alive, gone = [True] * len(rows), [False] * columns
    rows_left, columns_left = len(rows), columns
    while rows_left > columns_left:
        count, column = heapq.heappop(heap)
        if gone[column] or count != degree[column]:
            continue
        gone[column] = True
        columns_left -= 1
        for row in touching[column]:
            if alive[row]:
                alive[row] = False
                rows_left -= 1
                for other in rows[row]:
                    degree[other] -= 1
                    if not gone[other]:
                        heapq.heappush(heap, (degree[other], other))
    return columns_left / columns


def existing_fraction(n, k):
    """The smallest f for which the expected number of sets of f k columns with f k rows is one."""
    for step in range(1, 1000):
        f = step / 1000
        entropy = -k * (f * log(f) + (1 - f) * log1p(-f))
        rows, mean = f * k, n * f**WEIGHT
        if entropy >= rows * log(rows / mean) - rows + mean:
            return f
    return 1.0


# Algebraic attacks on regular noise.


def series(n, k, t, blocks, places):
    """Monomials up to degrees 0 to 4, and how many of them the equations leave, with `places` noise-free
    places guessed in each of `blocks` blocks (Briaud, Oygarden, section 4)."""
    size = n // t

    def power(base, exponent):
        terms = [1]
        for i in range(1, 5):
            terms.append(terms[-1] * (exponent - i + 1) * base // i)
        return terms

    def product(a, b):
        return [sum(a[i] * b[d - i] for i in range(d + 1)) for d in range(5)]

    monomials = product(power(size - places - 1, blocks), power(size - 1, t - blocks))
    checks, term = [1], 1
    for i in range(1, 5):
        term = term * (n - k + i - 1) // i
        checks.append((-1) ** i * term)
    left = product(monomials, checks)
    return [sum(monomials[: d + 1]) for d in range(5)], [sum(left[: d + 1]) for d in range(5)]


def guess_blocks(n, t, blocks, places):
    return -blocks * log2(1 - places / (n // t))


def guesses(n, k, t):
    """(blocks, places, monomials, left over, bits of the guess) over a grid of guesses."""
    size = n // t
    for blocks in sorted({t, t - 1, t // 2, t // 4, 3 * t // 4}):
        row = []
        for places in range(size):
            if blocks * places >= k + 1:
                break
            row.append((places, *series(n, k, t, blocks, places), guess_blocks(n, t, blocks, places)))
        yield blocks, row


def agb(n, k, t, table):
    """Macaulay matrices of the first degree that leaves nothing, solved as sparse ones."""
    best = inf
    for blocks, row in table:
        for places, monomials, left, bits in row:
            degree = next((d for d in (2, 3, 4) if left[d] < 1), None)
            if degree:
                work = 2 * log2(max(monomials[degree], 1)) + log2(3 * (k + 1 - blocks * places))
                best = min(best, bits + work)
    return best


def agb_2(n, k, t, table):
    """Two stages: a first with fewer guesses, of which only what it leaves enters the second."""
    constant, omega, best = log2(5.64), 2.8, inf
    for _, row in table:
        for degree in (2, 3, 4):
            last = next((r for r in row if any(r[2][d] < 1 for d in range(2, degree + 1)) and r[2][degree] < 1), None)
            if last is None:
                continue
            for places, monomials, left, bits in row:
                if places > last[0]:
                    break
                all_, rest = max(monomials[degree], 1), max(left[degree], 1)
                rank = max(all_ - rest, 1)
                dense = constant + omega * log2(all_)
                sparse = log2(all_) + 2 * log2(rank) - log2(max(log2(rank), 1))
                second = constant + omega * log2(min(rest, rank))
                best = min(best, log2_sum(min(dense, sparse) + bits, second + last[3]))
    return best


def hybrid(n, k, t):
    """Guess u or u + 1 noise-free places of all but q blocks, linearise what is quadratic in the others."""
    size, checks = n // t, n - k
    n, k = size * t, size * t - checks
    linear, best = (n - k) // (size - 1), inf
    for u in range(size - 2):
        for q in [*range(40), *range(40, t, max(1, t // 64))]:
            for f in (0, (t - q) // 2, t - q - 1):
                if n - t - f - (t - q) * u <= 0:
                    continue
                bits = -(log2(1 - (u + 1) / size) * f + log2(1 - u / size) * (t - q - f))
                unknowns = k - t - (u + 1) * f - (t - f - q) * u
                height = n - k - linear * (size - u - 2)
                first = log2(max(height * (n - k) * (height + unknowns), 1))
                if unknowns <= 0:
                    best = min(best, bits + first)
                    continue
                equations = (t - f - q) * (size - u - 2) * (size - u - 1) / 2 + f * (size - u - 2) * (size - u - 3) / 2
                inside = (size - 1) * q
                outside = unknowns - inside
                if outside < 0 or outside > sqrt(2 * equations) - 2:
                    continue
                second = third = 0.0
                if outside > 0:
                    second = log2(max(outside**4 * unknowns**2 / 8 / log2(max(outside**2 / 2, 2)), 1))
                    dense = (2.5 * outside) ** 3 / log2(max(2.5 * outside, 2))
                    third = log2(max(1.25 * (2 * outside**2 * inside + outside * inside**2) + dense, 1))
                best = min(best, bits + log2_sum(first, second, third + log2(size) * q))
    return best


def main():
    print("information sets: fraction f of the columns, bits by the convention of linear algebra")
    print(f"{'set':<14} | {'columns':<10} | {'f':>5} | " + " | ".join(f"{name:>6}" for name in CONVENTIONS))
    for name, (n, k, t) in SETS.items():
        fractions = {
            "whole code": 1.0,
            "random": random_fraction(n, k),
            "greedy": greedy_fraction(n / k),
            "existing": existing_fraction(n, k),
        }
        for kind, f in fractions.items():
            bits = [information_set(n, t, f * k, solve) for solve in CONVENTIONS.values()]
            print(f"{name:<14} | {kind:<10} | {f:5.3f} | " + " | ".join(f"{b:6.1f}" for b in bits))
    print()
    print("algebraic attacks on regular noise, our ports")
    print(f"{'set':<14} | {'AGB':>5} | {'AGB 2.0':>7} | {'hybrid':>6}")
    for name, (n, k, t) in SETS.items():
        table = list(guesses(n, k, t))
        print(f"{name:<14} | {agb(n, k, t, table):5.1f} | {agb_2(n, k, t, table):7.1f} | {hybrid(n, k, t):6.1f}")


if __name__ == "__main__":
    main()
