"""Quantisation-aware fine-tuning of the network with the convolution head.

Latent weights live in integer units: the integer network rounds them, the float twin uses them as they are, so both
come from the same numbers.  Per-output-channel scales are free because they are absorbed when the latent weights are
first set up.  Every channel's worst case is held below 2^(ell-2) by scaling the channel down in the forward pass
("accumulator-aware" quantisation, after Colbert et al. 2023).  The loss is the cross entropy and the distillation from
the float network with batch norm (mean of its conv and LSTM heads), for the integer network and for its float twin,
plus their divergence.
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
import metrics
import model
from train import save

NAMES = ("conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "head1", "head2", "scores")
POOLED = (True,) * 6 + (True, False)
AVERAGED = {5: 8, 7: 12}
FEATURE_DROPOUT = 0.15
SCORE_LIMIT = 2.0 ** 22


def folded(state, prefix="e:"):
    """Kernels [k][c][o] and biases of the nine layers, batch norm folded, f64."""
    result = []
    for name in NAMES:
        get = lambda part: np.asarray(state[f"{prefix}{name}/{part}"], np.float64)
        if name == "scores":
            result.append((get("kernel")[None], get("bias")))
            continue
        gain = get("gamma") / np.sqrt(get("variance") + model.EPSILON)
        result.append((get("kernel") * gain, get("beta") - get("mean") * gain))
    return result


def windows_of(segments):
    """Integer segments [n][6000] -> f32 windows [n * 25][1][512][1]."""
    index = data.WINDOW_STARTS[:, None] + np.arange(data.WINDOW)
    return tf.cast(tf.reshape(tf.gather(segments, index, axis=1), [-1, 1, data.WINDOW, 1]), tf.float32)


def _reduce(layer, x):
    """What follows layer's activation: the sum over the window's positions, then windows as a sequence."""
    if layer == 5:
        return tf.reshape(tf.reduce_sum(x[:, 0], axis=1), [-1, 1, data.WINDOWS, x.shape[3]])
    return tf.reduce_sum(x, axis=2, keepdims=True) if layer == 7 else x


def channel_ranges(layers, segments, percentile):
    """Per layer and channel the `percentile` of the pooled activations in real units."""
    x, ranges = windows_of(segments) / data.INPUT_SCALE, []
    for i, (kernel, bias) in enumerate(layers[:-1]):
        x = tf.nn.relu(tf.nn.conv2d(x, tf.constant(kernel[None], tf.float32), 1, "SAME") + bias.astype(np.float32))
        x = tf.nn.max_pool2d(x, [1, 2], [1, 2], "VALID") if POOLED[i] else x
        ranges.append(np.maximum(np.percentile(x.numpy().reshape(-1, x.shape[3]), percentile, axis=0), 1e-3))
        x = _reduce(i, x) / AVERAGED.get(i, 1)
    return ranges


def set_up(layers, ranges, plan):
    """Latent weights in integer units and the shifts, from the folded network and the plan of widths."""
    units, low, high = np.array([data.INPUT_SCALE]), -(1 << data.INPUT_BITS - 1), (1 << data.INPUT_BITS - 1) - 1
    values, shifts = {}, []
    for i, (kernel, bias) in enumerate(layers):
        limit = (1 << plan["weight_bits"][i] - 1) - 1
        exact = kernel / units[:, None]
        if i == len(layers) - 1:
            scale = np.full(exact.shape[2], 0.8 * limit / np.abs(exact).max())
            values["score_unit"] = scale[0]
        else:
            bits, ell = plan["activation_bits"][i], plan["ell"][i]
            worst = np.maximum(np.maximum(exact, 0).sum((0, 1)), -np.minimum(exact, 0).sum((0, 1))) * high
            if low < 0:
                worst = np.abs(exact).sum((0, 1)) * -low
            allowed = np.minimum(2.0 ** (ell - 2) / (worst + np.abs(bias)), limit / np.abs(exact).max((0, 1)))
            wanted = (2.0 ** bits - 1) / ranges[i]
            shift = int(np.floor(np.log2(np.percentile(allowed / wanted, plan["share"]))))
            shift = max(1, min(shift, ell - bits - 1))
            scale = np.minimum(wanted * 2.0 ** shift, allowed)
            shifts.append(shift)
            units = scale / 2.0 ** shift * AVERAGED.get(i, 1)
            low, high = 0, ((1 << bits) - 1) * AVERAGED.get(i, 1)
        values[f"{NAMES[i]}/kernel"] = (exact * scale).astype(np.float32)
        values[f"{NAMES[i]}/bias"] = (bias * scale).astype(np.float32)
    return values, shifts


def straight_through(exact, rounded):
    """The value of `rounded` with the gradient of `exact`."""
    return exact + tf.stop_gradient(rounded - exact)


class Quantised:
    """Latent variables with the integer forward pass and its float twin."""

    def __init__(self, values, plan, shifts, snap=0.0):
        self.plan, self.shifts, self.snap = plan, shifts, snap
        self.unit = float(values["score_unit"])
        self.p = {k: tf.Variable(v) for k, v in values.items() if k != "score_unit"}
        self.budget = {}
        self.high = []
        high = 1 << data.INPUT_BITS - 1
        for i, name in enumerate(NAMES):
            self.high.append(float(high))
            count = self.p[f"{name}/bias"].shape[0]
            limit = 2.0 ** (plan["ell"][i] - 2) - 1 if i < 8 else SCORE_LIMIT
            self.budget[name] = tf.Variable(tf.fill([count], tf.constant(limit, tf.float32)), trainable=False)
            high = ((1 << plan["activation_bits"][i]) - 1) * AVERAGED.get(i, 1) if i < 8 else 0

    def limit(self, i):
        """Largest weight magnitude of layer i."""
        return float((1 << self.plan["weight_bits"][i] - 1) - 1)

    def effective(self, p, i):
        """Latent kernel and bias of layer i, each channel scaled down until its worst case fits the budget."""
        kernel, bias = p[f"{NAMES[i]}/kernel"], p[f"{NAMES[i]}/bias"]
        if i == 0:
            norm = tf.reduce_sum(tf.abs(kernel), axis=[0, 1])
        else:
            norm = tf.maximum(tf.reduce_sum(tf.nn.relu(kernel), axis=[0, 1]), tf.reduce_sum(tf.nn.relu(-kernel), axis=[0, 1]))
        room = tf.maximum(self.budget[NAMES[i]] - tf.abs(bias), 1.0)
        return kernel * tf.minimum(1.0, room / (norm * self.high[i] + 1e-6)), bias

    def logits(self, p, segments, integer, dropout=0.0, fast=False, excess=None):
        """Logits [n][4]; `integer` rounds weights, biases and activations, else the float twin (`fast`: in bf16).

        `excess` collects, per layer, how far the activations overshoot saturation on average, as a share of the range.
        """
        x = windows_of(segments)
        for i, name in enumerate(NAMES):
            kernel, bias = self.effective(p, i)
            if integer:
                kernel = straight_through(kernel, tf.clip_by_value(tf.round(kernel), -self.limit(i), self.limit(i)))
                bias = straight_through(bias, tf.round(bias))
            else:
                kernel = straight_through(kernel, kernel + self.snap * (tf.round(kernel) - kernel))
            if fast and 2 <= i < 6:
                x, kernel = tf.cast(x, tf.bfloat16), tf.cast(kernel, tf.bfloat16)
            x = tf.cast(tf.nn.conv2d(x, kernel[None], 1, "SAME"), tf.float32) + bias
            if i == 8:
                return x[:, 0, 0] / self.unit
            x = tf.nn.max_pool2d(x, [1, 2], [1, 2], "VALID") if POOLED[i] else x
            x = x * 2.0 ** -self.shifts[i]
            if excess is not None:
                top = 2.0 ** self.plan["activation_bits"][i] - 1
                excess.append(tf.reduce_mean(tf.nn.relu(x - top)) / top)
            if integer:
                x = tf.clip_by_value(straight_through(x, tf.floor(x + 0.5)), 0.0, 2.0 ** self.plan["activation_bits"][i] - 1)
            else:
                x = tf.nn.relu(x)
            x = _reduce(i, x)
            if i == 5 and dropout:
                x = tf.nn.dropout(x, dropout, noise_shape=[tf.shape(x)[0], 1, 1, x.shape[3]])

    def integers(self, p):
        """[(w_int [o][c][k], b_int)] of all layers."""
        result = []
        for i in range(len(NAMES)):
            kernel, bias = self.effective(p, i)
            kernel = np.clip(np.round(kernel.numpy()), -self.limit(i), self.limit(i))
            result.append((kernel.transpose(2, 1, 0).astype(np.int64), np.round(bias.numpy()).astype(np.int64)))
        return result

    def worst_cases(self, p):
        """Per layer the worst |acc| of every channel over all inputs, for the rounded weights."""
        result = []
        for i, (weight, bias) in enumerate(self.integers(p)):
            positive, negative = np.maximum(weight, 0).sum((1, 2)), np.minimum(weight, 0).sum((1, 2))
            low, high = (-self.high[0], self.high[0] - 1) if i == 0 else (0, self.high[i])
            result.append(np.maximum(np.abs(bias + positive * high + negative * low),
                                     np.abs(bias + positive * low + negative * high)))
        return result

    def tighten(self, p):
        """Lowers the budget of channels whose rounded weights exceed it; returns how many did."""
        count = 0
        for i, worst in enumerate(self.worst_cases(p)[:8]):
            over = worst >= 2.0 ** (self.plan["ell"][i] - 2)
            count += int(over.sum())
            budget = self.budget[NAMES[i]]
            budget.assign(tf.where(over, budget * 0.985, budget))
        return count

    def widths(self, p):
        """`ell` of every layer (quantisation.md)."""
        result = []
        for i, worst in enumerate(self.worst_cases(p)):
            bits = int(worst.max()).bit_length()
            result.append(bits + 1 if i == 8 else
                          max(bits + 2, self.shifts[i] + self.plan["activation_bits"][i] + 1, self.shifts[i] + 2))
        return result


class Optimiser:
    """Adam whose steps are relative to each layer's typical weight, with a moving average of the weights."""

    def __init__(self, network, average):
        self.p, self.average = network.p, average
        self.scale = {}
        for i, name in enumerate(NAMES):
            step = 2.0 ** (network.shifts[i] + network.plan["activation_bits"][i]) if i < 8 else 3 * network.unit
            self.scale[f"{name}/kernel"] = float(np.sqrt(np.mean(self.p[f"{name}/kernel"].numpy() ** 2)))
            self.scale[f"{name}/bias"] = 0.02 * step
        self.bounds = {f"{name}/kernel": network.limit(i) + 0.45 for i, name in enumerate(NAMES)}
        self.first = {k: tf.Variable(tf.zeros_like(v)) for k, v in self.p.items()}
        self.second = {k: tf.Variable(tf.zeros_like(v)) for k, v in self.p.items()}
        self.ema = {k: tf.Variable(v) for k, v in self.p.items()}
        self.step = tf.Variable(0.0)

    def apply(self, gradients, rate):
        """One update; gradients in the order of the variables."""
        self.step.assign_add(1.0)
        correction = tf.sqrt(1 - 0.999 ** self.step) / (1 - 0.9 ** self.step)
        keep = tf.minimum(self.average, (1 + self.step) / (10 + self.step))
        for (name, w), g in zip(self.p.items(), gradients):
            m, v = self.first[name], self.second[name]
            m.assign_add(0.1 * (g - m))
            v.assign_add(0.001 * (g * g - v))
            change = rate * self.scale[name] * correction * m / (tf.sqrt(v) + 1e-9)
            bound = self.bounds.get(name)
            w.assign(tf.clip_by_value(w - change, -bound, bound) if bound else w - change)
            self.ema[name].assign_sub((1 - keep) * (self.ema[name] - w))


