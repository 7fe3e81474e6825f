"""What the six frozen blocks of `deepcardio-conv.h5` give: integer features [segments][25][256], cached for `lstm.py`.

The blocks run in TensorFlow in f32, which is exact here (every sum stays far below 2^24); a sample is compared with
`integer.py`.  One file holds the validation segments, the others one augmented pass over the training records each.
Beside the features stand labels and the logits of the file's own head (for distillation).
"""
import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np
import tensorflow as tf

import data
import integer
from train import save

BLOCKS = 6
BATCH = 32


def network_of(path):
    """The integer network of the file, which must begin with the six blocks."""
    network = integer.load(path)
    if [layer.average for layer in network.layers[:BLOCKS]] != [""] * (BLOCKS - 1) + ["positions"]:
        raise ValueError("the file does not begin with six blocks and an average")
    return network


def _layer(x, layer):
    """[n][1][length][c] -> convolution, max-pool, step; all values are integers in f32."""
    kernel = tf.constant(layer.weight.transpose(2, 1, 0)[None], tf.float32)
    x = tf.nn.conv2d(x, kernel, 1, "SAME") + tf.constant(layer.offset, tf.float32)
    x = tf.nn.max_pool2d(x, [1, 2], [1, 2], "VALID") if layer.pool else x
    return tf.clip_by_value(tf.floor(x * 2.0 ** -layer.shift + 0.5), 0.0, 2.0 ** layer.bits - 1)


def build(network):
    """The compiled function: integer segments [n][6000] -> (features [n][25][256], logits [n][4])."""

    @tf.function(reduce_retracing=True)
    def forward(segments):
        index = data.WINDOW_STARTS[:, None] + np.arange(data.WINDOW)
        x = tf.reshape(tf.gather(segments, index, axis=1), [-1, 1, data.WINDOW, 1])
        for layer in network.layers[:BLOCKS]:
            x = _layer(x, layer)
        features = tf.reshape(tf.reduce_sum(x, axis=[1, 2]), [-1, data.WINDOWS, x.shape[3]])
        x = features[:, None]
        for layer in network.layers[BLOCKS:-1]:
            x = _layer(x, layer)
        last = network.layers[-1]
        scores = tf.reduce_sum(x, axis=[1, 2]) @ tf.constant(last.weight[:, :, 0].T, tf.float32)
        return features, (scores + tf.constant(last.offset, tf.float32)) * network.score_scale

    return forward


def run(forward, segments):
    """All segments -> (u16 features, f32 logits)."""
    parts = [forward(tf.constant(segments[i:i + BATCH], tf.float32)) for i in range(0, len(segments), BATCH)]
    return (np.concatenate([f.numpy().astype(np.uint16) for f, _ in parts]),
            np.concatenate([g.numpy() for _, g in parts]))


def check(network, forward, segments):
    """Compares features and scores of `segments` with the exact network; raises where they differ."""
    trace = []
    exact = network.scores(integer.windows_of(segments), trace)
    block = network.layers[BLOCKS - 1]
    wanted = network.step(block, dict(trace)[block.name]).sum(2).reshape(len(segments), data.WINDOWS, -1)
    features, logits = run(forward, segments)
    scores = np.rint(logits.astype(np.float64) / network.score_scale)
    if not np.array_equal(features, wanted) or not np.array_equal(scores, exact):
        raise ValueError("the fast blocks differ from the exact ones")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the recordings, raw or prepared (prepare.py)")
    parser.add_argument("--model", default="../deepcardio-conv.h5")
    parser.add_argument("--out", required=True, help="directory for the cached features (outside the repository)")
    parser.add_argument("--passes", type=int, default=20, help="augmented passes over the training records")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    a = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    os.makedirs(a.out, exist_ok=True)
    recordings = data.Recordings(a.data)
    network = network_of(a.model)
    forward = build(network)

    def keep(name, segments, **more):
        features, guide = run(forward, segments)
        save(os.path.join(a.out, f"{name}.npz"), {"features": features, "guide": guide, **more})
        print(name, features.shape, "largest", features.max(), flush=True)

    training, validation = data.split(recordings)
    segments, owner = data.evaluation_set(recordings, validation)
    check(network, forward, segments[:16])
    keep("validation", segments, owner=owner, truth=recordings.label[validation])
    for number in range(a.passes):
        rng = np.random.default_rng([a.seed, number])
        batches = list(data.training_batches(recordings, training, BATCH, rng))
        segments, truth = (np.concatenate(part) for part in zip(*batches))
        keep(f"pass{number:02d}", segments, truth=truth)


if __name__ == "__main__":
    main()
