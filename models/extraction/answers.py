"""Queries to the service, its answers, and what an answer tells: cached as one NPZ outside the repository.

Queries are segments of 30 s of public recordings, one a recording.  The answers are those of the
integer network in the clear, which a private classification equals bit for bit.  The pool is what
an attacker may ask about; the held-out segments are never asked and measure the agreement.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "train"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np
import tensorflow as tf

import data
import features

POOL = 5000
SEED = 12
LEVELS = 4


def margins(scores):
    """How far the greatest score of each row is ahead of the second greatest."""
    ordered = np.sort(scores, axis=1)
    return ordered[:, -1] - ordered[:, -2]


def levels(scores, thresholds):
    """The level of confidence of each row of scores, 0 to 3: how many thresholds the margin reaches."""
    return (margins(scores)[:, None] >= np.asarray(thresholds)).sum(1)


def entropy(symbols):
    """Empirical entropy of a list of small integers, bits."""
    counts = np.bincount(symbols)
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def score_entropy(scores):
    """Bits of a vector of scores if it were normal with the covariance measured: an upper bound."""
    covariance = np.cov(scores.astype(np.float64), rowvar=False)
    _, logdet = np.linalg.slogdet(2 * np.pi * np.e * covariance)
    return float(logdet / np.log(4))


def collect(path, model):
    """Segments (i8), integer scores and true labels of the pool and of the held-out recordings."""
    recordings = data.Recordings(path)
    training, validation = data.split(recordings)
    chosen = np.random.default_rng(SEED).permutation(training)[:POOL]
    first = lambda index: data.quantise_input(data.segments_of(recordings.signal(index))[:1])
    pool = np.concatenate([first(index) for index in chosen])
    held, owner = data.evaluation_set(recordings, validation)
    network = features.network_of(model)
    forward = features.build(network)
    features.check(network, forward, held[:16])
    scores = lambda segments: np.rint(
        features.run(forward, segments)[1].astype(np.float64) / network.score_scale).astype(np.int32)
    return {"pool": pool.astype(np.int8), "pool_scores": scores(pool),
            "pool_truth": recordings.label[chosen], "held": held.astype(np.int8),
            "held_scores": scores(held), "held_truth": recordings.label[validation][owner],
            "score_scale": network.score_scale}


def describe(stored, thresholds):
    """Lines that say what an answer tells and how well the service does on these segments."""
    yield f"thresholds {list(map(int, thresholds))}, in units of the scores"
    for name in ("pool", "held"):
        scores = stored[f"{name}_scores"]
        label, level = scores.argmax(1), levels(scores, thresholds)
        right = label == stored[f"{name}_truth"]
        yield (f"{name}: {len(label)} segments; label {entropy(label):.2f} bits, label and level "
               f"{entropy(label * LEVELS + level):.2f} bits, scores at most {score_entropy(scores):.1f} bits; "
               f"the service agrees with the true label on {right.mean():.4f}; "
               f"most frequent label {np.bincount(label).max() / len(label):.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the recordings, raw or prepared (prepare.py)")
    parser.add_argument("--model", default="../deepcardio-conv.h5")
    parser.add_argument("--out", required=True, help="the NPZ (outside the repository)")
    parser.add_argument("--thresholds", help="three margins; quartiles of the held-out segments otherwise")
    parser.add_argument("--threads", type=int, default=1)
    a = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if os.path.exists(a.out):
        with np.load(a.out) as cached:
            stored = dict(cached)
    else:
        stored = collect(a.data, a.model)
    quartiles = np.quantile(margins(stored["held_scores"]), [0.25, 0.5, 0.75])
    stored["thresholds"] = np.array(a.thresholds.split(",") if a.thresholds else quartiles, np.int64)
    np.savez(a.out, **stored)
    print("\n".join(describe(stored, stored["thresholds"])))


if __name__ == "__main__":
    main()
