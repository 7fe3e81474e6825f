"""Segments, the training/validation split and augmentation, all on the prepared 200 Hz recordings."""
import numpy as np

import prepare

SEGMENT = 6000
WINDOW = 512
WINDOWS = 25
WINDOW_STARTS = np.array([16 * int(np.floor(343 * k / 24 + 0.5)) for k in range(WINDOWS)])
INPUT_BITS = 8
INPUT_SCALE = 96.0
CLASSES = ("normal", "af", "other", "noise")
SPLIT_SEED = 2017
VALIDATION_SHARE = 0.13
DUPLICATES = ((227, 1176), (2656, 3123))


class Recordings:
    """Band-passed millivolts at 200 Hz, labels and record numbers; raw recordings are prepared in memory."""

    def __init__(self, path):
        with np.load(path) as stored:
            arrays = prepare.prepared(stored) if "gain_adu_per_mv" in stored.files else stored
            self.samples, self.offsets = arrays["samples"], arrays["offsets"]
            self.label, self.record = arrays["label"].astype(np.int64), arrays["record"]

    def __len__(self):
        return len(self.label)

    def signal(self, index):
        """The whole recording `index`, float32 millivolts."""
        return self.samples[self.offsets[index]:self.offsets[index + 1]]


def split(recordings):
    """Indices (training, validation), stratified by label; known duplicates stay in training."""
    rng = np.random.default_rng(SPLIT_SEED)
    duplicated = {number for pair in DUPLICATES for number in pair}
    free = np.array([int(r) not in duplicated for r in recordings.record])
    validation = []
    for label in range(len(CLASSES)):
        members = rng.permutation(np.flatnonzero((recordings.label == label) & free))
        validation.append(members[:round(VALIDATION_SHARE * len(members))])
    validation = np.sort(np.concatenate(validation))
    training = np.setdiff1d(np.arange(len(recordings)), validation)
    return training, validation


def quantise_input(millivolts):
    """Millivolts -> integers of INPUT_BITS bits, rounding half away from zero (computed in f64)."""
    scaled = np.asarray(millivolts, np.float64) * INPUT_SCALE
    rounded = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
    limit = 1 << (INPUT_BITS - 1)
    return np.clip(rounded, -limit, limit - 1).astype(np.int32)


def segments_of(signal):
    """A recording's 30 s segments: spread evenly when longer, zeros in front when shorter."""
    if len(signal) <= SEGMENT:
        return np.concatenate([np.zeros(SEGMENT - len(signal), signal.dtype), signal])[None]
    count = -(-len(signal) // SEGMENT)
    last = len(signal) - SEGMENT
    starts = [int(np.floor(last * i / (count - 1) + 0.5)) for i in range(count)]
    return np.stack([signal[s:s + SEGMENT] for s in starts])


def evaluation_set(recordings, indices):
    """(integer segments [n][6000], owner of each segment as a position in `indices`)."""
    parts = [quantise_input(segments_of(recordings.signal(i))) for i in indices]
    owner = np.concatenate([np.full(len(p), k) for k, p in enumerate(parts)])
    return np.concatenate(parts), owner


def augmented(signal, rng):
    """One random 30 s segment: crop or offset, speed up to 6 %, sign, gain, noise, a masked stretch."""
    speed = rng.uniform(0.94, 1.06)
    wanted = int(SEGMENT * speed)
    if len(signal) > wanted:
        start = rng.integers(0, len(signal) - wanted + 1)
        signal = signal[start:start + wanted]
    if rng.random() < 0.25:
        signal = signal[int(rng.uniform(0, 0.6) * len(signal)):]
    else:
        signal = signal[:len(signal) - rng.integers(0, 256)]
    count = min(SEGMENT, int(len(signal) / speed))
    stretched = np.interp(np.arange(count) * speed, np.arange(len(signal)), signal)
    stretched *= np.exp(rng.normal(0, 0.2)) * (-1.0 if rng.random() < 0.3 else 1.0)
    if rng.random() < 0.5:
        stretched += rng.normal(0, rng.uniform(0, 0.03), count)
    out = np.zeros(SEGMENT)
    out[SEGMENT - count:] = stretched
    if rng.random() < 0.2:
        begin = rng.integers(0, SEGMENT)
        out[begin:begin + rng.integers(100, 800)] = 0
    return out


def training_batches(recordings, indices, batch, rng):
    """One epoch of (int32 segments [batch][6000], labels), one crop per started minute and record."""
    crops = [max(1, len(recordings.signal(i)) // SEGMENT) for i in indices]
    order = rng.permutation(np.repeat(indices, crops))
    for begin in range(0, len(order) - batch + 1, batch):
        chosen = order[begin:begin + batch]
        rows = np.stack([augmented(recordings.signal(i), rng) for i in chosen])
        yield quantise_input(rows), recordings.label[chosen]


def prefetched(batches, depth=8):
    """Runs a batch generator in a thread, `depth` batches ahead."""
    import queue
    import threading

    ready = queue.Queue(depth)

    def produce():
        for item in batches:
            ready.put(item)
        ready.put(None)

    threading.Thread(target=produce, daemon=True).start()
    while (item := ready.get()) is not None:
        yield item
