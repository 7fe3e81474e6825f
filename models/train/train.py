"""Trains the float network end to end with its three heads; resumable, seeded.

The first `--whole-epochs` run the blocks over whole segments (pre-training at half the cost), the remaining
`--window-epochs` run the network proper.  One AdamW with one cosine over both; an exponential moving average of the
weights is what is evaluated and kept.
"""
import argparse
import csv
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np
import tensorflow as tf

import data
import metrics
import model

HEADS = ("conv", "average", "lstm")
HEAD_WEIGHTS = (1.0, 0.3, 0.6)
CLASS_WEIGHTS = np.array([0.95, 1.35, 1.1, 1.2], np.float32)
SMOOTHING = 0.06
FEATURE_DROPOUT = 0.25
HEAD_DROPOUT = 0.35


def logits_of(p, segments, windowed, training):
    """Logits of the three heads for integer segments."""
    millivolts = tf.cast(segments, tf.float32) / data.INPUT_SCALE
    x = model.features(p, millivolts, windowed, training)
    rate = HEAD_DROPOUT if training else 0.0
    if training:
        x = tf.nn.dropout(x, FEATURE_DROPOUT, noise_shape=[tf.shape(x)[0], 1, model.CHANNELS[-1]])
    return (model.conv_head(p, x, training, rate), model.average_head(p, x), model.lstm_head(p, x, rate))


class AdamW:
    """AdamW (decoupled decay on kernels only) with gradient clipping and a moving average of all weights."""

    def __init__(self, p, decay, average):
        self.p, self.decay, self.average = p, decay, average
        self.names = [k for k in p if not model.is_statistic(k)]
        self.first = {k: tf.Variable(tf.zeros_like(p[k])) for k in self.names}
        self.second = {k: tf.Variable(tf.zeros_like(p[k])) for k in self.names}
        self.ema = {k: tf.Variable(v) for k, v in p.items()}
        self.step = tf.Variable(0.0)

    def apply(self, gradients, rate):
        """One update; `gradients` in the order of `names`."""
        self.step.assign_add(1.0)
        gradients, _ = tf.clip_by_global_norm(gradients, 3.0)
        correction = tf.sqrt(1 - 0.999 ** self.step) / (1 - 0.9 ** self.step)
        for name, g in zip(self.names, gradients):
            m, v, w = self.first[name], self.second[name], self.p[name]
            m.assign_add(0.1 * (g - m))
            v.assign_add(0.001 * (g * g - v))
            decay = self.decay if name.endswith(("kernel", "recurrent")) else 0.0
            w.assign_sub(rate * (correction * m / (tf.sqrt(v) + 1e-7) + decay * w))
        keep = tf.minimum(self.average, (1 + self.step) / (20 + self.step))
        for name, shadow in self.ema.items():
            shadow.assign_sub((1 - keep) * (shadow - self.p[name]))

    def state(self):
        """Everything a resumed run needs, as flat arrays."""
        groups = {"p": self.p, "m": self.first, "v": self.second, "e": self.ema}
        return {f"{g}:{k}": x.numpy() for g, d in groups.items() for k, x in d.items()} | {"step": self.step.numpy()}

    def restore(self, state):
        """Inverse of `state`."""
        groups = {"p": self.p, "m": self.first, "v": self.second, "e": self.ema}
        for g, d in groups.items():
            for k, x in d.items():
                x.assign(state[f"{g}:{k}"])
        self.step.assign(state["step"])


def build_step(p, optimiser, windowed):
    """The compiled training step."""
    weights = tf.constant(CLASS_WEIGHTS)

    @tf.function(reduce_retracing=True)
    def step(segments, labels, rate):
        with tf.GradientTape() as tape:
            targets = tf.one_hot(labels, 4) * (1 - SMOOTHING) + SMOOTHING / 4
            weight = tf.gather(weights, labels)
            losses = [tf.reduce_mean(weight * tf.nn.softmax_cross_entropy_with_logits(targets, z))
                      for z in logits_of(p, segments, windowed, True)]
            loss = tf.add_n([w * l for w, l in zip(HEAD_WEIGHTS, losses)])
        optimiser.apply(tape.gradient(loss, [p[k] for k in optimiser.names]), rate)
        return losses[0]

    return step


def evaluate(forward, segments, owner, truth):
    """Validation figures of the three heads."""
    outputs = [forward(segments[i:i + 64]) for i in range(0, len(segments), 64)]
    result = {}
    for k, head in enumerate(HEADS):
        scores = np.concatenate([o[k].numpy() for o in outputs])
        result[head] = metrics.summary(truth, metrics.record_scores(scores, owner, len(truth)).argmax(1))
    return result


def save(path, state):
    """Atomic checkpoint."""
    np.savez(path + ".partial.npz", **state)
    os.replace(path + ".partial.npz", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the recordings, raw or prepared (prepare.py)")
    parser.add_argument("--out", default="cache/float", help="directory for checkpoints")
    parser.add_argument("--whole-epochs", type=int, default=70)
    parser.add_argument("--window-epochs", type=int, default=28)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(a.seed)
    os.makedirs(a.out, exist_ok=True)

    recordings = data.Recordings(a.data)
    training, validation = data.split(recordings)
    segments, owner = data.evaluation_set(recordings, validation)
    truth = recordings.label[validation]
    p = model.variables(model.initial_parameters(a.seed))
    optimiser = AdamW(p, a.decay, 0.998)
    checkpoint, log = os.path.join(a.out, "last.npz"), os.path.join(a.out, "log.csv")
    epoch = 0
    if os.path.exists(checkpoint):
        with np.load(checkpoint) as state:
            optimiser.restore(state)
            epoch = int(state["epoch"])
    steps = {w: build_step(p, optimiser, w) for w in (False, True)}
    forwards = {w: tf.function(lambda s, w=w: logits_of(optimiser.ema, s, w, False), reduce_retracing=True)
                for w in (False, True)}

    total = a.whole_epochs + a.window_epochs
    while epoch < total:
        windowed, began, losses = epoch >= a.whole_epochs, time.time(), []
        rng = np.random.default_rng([a.seed, epoch])
        for number, (x, y) in enumerate(data.prefetched(data.training_batches(recordings, training, a.batch, rng))):
            progress = (epoch + number / 110) / total
            warm = min(1.0, (epoch * 110 + number + 1) / 200)
            rate = a.rate * warm * (0.5 + 0.5 * np.cos(np.pi * min(1.0, progress))) + 1e-6
            losses.append(float(steps[windowed](x, y, tf.constant(rate, tf.float32))))
        epoch += 1
        row = [epoch, int(windowed), f"{np.mean(losses):.4f}", f"{time.time() - began:.0f}"]
        if epoch % 4 == 0 or epoch == total:
            result = evaluate(forwards[windowed], segments, owner, truth)
            for head in HEADS:
                row += [f"{result[head]['accuracy']:.4f}", f"{result[head]['challenge_score']:.4f}"]
        with open(log, "a", newline="") as f:
            csv.writer(f).writerow(row)
        save(checkpoint, optimiser.state() | {"epoch": epoch})
        if epoch in (a.whole_epochs, total):
            save(os.path.join(a.out, f"epoch{epoch}.npz"), optimiser.state() | {"epoch": epoch})


if __name__ == "__main__":
    main()
