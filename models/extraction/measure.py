"""Trains students on N answers of every policy and measures how often they agree with the service.

A row of the log is one student.  Runs that are in the log already are not repeated.
"""
import argparse
import csv
import os
import resource

import answers  # sets the path of the training scripts
import numpy as np
import tensorflow as tf

import student
from train import AdamW

# The true labels stand for an attacker who has the data and no service.
POLICIES = ("truth", "label", "confidence", "scores")
# Answers, and updates of 32 of them each.
SIZES = {5000: 1500, 1000: 1000, 300: 600, 3000: 1500, 100: 400}
BATCH = 32
RATE = 2e-3
FIELDS = ("policy", "answers", "updates", "seed", "agreement", "standard_error", "accuracy",
          "probability_distance", "cpu_seconds")


def build(p, optimiser, policy):
    """The compiled training step."""

    @tf.function(reduce_retracing=True)
    def step(x, target, label, scores, interval, rate):
        with tf.GradientTape() as tape:
            z = student.logits(p, x, True)
            value = student.loss(policy, z, target, label, scores, interval)
        optimiser.apply(tape.gradient(value, [p[name] for name in optimiser.names]), rate)
        return value

    return step


def train(policy, size, updates, stored, seed):
    """Trains a student from scratch on the first `size` answers; returns its held-out logits."""
    tf.random.set_seed(seed)
    rng = np.random.default_rng([seed, size])
    rows = student.millivolts(stored["pool"][:size])
    told = student.Answers(policy, stored)
    values = student.initial_parameters(seed)
    p = {name: tf.Variable(value) for name, value in values.items()}
    optimiser = AdamW(p, 0.02, 0.995)
    step = build(p, optimiser, policy)
    order = np.empty(0, int)
    for number in range(updates):
        if len(order) < BATCH:
            order = np.concatenate([order, rng.permutation(size)])
        chosen, order = order[:BATCH], order[BATCH:]
        rate = RATE * min(1.0, (number + 1) / 100) * (0.5 + 0.5 * np.cos(np.pi * number / updates)) + 1e-6
        step(student.augmented(rows[chosen], rng), *told.batch(chosen), tf.constant(rate, tf.float32))
    forward = tf.function(lambda x: student.logits(optimiser.ema, x, False), reduce_retracing=True)
    held = student.millivolts(stored["held"])
    return np.concatenate([forward(held[i:i + 64]).numpy() for i in range(0, len(held), 64)])


def softmax(z):
    """Probabilities of rows of logits."""
    shares = np.exp(z - z.max(1, keepdims=True))
    return shares / shares.sum(1, keepdims=True)


def row_of(policy, size, updates, stored, seed):
    """The line of one student for the log."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    z = train(policy, size, updates, stored, seed)
    served = stored["held_scores"]
    same = z.argmax(1) == served.argmax(1)
    agreement = float(same.mean())
    apart = np.abs(softmax(z) - softmax(served * float(stored["score_scale"]))).sum(1).mean() / 2
    return {"policy": policy, "answers": size, "updates": updates, "seed": seed,
            "agreement": f"{agreement:.4f}",
            "standard_error": f"{np.sqrt(agreement * (1 - agreement) / len(same)):.4f}",
            "accuracy": f"{(z.argmax(1) == stored['held_truth']).mean():.4f}",
            "probability_distance": f"{apart:.4f}",
            "cpu_seconds": f"{resource.getrusage(resource.RUSAGE_SELF).ru_utime - before:.0f}"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", required=True, help="the NPZ of answers.py")
    parser.add_argument("--log", default="log.csv")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--policies", default=",".join(POLICIES))
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    a = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    with np.load(a.answers) as cached:
        stored = dict(cached)
    print(f"student: {student.weight_count()} weights", flush=True)
    for size in map(int, a.sizes.split(",")):
        for policy in a.policies.split(","):
            updates, done = SIZES[size], []
            if os.path.exists(a.log):
                with open(a.log, newline="", encoding="utf-8") as file:
                    done = [tuple(row[key] for key in FIELDS[:4]) for row in csv.DictReader(file)]
            if (policy, str(size), str(updates), str(a.seed)) in done:
                continue
            row = row_of(policy, size, updates, stored, a.seed)
            with open(a.log, "a", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, FIELDS)
                if not done:
                    writer.writeheader()
                writer.writerow(row)
            print(row, flush=True)


if __name__ == "__main__":
    main()
