"""Trains the LSTM head over frozen integer blocks: first in float, then quantisation-aware.

The features come from `features.py`.  Parameters live in real units; the integer network rounds them to the grid of
quantisation.md (straight-through gradients), looks its gates up in the tables of the file and saturates the cell, the
float twin uses the same parameters without rounding.  Every row's worst case is held below 2^(ell-2) by scaling the row
down in the forward pass.  The loss is the cross entropy and the distillation from the head of the block file, for the
integer network and its float twin, plus their distance.
"""
import argparse
import csv
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np
import tensorflow as tf

import data
import integer
import metrics
import model
from quantise import straight_through
from train import AdamW, CLASS_WEIGHTS, SMOOTHING, save

UNITS = model.LSTM_UNITS
FEATURES = model.CHANNELS[-1]
FEATURE_TOP = 8 * 127           # greatest integer feature: 8 positions of 7 bits
FEATURE_UNIT = 128.0            # integer units of a feature per real unit, for the parameters here
STATE_UNIT = 2.0 ** (2 * integer.GATE_FRACTION)
GATE_UNIT = 2.0 ** integer.GATE_FRACTION
WEIGHT_LIMIT = 127.0
MARGIN = 0.97                   # share of the ring that latent rows may fill: rounding takes the rest
TWIN_SNAP = 0.9                 # how far the twin's weights stand towards their integers, as in the file
PLANNED = ("shift", "input_shift", "ell", "score_ell", "cell_bits", "cell_index_shift", "sigmoid_unit", "tanh_unit")
NAMES = ("lstm/kernel", "lstm/recurrent", "lstm/bias", "scores/kernel", "scores/bias")


def tables(plan):
    """The three tables of the layer as the file stores them."""
    return integer.default_tables(plan["sigmoid_unit"], plan["tanh_unit"], plan["cell_index_shift"])


def row_units(plan):
    """Index units per real unit of every row: i, f, c, o."""
    return np.repeat([plan[f"{kind}_unit"] for kind in ("sigmoid", "sigmoid", "tanh", "sigmoid")], UNITS)


class Head:
    """The LSTM and its dense layer: latent parameters, integer forward pass, float twin."""

    def __init__(self, values, plan, dtype=tf.float32):
        self.plan, self.dtype = plan, dtype
        self.p = {k: tf.Variable(values[k], dtype=dtype) for k in NAMES}
        scale = row_units(plan) * 2.0 ** plan["shift"]
        self.scales = {"lstm/kernel": scale / (FEATURE_UNIT * 2.0 ** plan["input_shift"]),
                       "lstm/recurrent": scale / STATE_UNIT, "lstm/bias": scale,
                       "scores/kernel": plan["score_unit"] / STATE_UNIT, "scores/bias": plan["score_unit"]}
        self.tables = {k: tf.constant(np.array(v) / GATE_UNIT, dtype) for k, v in tables(plan).items()}

    def latent(self, p):
        """The parameters in integer units (float), rows scaled down to their width, weights clipped to 8 bits."""
        z = {k: p[k] * tf.constant(self.scales[k], self.dtype) for k in NAMES}
        x, h, bias = z["lstm/kernel"], z["lstm/recurrent"], z["lstm/bias"]
        high, spread = FEATURE_TOP * 2.0 ** self.plan["input_shift"], STATE_UNIT * tf.reduce_sum(tf.abs(h), 0)
        limit, offset = MARGIN * 2.0 ** (self.plan["ell"] - 2), 128 * 2.0 ** self.plan["shift"]
        top = (limit - offset - bias) / (high * tf.reduce_sum(tf.nn.relu(x), 0) + spread + 1.0)
        bottom = (limit + offset + bias) / (high * tf.reduce_sum(tf.nn.relu(-x), 0) + spread + 1.0)
        share = tf.clip_by_value(tf.minimum(top, bottom), 0.0, 1.0)
        weight = z["scores/kernel"]
        room = MARGIN * 2.0 ** (self.plan["score_ell"] - 1) - tf.abs(z["scores/bias"])
        column = tf.clip_by_value(room / (STATE_UNIT * tf.reduce_sum(tf.abs(weight), 0) + 1.0), 0.0, 1.0)
        clip = lambda v: tf.clip_by_value(v, -WEIGHT_LIMIT - 0.45, WEIGHT_LIMIT + 0.45)
        return z | {"lstm/kernel": clip(x * share), "lstm/recurrent": clip(h * share),
                    "scores/kernel": clip(weight * column)}

    def effective(self, p, snap):
        """Real-valued parameters on the grid (`snap` = 1) or `snap` of the way to it."""
        result = {}
        for name, z in self.latent(p).items():
            z = straight_through(z, z + snap * (tf.round(z) - z))
            result[name] = z / tf.constant(self.scales[name], self.dtype)
        return result

    def logits(self, p, x, mode, snap=1.0, feature_dropout=0.0, dropout=0.0, excess=None):
        """Integer features [n][25][256] -> logits [n][4]; `mode`: "integer", "twin" or "float" (no widths at all)."""
        w = p if mode == "float" else self.effective(p, 1.0 if mode == "integer" else snap)
        x = tf.cast(x, self.dtype) / FEATURE_UNIT
        if feature_dropout:
            x = tf.nn.dropout(x, feature_dropout, noise_shape=[tf.shape(x)[0], 1, FEATURES])
        inputs = x @ w["lstm/kernel"] + w["lstm/bias"]
        h = c = tf.zeros([tf.shape(x)[0], UNITS], self.dtype)
        cell = self.integer_cell if mode == "integer" else float_cell
        for t in range(data.WINDOWS):
            h, c = cell(inputs[:, t] + h @ w["lstm/recurrent"], c, excess)
        if dropout:
            h = tf.nn.dropout(h, dropout)
        return h @ w["scores/kernel"] + w["scores/bias"]

    def look_up(self, name, index, smooth):
        """Table entry at the rounded, saturated index, with the gradient of the smooth function."""
        q = tf.cast(tf.clip_by_value(tf.floor(index + 0.5), 0.0, 255.0), tf.int32)
        return straight_through(smooth, tf.gather(self.tables[name], q))

    def integer_cell(self, gates, c, excess):
        """One step from pre-activations in real units; every value is the integer of quantisation.md over its unit."""
        i, f, g, o = tf.split(gates, 4, axis=1)
        i, f, o = (self.look_up("sigmoid", 128 + self.plan["sigmoid_unit"] * v, tf.sigmoid(v)) for v in (i, f, o))
        g = self.look_up("tanh", 128 + self.plan["tanh_unit"] * g, tf.tanh(g))
        a = f * c + i * g
        top = 2.0 ** (self.plan["cell_bits"] - 1) / GATE_UNIT
        if excess is not None:
            excess.append(tf.reduce_mean(tf.nn.relu(tf.abs(a) - 0.97 * top)))
        c = straight_through(a, tf.floor(a * GATE_UNIT + 0.5) / GATE_UNIT)
        c = tf.clip_by_value(c, -top, top - 1 / GATE_UNIT)
        index = 128 + a * STATE_UNIT / 2.0 ** self.plan["cell_index_shift"]
        return o * self.look_up("cell_tanh", index, tf.tanh(a)), c


