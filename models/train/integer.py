"""The integer network in NumPy, built from a `deepcardio.h5` alone (see quantisation.md).

`load` converts, `Network.scores` runs in exact integers, `Network.float_scores` runs the float twin of the same file in f64, and
`Network.widths` gives `ell` of every layer.  Nothing here depends on TensorFlow or Keras.
"""
import json
from dataclasses import dataclass, field

import h5py
import numpy as np

WINDOW = 512
WINDOW_STARTS = np.array([(16 * ((2 * 343 * k + 24) // 48)) for k in range(25)])


def round_half_away(x):
    """Nearest integer, ties away from zero."""
    return np.trunc(x + np.copysign(0.5, x)).astype(np.int64)


@dataclass
class Layer:
    """One layer with weights and what follows it up to the next one."""

    name: str
    dense: bool
    kernel: np.ndarray  # [k][c][o], f64, batch norm folded
    bias: np.ndarray
    pool: bool = False
    relu: bool = False
    average: str = ""  # "", "positions" (inside the windows) or "windows"
    weight: np.ndarray = field(default=None)  # integers [o][c][k]
    offset: np.ndarray = field(default=None)
    shift: int = 0
    bits: int = 0
    weight_bits: int = 0


def _arrays(group):
    found = {}

    def visit(path, item):
        if isinstance(item, h5py.Dataset):
            found[path.split("/")[-1].split(":")[0]] = item[()].astype(np.float64)

    group.visititems(visit)
    return found


def _read_chain(file):
    """The chain of weighted layers of a Keras file, batch norm folded."""
    config = json.loads(file.attrs["model_config"])["config"]
    chain = []
    for entry in config["layers"]:
        name, kind, inner = entry["config"]["name"], entry["class_name"], entry["config"]
        windows = kind != "TimeDistributed"
        if not windows:
            kind, inner = inner["layer"]["class_name"], inner["layer"]["config"]
        arrays = _arrays(file["model_weights"][name])
        if kind in ("Conv1D", "Dense"):
            kernel = arrays["kernel"]
            chain.append(Layer(name, kind == "Dense", kernel if kernel.ndim == 3 else kernel[None],
                               arrays.get("bias", np.zeros(kernel.shape[-1]))))
        elif kind == "BatchNormalization":
            gain = arrays["gamma"] / np.sqrt(arrays["moving_variance"] + inner["epsilon"])
            chain[-1].kernel = chain[-1].kernel * gain
            chain[-1].bias = (chain[-1].bias - arrays["moving_mean"]) * gain + arrays["beta"]
        elif kind in ("Activation", "ReLU"):
            chain[-1].relu = True
        elif kind == "MaxPooling1D":
            chain[-1].pool = True
        elif kind == "GlobalAveragePooling1D":
            chain[-1].average = "windows" if windows else "positions"
        elif kind != "InputLayer":
            raise ValueError(f"layer {name}: {kind} has no integer form")
    return config, chain


def _convolve(x, weight, bias):
    """x [n][c][t], weight [o][c][k] -> [n][o][t], zero padding.

    Products and sums run in f64 for speed; for integers they are exact (every partial sum is far below 2^53) and are
    handed back as int64.
    """
    half = weight.shape[2] // 2
    padded = np.pad(x, ((0, 0), (0, 0), (half, half))).astype(np.float64)
    out = np.zeros((x.shape[0], weight.shape[0], x.shape[2])) + bias[:, None]
    for k in range(weight.shape[2]):
        out += weight[:, :, k].astype(np.float64) @ padded[:, :, k:k + x.shape[2]]
    return out.astype(x.dtype)


def _paired_maximum(x):
    even = x.shape[2] // 2 * 2
    return np.maximum(x[:, :, 0:even:2], x[:, :, 1:even:2])


class Network:
    """The network of one file: layers, input constants, shapes."""

    def __init__(self, config, chain, quantisation):
        shape = config["layers"][0]["config"]["batch_shape"]
        self.windows, self.window = shape[1], shape[2]
        self.layers = chain
        self.input_bits, self.input_scale = quantisation["input_bits"], quantisation["input_scale"]
        self.score_scale = quantisation["score_scale"]
        self._convert(quantisation["layers"])

    def _convert(self, entries):
        length, units = self.window, np.array([self.input_scale], np.float64)
        if [e["name"] for e in entries] != [layer.name for layer in self.layers]:
            raise ValueError("the quantisation attribute does not list the layers in order")
        for layer, entry in zip(self.layers, entries):
            scale = np.array(entry["weight_scale"], np.float64)
            layer.shift, layer.bits = entry["shift"], entry["activation_bits"]
            layer.weight_bits = entry["weight_bits"]
            exact = layer.kernel * scale / units[:, None]
            ties = np.abs(np.abs(exact - np.floor(exact)) - 0.5).min()
            if ties < 1e-4:
                raise ValueError(f"layer {layer.name}: a weight lies on a rounding tie ({ties})")
            layer.weight = np.ascontiguousarray(round_half_away(exact).transpose(2, 1, 0))
            if np.abs(layer.weight).max() > (1 << (layer.weight_bits - 1)) - 1:
                raise ValueError(f"layer {layer.name}: a weight exceeds {layer.weight_bits} bits")
            layer.offset = round_half_away(layer.bias * scale)
            units = scale / 2.0 ** layer.shift
            length = length // 2 if layer.pool else length
            if layer.average:
                units, length = units * length, self.windows

    def step(self, layer, accumulators):
        """Max of pairs, rounding shift, ReLU and saturation."""
        m = _paired_maximum(accumulators) if layer.pool else accumulators
        half = (1 << layer.shift) >> 1
        return np.clip((m + half) >> layer.shift, 0, (1 << layer.bits) - 1)

    def _run(self, windows, integer, trace=None):
        """windows [n][windows][window] -> [n][classes]."""
        x = windows.reshape(-1, 1, self.window)
        for layer in self.layers:
            if integer:
                x = _convolve(x, layer.weight, layer.offset)
            else:
                x = _convolve(x, np.ascontiguousarray(layer.kernel.transpose(2, 1, 0)), layer.bias)
            if trace is not None:
                trace.append((layer.name, x))
            if layer is self.layers[-1]:
                break
            if integer:
                x = self.step(layer, x)
            else:
                x = np.maximum(_paired_maximum(x) if layer.pool else x, 0)
            if layer.average:
                x = x.sum(2, keepdims=True) if integer else x.mean(2, keepdims=True)
            if layer.average == "positions":
                x = x.reshape(-1, self.windows, x.shape[1]).transpose(0, 2, 1)
        return x[:, :, 0]

    def scores(self, windows, trace=None):
        """Integer scores of integer windows [n][windows][window]."""
        return self._run(np.asarray(windows, np.int64), True, trace)

    def float_scores(self, windows):
        """Scores of the float twin for the same integer windows."""
        return self._run(np.asarray(windows, np.float64) / self.input_scale, False)

    def widths(self):
        """`ell` of every layer, from the worst case over all inputs."""
        low, high = -(1 << (self.input_bits - 1)), (1 << (self.input_bits - 1)) - 1
        length, result = self.window, []
        for layer in self.layers:
            positive = np.maximum(layer.weight, 0).sum((1, 2))
            negative = np.minimum(layer.weight, 0).sum((1, 2))
            worst = max(np.abs(layer.offset + positive * high + negative * low).max(),
                        np.abs(layer.offset + positive * low + negative * high).max())
            last = layer is self.layers[-1]
            ell = int(worst).bit_length() + (1 if last else 2)
            result.append(ell if last else max(ell, layer.shift + layer.bits + 1, layer.shift + 2))
            low, high = 0, (1 << layer.bits) - 1
            length = length // 2 if layer.pool else length
            if layer.average:
                high, length = high * length, self.windows
        return result


def windows_of(segments):
    """Integer segments [n][6000] -> windows [n][25][512]."""
    return np.asarray(segments)[:, WINDOW_STARTS[:, None] + np.arange(WINDOW)]


def load(path):
    """The network of a `deepcardio.h5`."""
    with h5py.File(path, "r") as file:
        config, chain = _read_chain(file)
        return Network(config, chain, json.loads(file.attrs["quantisation"]))
