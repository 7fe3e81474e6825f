"""The student: a network of the served kind, smaller, and how it learns from each kind of answer.

It reads the whole segment at 100 Hz (neighbouring samples averaged): five convolutions with batch
norm and ReLU, of which the first two skip every other position and the middle three are followed by
`maxpool 2`, then the average and a dense layer.  The served network works on 25 windows of 512
samples at 200 Hz and has ten times the weights; this one trains in a tenth of the time.
"""
import numpy as np
import tensorflow as tf

import data

# Taps, channels out, stride, whether a pool follows.
LAYERS = ((7, 16, 2, False), (5, 32, 2, True), (5, 48, 1, True), (5, 64, 1, True), (5, 64, 1, False))
CLASSES = 4
MOMENTUM = 0.95
EPSILON = 1e-3
DROPOUT = 0.2
# Weight of the distance to known scores, and to the interval that a level names.
DISTANCE = 0.2


def initial_parameters(seed):
    """Fresh weights, He-normal."""
    rng = np.random.default_rng(seed)
    values = {}
    fan_in = 1
    for i, (taps, count, _, _) in enumerate(LAYERS):
        scale = np.sqrt(2 / (taps * fan_in))
        values[f"conv{i}/kernel"] = rng.normal(0, scale, (1, taps, fan_in, count))
        values[f"conv{i}/gamma"], values[f"conv{i}/beta"] = np.ones(count), np.zeros(count)
        values[f"conv{i}/mean"], values[f"conv{i}/variance"] = np.zeros(count), np.ones(count)
        fan_in = count
    values["scores/kernel"] = rng.normal(0, np.sqrt(1 / fan_in), (fan_in, CLASSES))
    values["scores/bias"] = np.zeros(CLASSES)
    return {name: value.astype(np.float32) for name, value in values.items()}


def weight_count():
    """Weights of the student, biases and norms left out."""
    return sum(v.size for name, v in initial_parameters(0).items() if name.endswith("kernel"))


def _normalised(p, name, x, training):
    scale, offset = p[f"{name}/gamma"], p[f"{name}/beta"]
    mean, variance = p[f"{name}/mean"], p[f"{name}/variance"]
    if not training:
        return tf.nn.batch_normalization(x, mean, variance, offset, scale, EPSILON)
    y, *now = tf.raw_ops.FusedBatchNormV3(x=x, scale=scale, offset=offset, mean=tf.zeros([0]),
                                          variance=tf.zeros([0]), epsilon=EPSILON, is_training=True)
    for statistic, batch in zip((mean, variance), now):
        statistic.assign_add((1 - MOMENTUM) * (batch - statistic))
    return y


def logits(p, x, training):
    """Millivolts [n][3000] -> logits [n][4]."""
    x = x[:, None, :, None]
    for i, (_, _, stride, pooled) in enumerate(LAYERS):
        x = tf.nn.conv2d(x, p[f"conv{i}/kernel"], [1, 1, stride, 1], "SAME")
        x = tf.nn.relu(_normalised(p, f"conv{i}", x, training))
        if pooled:
            x = tf.nn.max_pool2d(x, [1, 2], [1, 2], "VALID")
    x = tf.reduce_mean(x, axis=[1, 2])
    x = tf.nn.dropout(x, DROPOUT) if training else x
    return x @ p["scores/kernel"] + p["scores/bias"]


def millivolts(segments):
    """Integer segments [n][6000] -> what the student reads, [n][3000]."""
    pairs = np.asarray(segments, np.float32).reshape(len(segments), -1, 2)
    return pairs.mean(2) / np.float32(data.INPUT_SCALE)


def augmented(rows, rng):
    """Rows moved by up to 1.5 s, scaled, noisy, a stretch blanked: changes that hardly move an answer."""
    out = np.zeros_like(rows)
    for row, target in zip(rows, out):
        offset = int(rng.integers(0, 150))
        target[offset:] = row[:len(row) - offset] * np.float32(np.exp(rng.normal(0, 0.15)))
        if rng.random() < 0.3:
            begin = int(rng.integers(0, len(row)))
            target[begin:begin + int(rng.integers(50, 300))] = 0
    return out + rng.normal(0, 0.01, out.shape).astype(np.float32)


class Answers:
    """What a policy reveals of each query, as the student's targets; logits are scores in real units."""

    def __init__(self, policy, stored):
        scale, thresholds = float(stored["score_scale"]), np.asarray(stored["thresholds"], np.float64)
        scores = stored["pool_scores"] * scale
        label = stored["pool_truth"] if policy == "truth" else scores.argmax(1)
        self.policy, self.label = policy, np.eye(CLASSES, dtype=np.float32)[label]
        # Between which margins the label's score is ahead of the others: anything, unless revealed.
        edges = np.concatenate([[0.0], thresholds * scale, [np.inf]])
        level = (stored["pool_scores"].max(1) - np.sort(stored["pool_scores"], 1)[:, -2])[:, None]
        level = (level >= thresholds).sum(1)
        self.interval = np.stack([edges[level], edges[level + 1]], 1).astype(np.float32)
        if policy == "scores":
            self.scores = (scores - scores.mean(1, keepdims=True)).astype(np.float32)
            exact = np.exp(scores - scores.max(1, keepdims=True))
            self.target = (exact / exact.sum(1, keepdims=True)).astype(np.float32)
        else:
            self.scores = np.zeros((len(label), CLASSES), np.float32)
            self.target = self._guess(level, edges)

    def _guess(self, level, edges):
        """Probabilities that a label, or a label and a level, suggests."""
        if self.policy == "confidence":
            middle = (edges[:-1] + np.minimum(edges[1:], 1.5 * edges[-2])) / 2
            sure = (1 / (1 + np.exp(-middle)))[level][:, None]
        else:
            sure = 0.95
        return (sure * self.label + (1 - sure) * (1 - self.label) / (CLASSES - 1)).astype(np.float32)

    def batch(self, rows):
        """Targets of some queries."""
        return self.target[rows], self.label[rows], self.scores[rows], self.interval[rows]


def loss(policy, z, target, label, scores, interval):
    """The student's loss for logits z: cross-entropy, and what else the policy tells of the scores."""
    total = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(target, z))
    if policy == "scores":
        distance = z - tf.reduce_mean(z, axis=1, keepdims=True) - scores
        total += DISTANCE * tf.reduce_mean(tf.square(distance))
    if policy == "confidence":
        ahead = tf.reduce_sum(z * label, axis=1) - tf.reduce_max(z - 1e9 * label, axis=1)
        beyond = tf.nn.relu(interval[:, 0] - ahead) + tf.nn.relu(ahead - interval[:, 1])
        total += DISTANCE * tf.reduce_mean(tf.square(beyond))
    return total