def float_cell(gates, c, _):
    """One step of the Keras LSTM."""
    i, f, g, o = tf.split(gates, 4, axis=1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(c), c


def fresh(seed):
    """Initial parameters: as in `model.py`, features scaled to about one."""
    start = model.initial_parameters(seed)
    values = {k: start[k] for k in NAMES[:3]}
    return values | {"scores/kernel": start["lstm_scores/kernel"], "scores/bias": start["lstm_scores/bias"]}


def build_step(head, optimiser, a):
    """The compiled training step."""
    weights = tf.constant(CLASS_WEIGHTS)

    def loss_of(target, weight, logits):
        return tf.reduce_mean(weight * tf.nn.softmax_cross_entropy_with_logits(target, logits))

    @tf.function(reduce_retracing=True)
    def step(x, labels, guide, rate):
        smooth = tf.one_hot(labels, 4) * (1 - SMOOTHING) + SMOOTHING / 4
        target = (1 - a.guide) * smooth + a.guide * tf.nn.softmax(guide)
        weight = tf.gather(weights, labels)
        with tf.GradientTape() as tape:
            excess = []
            logits = head.logits(head.p, x, a.form, 1.0, a.feature_dropout, a.dropout, excess)
            main = loss = loss_of(target, weight, logits)
            if a.form == "integer":
                part = tf.shape(x)[0] // 4
                exact = head.logits(head.p, x[:part], "integer")
                twin = head.logits(head.p, x[:part], "twin", TWIN_SNAP)
                apart = tf.reduce_sum(tf.square(tf.nn.softmax(twin) - tf.nn.softmax(exact)), axis=1)
                loss += 0.3 * loss_of(target[:part], weight[:part], twin) + 3.0 * tf.reduce_mean(apart)
                loss += a.saturation * tf.add_n(excess)
        optimiser.apply(tape.gradient(loss, [head.p[k] for k in optimiser.names]), rate)
        return main

    return step


class Validation:
    """Figures on the validation features in f64: those of `integer.py` up to rare ties (`evaluate.py` gives the exact ones)."""

    def __init__(self, directory, plan):
        with np.load(os.path.join(directory, "validation.npz")) as f:
            self.features, self.owner, self.truth = f["features"], f["owner"], f["truth"]
        self.head = Head(fresh(0), plan, tf.float64)
        self.forward = {m: tf.function(lambda x, m=m: self.head.logits(self.head.p, x, m, TWIN_SNAP))
                        for m in ("integer", "twin", "float")}

    def labels(self, values, mode):
        """Label of every record."""
        for k, v in self.head.p.items():
            v.assign(tf.cast(values[k], tf.float64))
        parts = [self.forward[mode](self.features[i:i + 178]).numpy() for i in range(0, len(self.features), 178)]
        return metrics.record_scores(np.concatenate(parts), self.owner, len(self.truth)).argmax(1)

    def figures(self, values, form):
        """Accuracy and challenge score of the integers and their twin, agreement; of the float network when asked."""
        modes = ("integer", "twin") if form == "integer" else ("float",)
        labels = [self.labels(values, m) for m in modes]
        row = []
        for found in labels:
            summary = metrics.summary(self.truth, found)
            row += [f"{summary['accuracy']:.4f}", f"{summary['challenge_score']:.4f}"]
        return row + ([f"{(labels[0] == labels[1]).mean():.4f}"] if form == "integer" else [])


def batches(directory, number, size, rng):
    """One epoch from one cached pass."""
    with np.load(os.path.join(directory, f"pass{number:02d}.npz")) as f:
        x, y, guide = f["features"], f["truth"], f["guide"]
    order = rng.permutation(len(y))
    for begin in range(0, len(order) - size + 1, size):
        rows = order[begin:begin + size]
        yield x[rows], y[rows].astype(np.int32), guide[rows]


def train(a, head, optimiser, validation):
    """All epochs; returns the averaged parameters."""
    step, total = build_step(head, optimiser, a), a.epochs * 104 * 64 // a.batch
    for epoch in range(a.epochs):
        began, losses = time.time(), []
        rng = np.random.default_rng([a.seed, epoch])
        for x, y, guide in batches(a.features, (a.seed + epoch) % a.passes, a.batch, rng):
            done = float(optimiser.step)
            rate = a.rate * min(1.0, (done + 1) / 100) * (0.5 + 0.5 * np.cos(np.pi * min(1.0, done / total))) + 1e-6
            losses.append(float(step(x, y, guide, tf.constant(rate, tf.float32))))
        row = [a.form, a.seed, epoch + 1, f"{np.mean(losses):.4f}", f"{time.time() - began:.0f}"]
        if (epoch + 1) % a.look == 0 or epoch + 1 == a.epochs:
            row += validation.figures(optimiser.ema, a.form)
        print(",".join(map(str, row)), flush=True)
        with open(os.path.join(a.out, "log.csv"), "a", newline="") as f:
            csv.writer(f).writerow(row)
        save(os.path.join(a.out, "last.npz"),
             {k: v.numpy() for k, v in optimiser.ema.items()} | {"plan": json.dumps(head.plan), "epoch": epoch + 1})


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", required=True, help="directory of features.py")
    parser.add_argument("--out", required=True, help="directory for the checkpoint and the log")
    parser.add_argument("--form", choices=("float", "integer"), required=True)
    parser.add_argument("--start", help="checkpoint of an earlier run to start from")
    parser.add_argument("--passes", type=int, default=20, help="cached augmented passes to rotate over")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--average", type=float, default=0.998, help="decay of the weights' moving average, per step")
    parser.add_argument("--guide", type=float, default=0.5, help="share of the distillation in the target")
    parser.add_argument("--feature-dropout", type=float, default=0.25)
    parser.add_argument("--dropout", type=float, default=0.35)
    parser.add_argument("--saturation", type=float, default=1.0, help="penalty on cells beyond saturation")
    parser.add_argument("--shift", type=int, default=13)
    parser.add_argument("--input-shift", type=int, default=3)
    parser.add_argument("--ell", type=int, default=25)
    parser.add_argument("--score-ell", type=int, default=25)
    parser.add_argument("--cell-bits", type=int, default=10)
    parser.add_argument("--cell-index-shift", type=int, default=9)
    parser.add_argument("--sigmoid-unit", type=float, default=16, help="index units per real unit before a sigmoid")
    parser.add_argument("--tanh-unit", type=float, default=16, help="index units per real unit before a gate's tanh")
    parser.add_argument("--look", type=int, default=4, help="epochs between two looks at the validation records")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def plan_of(a, values):
    """Widths, shifts and scales; the scores' scale is the largest power of two that leaves the weights some room."""
    plan = {k: getattr(a, k) for k in PLANNED}
    unit = 0.9 * WEIGHT_LIMIT * STATE_UNIT / np.abs(values["scores/kernel"]).max()
    return plan | {"score_unit": float(2.0 ** np.floor(np.log2(unit)))}


def main():
    a = arguments()
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(a.seed)
    os.makedirs(a.out, exist_ok=True)
    values = fresh(a.seed)
    if a.start:
        with np.load(a.start) as earlier:
            values = {k: earlier[k] for k in NAMES}
    plan = plan_of(a, values)
    head = Head(values, plan)
    train(a, head, AdamW(head.p, a.decay, a.average), Validation(a.features, plan))


if __name__ == "__main__":
    main()
