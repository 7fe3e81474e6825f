"""The float network: six convolution blocks with batch normalisation and three heads over the 25 windows.

Weights live in a flat dictionary name -> tf.Variable, so that checkpoints are plain NPZ files.  `features` has two
forms: `windowed` is the network proper (25 windows of 512 samples, zero padding at every window edge); `whole` runs the
blocks over the whole segment once and averages the positions that a window covers: half the work, for pre-training.
"""
import numpy as np
import tensorflow as tf

from data import SEGMENT, WINDOW, WINDOWS, WINDOW_STARTS

CHANNELS = (1, 8, 16, 32, 64, 128, 256)
BLOCKS = len(CHANNELS) - 1
HEAD_CHANNELS = (128, 128)
HEAD_KERNEL = 5
LSTM_UNITS = 128
EPSILON = 1e-3
MOMENTUM = 0.98


def initial_parameters(seed):
    """Fresh weights: He-normal kernels, orthogonal recurrent kernel, forget bias 1."""
    rng = np.random.default_rng(seed)
    values = {}

    def normalisation(name, count):
        values[f"{name}/gamma"], values[f"{name}/beta"] = np.ones(count), np.zeros(count)
        values[f"{name}/mean"], values[f"{name}/variance"] = np.zeros(count), np.ones(count)

    def conv(name, kernel, fan_in, count):
        values[f"{name}/kernel"] = rng.normal(0, np.sqrt(2 / (kernel * fan_in)), (kernel, fan_in, count))
        normalisation(name, count)

    def dense(name, fan_in, count):
        values[f"{name}/kernel"] = rng.normal(0, np.sqrt(1 / fan_in), (fan_in, count))
        values[f"{name}/bias"] = np.zeros(count)

    for i in range(BLOCKS):
        conv(f"conv{i + 1}", 5, CHANNELS[i], CHANNELS[i + 1])
    conv("head1", HEAD_KERNEL, CHANNELS[-1], HEAD_CHANNELS[0])
    conv("head2", HEAD_KERNEL, *HEAD_CHANNELS)
    dense("scores", HEAD_CHANNELS[1], 4)
    dense("average", CHANNELS[-1], 4)
    values["lstm/kernel"] = rng.normal(0, np.sqrt(1 / CHANNELS[-1]), (CHANNELS[-1], 4 * LSTM_UNITS))
    square = [np.linalg.qr(rng.normal(size=(LSTM_UNITS, LSTM_UNITS)))[0] for _ in range(4)]
    values["lstm/recurrent"] = np.concatenate(square, axis=1)
    values["lstm/bias"] = np.concatenate([np.zeros(LSTM_UNITS), np.ones(LSTM_UNITS), np.zeros(2 * LSTM_UNITS)])
    dense("lstm_scores", LSTM_UNITS, 4)
    return {k: v.astype(np.float32) for k, v in values.items()}


def is_statistic(name):
    """Running statistics follow the data, not the gradient."""
    return name.endswith(("/mean", "/variance"))


def variables(values):
    """Dictionary of arrays -> dictionary of tf.Variables."""
    return {k: tf.Variable(v, trainable=not is_statistic(k), name=k.replace("/", "_")) for k, v in values.items()}


def _normalise(p, name, x, training):
    scale, offset = p[f"{name}/gamma"], p[f"{name}/beta"]
    mean, variance = p[f"{name}/mean"], p[f"{name}/variance"]
    if not training:
        return tf.nn.batch_normalization(x, *(tf.cast(v, x.dtype) for v in (mean, variance, offset, scale)), EPSILON)
    y, batch_mean, batch_variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=x, scale=scale, offset=offset, mean=tf.zeros([0]), variance=tf.zeros([0]), epsilon=EPSILON, is_training=True)
    mean.assign_add((1 - MOMENTUM) * (batch_mean - mean))
    variance.assign_add((1 - MOMENTUM) * (batch_variance - variance))
    return y


def _conv(p, name, x, training, pool, dtype=tf.float32):
    """[n][1][length][c] -> conv, batch norm, ReLU and, if asked, max-pooling by 2."""
    x = tf.nn.conv2d(tf.cast(x, dtype), tf.cast(p[f"{name}/kernel"], dtype)[None], 1, "SAME")
    x = tf.nn.relu(_normalise(p, name, x, training))
    return tf.nn.max_pool2d(x, [1, 2], [1, 2], "VALID") if pool else x


def _whole_matrix():
    positions = SEGMENT >> BLOCKS
    matrix = np.zeros((WINDOWS, positions), np.float32)
    for k, start in enumerate(WINDOW_STARTS):
        first = min(int(round(start / 64)), positions - 8)
        matrix[k, first:first + 8] = 1 / 8
    return matrix


def features(p, segments, windowed, training, fast=None):
    """Segments in mV [n][6000] -> features [n][25][256]; `fast` (default: in training) uses bf16 from the third block on."""
    fast = training if fast is None else fast
    count = tf.shape(segments)[0]
    if windowed:
        index = WINDOW_STARTS[:, None] + np.arange(WINDOW)
        x = tf.reshape(tf.gather(segments, index, axis=1), [count * WINDOWS, 1, WINDOW, 1])
    else:
        x = tf.reshape(segments, [count, 1, SEGMENT, 1])
    for i in range(BLOCKS):
        x = _conv(p, f"conv{i + 1}", x, training, True, tf.bfloat16 if fast and i >= 2 else tf.float32)
    x = tf.cast(x[:, 0], tf.float32)
    if windowed:
        return tf.reshape(tf.reduce_mean(x, axis=1), [count, WINDOWS, CHANNELS[-1]])
    return tf.einsum("wp,npc->nwc", _whole_matrix(), x)


def conv_head(p, x, training, dropout=0.0):
    """Features [n][25][256] -> logits [n][4]."""
    x = _conv(p, "head1", x[:, None], training, True)
    if dropout:
        x = tf.nn.dropout(x, dropout)
    x = tf.reduce_mean(_conv(p, "head2", x, training, False)[:, 0], axis=1)
    if dropout:
        x = tf.nn.dropout(x, dropout)
    return x @ p["scores/kernel"] + p["scores/bias"]


def average_head(p, x):
    """Features [n][25][256] -> logits [n][4]."""
    return tf.reduce_mean(x, axis=1) @ p["average/kernel"] + p["average/bias"]


def lstm_head(p, x, dropout=0.0):
    """Features [n][25][256] -> logits [n][4]; gate order and equations as Keras: i, f, c, o."""
    inputs = x @ p["lstm/kernel"] + p["lstm/bias"]
    hidden = cell = tf.zeros([tf.shape(x)[0], LSTM_UNITS])
    for k in range(WINDOWS):
        gates = inputs[:, k] + hidden @ p["lstm/recurrent"]
        i, f, c, o = tf.split(gates, 4, axis=1)
        cell = tf.sigmoid(f) * cell + tf.sigmoid(i) * tf.tanh(c)
        hidden = tf.sigmoid(o) * tf.tanh(cell)
    if dropout:
        hidden = tf.nn.dropout(hidden, dropout)
    return hidden @ p["lstm_scores/kernel"] + p["lstm_scores/bias"]