def evaluate(network, p, forward, segments, owner, truth, teacher_scores):
    """Record-level figures of the integer network and its float twin, and their agreement."""
    outputs = {}
    for integer in (True, False):
        scores = np.concatenate([forward(integer)(segments[i:i + 32]).numpy() for i in range(0, len(segments), 32)])
        outputs[integer] = metrics.record_scores(scores, owner, len(truth)).argmax(1)
    teacher = metrics.record_scores(teacher_scores, owner, len(truth)).argmax(1)
    return {
        "integer": metrics.summary(truth, outputs[True]),
        "float": metrics.summary(truth, outputs[False]),
        "agreement": float((outputs[True] == outputs[False]).mean()),
        "agreement_teacher": float((outputs[True] == teacher).mean()),
        "ell": network.widths(p),
    }


def build_step(network, optimiser, teacher, float_share, saturation):
    """The compiled training step: teacher logits, integer and float losses, update."""

    @tf.function(reduce_retracing=True)
    def step(segments, labels, rate):
        x = model.features(teacher, tf.cast(segments, tf.float32) / data.INPUT_SCALE, True, False, fast=True)
        guide = tf.nn.softmax((model.conv_head(teacher, x, False) + model.lstm_head(teacher, x)) / 2)
        target = 0.4 * (0.95 * tf.one_hot(labels, 4) + 0.0125) + 0.6 * guide
        part = tf.cast(tf.cast(tf.shape(segments)[0], tf.float32) * float_share, tf.int32)
        with tf.GradientTape() as tape:
            excess = []
            exact = network.logits(network.p, segments, True, FEATURE_DROPOUT, excess=excess)
            loss = saturation * tf.add_n(excess) + tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(target, exact))
            if float_share > 0:
                twin = network.logits(network.p, segments[:part], False, fast=True)
                plain = tf.nn.softmax_cross_entropy_with_logits(target[:part], twin)
                apart = tf.reduce_sum(tf.square(tf.nn.softmax(twin) - tf.nn.softmax(exact[:part])), axis=1)
                loss += 0.5 * tf.reduce_mean(plain) + 3.0 * tf.reduce_mean(apart)
        variables = list(network.p.values())
        optimiser.apply(tape.gradient(loss, variables), rate)
        return loss

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the recordings, raw or prepared (prepare.py)")
    parser.add_argument("--float", default="cache/float/epoch98.npz", help="checkpoint of train.py to start from")
    parser.add_argument("--out", default="cache/quantised", help="directory for checkpoints")
    parser.add_argument("--activation-bits", default="5,5,5,5,5,5,6,6")
    parser.add_argument("--weight-bits", default="6,6,6,6,6,6,6,6,8")
    parser.add_argument("--ell", default="16,15,15,16,17,18,22,20")
    parser.add_argument("--share", type=float, default=30, help="percentile of channels that limits the shift")
    parser.add_argument("--percentile", type=float, default=99.8, help="activation range kept by calibration")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--stop", type=int, default=10**6, help="stop after this epoch of the schedule")
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--float-share", type=float, default=0.5)
    parser.add_argument("--average", type=float, default=0.99, help="decay of the moving average of the weights, per step")
    parser.add_argument("--snap", type=float, default=0.9, help="how far the float twin's weights stand towards their integers")
    parser.add_argument("--saturation", type=float, default=0.0, help="penalty on activations beyond saturation")
    parser.add_argument("--start", help="checkpoint of an earlier run to continue from (its weights, shifts and budgets)")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(a.seed)
    os.makedirs(a.out, exist_ok=True)
    numbers = lambda text: [int(v) for v in text.split(",")]
    plan = {"activation_bits": numbers(a.activation_bits), "weight_bits": numbers(a.weight_bits),
            "ell": numbers(a.ell), "share": a.share, "percentile": a.percentile}

    recordings = data.Recordings(a.data)
    training, validation = data.split(recordings)
    segments, owner = data.evaluation_set(recordings, validation)
    truth = recordings.label[validation]
    with np.load(getattr(a, "float")) as state:
        layers = folded(state)
        teacher = {k[2:]: tf.constant(state[k]) for k in state.files if k.startswith("e:")}
    rng = np.random.default_rng(a.seed)
    calibration, _ = data.evaluation_set(recordings, rng.choice(training, 200, replace=False))
    values, shifts = set_up(layers, channel_ranges(layers, calibration, a.percentile), plan)
    if a.start:
        with np.load(a.start) as earlier:
            values = {k[2:]: earlier[k] for k in earlier.files if k.startswith("e:")} | {"score_unit": float(earlier["unit"])}
            shifts = json.loads(str(earlier["plan"]))["shifts"]
    network = Quantised(values, plan, shifts, a.snap)
    for _ in range(20 if a.start else 0):
        network.tighten(network.p)
    optimiser = Optimiser(network, a.average)
    forwards = {i: tf.function(lambda s, i=i: network.logits(optimiser.ema, s, i), reduce_retracing=True) for i in (True, False)}

    @tf.function(reduce_retracing=True)
    def teach(s):
        return model.conv_head(teacher, model.features(teacher, tf.cast(s, tf.float32) / data.INPUT_SCALE, True, False), False)

    teacher_scores = np.concatenate([teach(segments[i:i + 32]).numpy() for i in range(0, len(segments), 32)])
    reference = metrics.summary(truth, metrics.record_scores(teacher_scores, owner, len(truth)).argmax(1))
    print("float network with batch norm", reference, "plan", plan, "shifts", shifts, flush=True)
    step = build_step(network, optimiser, teacher, a.float_share, a.saturation)

    def report(epoch, loss, seconds):
        over = network.tighten(optimiser.ema)
        r = evaluate(network, optimiser.ema, lambda i: forwards[i], segments, owner, truth, teacher_scores)
        row = [epoch, f"{loss:.4f}", f"{seconds:.0f}", over] + [f"{r[k][m]:.4f}" for k in ("integer", "float") for m in ("accuracy", "challenge_score")]
        row += [f"{r['agreement']:.4f}", f"{r['agreement_teacher']:.4f}", " ".join(map(str, r["ell"]))]
        print(",".join(map(str, row)), flush=True)
        with open(os.path.join(a.out, "log.csv"), "a", newline="") as f:
            csv.writer(f).writerow(row)
        kept = {f"e:{k}": v.numpy() for k, v in optimiser.ema.items()} | {f"p:{k}": v.numpy() for k, v in network.p.items()}
        kept |= {f"m:{k}": v.numpy() for k, v in optimiser.first.items()} | {f"v:{k}": v.numpy() for k, v in optimiser.second.items()}
        kept |= {f"budget:{k}": v.numpy() for k, v in network.budget.items()}
        kept |= {"scale": json.dumps(optimiser.scale), "step": optimiser.step.numpy(), "epoch": epoch, "unit": network.unit, "plan": json.dumps(plan | {"shifts": shifts})}
        save(os.path.join(a.out, "last.npz"), kept)

    epoch = 0
    if os.path.exists(os.path.join(a.out, "last.npz")):
        with np.load(os.path.join(a.out, "last.npz")) as state:
            for prefix, group in (("e:", optimiser.ema), ("p:", network.p), ("m:", optimiser.first), ("v:", optimiser.second), ("budget:", network.budget)):
                for k, v in group.items():
                    v.assign(state[prefix + k])
            optimiser.step.assign(state["step"])
            optimiser.scale = json.loads(str(state["scale"]))
            network.unit, epoch = float(state["unit"]), int(state["epoch"])
    else:
        report(0, 0, 0)
    while epoch < min(a.epochs, a.stop):
        began, losses = time.time(), []
        batches = data.training_batches(recordings, training, a.batch, np.random.default_rng([a.seed, epoch]))
        for number, (x, y) in enumerate(data.prefetched(batches)):
            progress = min(1.0, (epoch + number / 110) / a.epochs)
            warm = min(1.0, (epoch * 110 + number + 1) / 60)
            rate = a.rate * warm * (0.5 + 0.5 * np.cos(np.pi * progress)) + 1e-6
            losses.append(float(step(x, y, tf.constant(rate, tf.float32))))
        epoch += 1
        report(epoch, np.mean(losses), time.time() - began)


if __name__ == "__main__":
    main()
