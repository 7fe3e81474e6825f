"""The integer network in NumPy, built from a Keras file with its `quantisation` attribute alone (see quantisation.md).

`load` converts, `Network.scores` runs in exact integers, `Network.float_scores` runs the float twin of the same file in f64, and
`Network.widths` gives `ell` of every layer.  Nothing here depends on TensorFlow or Keras.
"""
import json
from dataclasses import dataclass, field

import h5py
import numpy as np

GATE_FRACTION = 7  # fractional bits of the LSTM's gates and cell
WINDOW = 512
WINDOW_STARTS = np.array([(16 * ((2 * 343 * k + 24) // 48)) for k in range(25)])


def round_half_away(x):
    """Nearest integer, ties away from zero."""
    return np.trunc(x + np.copysign(0.5, x)).astype(np.int64)


def default_tables(sigmoid_unit, tanh_unit, cell_index_shift):
    """The three tables of an LSTM from the index units per real unit of its pre-activations (see quantisation.md)."""
    x, one = np.arange(-128, 128), 1 << GATE_FRACTION
    hyperbolic = lambda v: np.minimum(one - 1, round_half_away(one * np.tanh(v))).tolist()
    return {"sigmoid": round_half_away(one / (1 + np.exp(-x / sigmoid_unit))).tolist(),
            "tanh": hyperbolic(x / tanh_unit), "cell_tanh": hyperbolic(x * 2.0 ** (cell_index_shift - 2 * GATE_FRACTION))}


@dataclass
class Layer:
    """One layer with weights and what follows it up to the next one."""

    name: str
    dense: bool
    kernel: np.ndarray  # [k][c][o], f64, batch norm folded; of an LSTM [1][c][4h]
    bias: np.ndarray
    recurrent: np.ndarray = field(default=None)  # [h][4h], an LSTM's only
    pool: bool = False
    relu: bool = False
    average: str = ""  # "", "positions" (inside the windows) or "windows"
    weight: np.ndarray = field(default=None)  # integers [o][c][k]; of an LSTM [4h][c + h][1]
    offset: np.ndarray = field(default=None)
    shift: int = 0
    bits: int = 0
    weight_bits: int = 0
    lstm: dict = field(default=None)  # shifts, cell width and tables of an LSTM

    @property
    def state_top(self):
        """The greatest magnitude of an LSTM's hidden state."""
        return max(self.lstm["sigmoid"]) * int(np.abs(self.lstm["cell_tanh"]).max())


def _arrays(group):
    found = {}

    def visit(path, item):
        if isinstance(item, h5py.Dataset):
            found[path.split("/")[-1].split(":")[0]] = item[()].astype(np.float64)

    group.visititems(visit)
    return found


def _require_plain(name, config):
    """Raises unless an LSTM is the one of quantisation.md: last state, forward, sigmoid gates and tanh."""
    wanted = {"return_sequences": False, "go_backwards": False, "use_bias": True, "activation": "tanh",
              "recurrent_activation": "sigmoid"}
    if any(config[key] != value for key, value in wanted.items()):
        raise ValueError(f"layer {name}: this LSTM has no integer form")


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
        elif kind == "LSTM":
            _require_plain(name, inner)
            chain.append(Layer(name, False, arrays["kernel"][None], arrays["bias"], arrays["recurrent_kernel"]))
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


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _float_lstm(layer, x):
    """x [n][c][t] -> the last hidden state [n][h][1]; gate order i, f, c, o."""
    h = c = np.zeros((len(x), len(layer.recurrent)))
    for t in range(x.shape[2]):
        i, f, g, o = np.split(x[:, :, t] @ layer.kernel[0] + h @ layer.recurrent + layer.bias, 4, axis=1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
    return h[:, :, None]


def _shifted(x, bits):
    """x / 2^bits, rounded."""
    return (x + ((1 << bits) >> 1)) >> bits


def _integer_lstm(layer, x, trace=None):
    """Integers x [n][c][t] -> the last hidden state [n][h][1], in units of 2^-14.

    The trace gets the accumulators [n][4h][t] under the layer's name and the state as `<name>.hidden`.
    """
    constants, units = layer.lstm, len(layer.recurrent)
    sigmoid, tanh, cell_tanh = (np.array(constants[k], np.int64) for k in ("sigmoid", "tanh", "cell_tanh"))
    top = 1 << (constants["cell_bits"] - 1)
    h = c = np.zeros((len(x), units), np.int64)
    accumulators = []
    for t in range(x.shape[2]):
        inputs = np.concatenate([x[:, :, t] << constants["input_shift"], h], axis=1)
        gates = _convolve(inputs[:, :, None], layer.weight, layer.offset)[:, :, 0]
        accumulators.append(gates)
        i, f, g, o = np.split(np.clip(_shifted(gates, layer.shift), 0, 255), 4, axis=1)
        a = sigmoid[f] * c + sigmoid[i] * tanh[g]
        c = np.clip(_shifted(a, GATE_FRACTION), -top, top - 1)
        h = sigmoid[o] * cell_tanh[np.clip(_shifted(a, constants["cell_index_shift"]) + 128, 0, 255)]
    if trace is not None:
        trace += [(layer.name, np.stack(accumulators, axis=2)), (f"{layer.name}.hidden", h[:, :, None])]
    return h[:, :, None]


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
            if layer.recurrent is not None:
                layer.lstm = entry["lstm"]
                exact = exact / 2.0 ** layer.lstm["input_shift"]
                exact = np.concatenate([exact, layer.recurrent[None] * scale / 2.0 ** (2 * GATE_FRACTION)], axis=1)
            ties = np.abs(np.abs(exact - np.floor(exact)) - 0.5).min()
            if ties < 1e-4:
                raise ValueError(f"layer {layer.name}: a weight lies on a rounding tie ({ties})")
            layer.weight = np.ascontiguousarray(round_half_away(exact).transpose(2, 1, 0))
            if np.abs(layer.weight).max() > (1 << (layer.weight_bits - 1)) - 1:
                raise ValueError(f"layer {layer.name}: a weight exceeds {layer.weight_bits} bits")
            layer.offset = round_half_away(layer.bias * scale)
            units = scale / 2.0 ** layer.shift
            if layer.lstm:
                layer.offset += 128 << layer.shift
                units = np.full(len(layer.recurrent), 2.0 ** (2 * GATE_FRACTION))
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
            if layer.lstm:
                x = _integer_lstm(layer, x, trace) if integer else _float_lstm(layer, x)
                continue
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
            positive = np.maximum(layer.weight, 0).sum(2)
            negative = np.minimum(layer.weight, 0).sum(2)
            bounds = np.array([[low], [high]]) + np.zeros(layer.weight.shape[1], np.int64)
            if layer.lstm:
                bounds <<= layer.lstm["input_shift"]
                bounds[:, -len(layer.recurrent):] = [[-layer.state_top], [layer.state_top]]
            worst = max(np.abs(layer.offset + positive @ bounds[1] + negative @ bounds[0]).max(),
                        np.abs(layer.offset + positive @ bounds[0] + negative @ bounds[1]).max())
            last = layer is self.layers[-1]
            ell = int(worst).bit_length() + (1 if last else 2)
            result.append(ell if last else max(ell, layer.shift + layer.bits + 1, layer.shift + 2))
            low, high = (-layer.state_top, layer.state_top) if layer.lstm else (0, (1 << layer.bits) - 1)
            length = length // 2 if layer.pool else length
            if layer.average:
                high, length = high * length, self.windows
        return result


def windows_of(segments):
    """Integer segments [n][6000] -> windows [n][25][512]."""
    return np.asarray(segments)[:, WINDOW_STARTS[:, None] + np.arange(WINDOW)]


def load(path):
    """The network of a Keras file with its `quantisation` attribute."""
    with h5py.File(path, "r") as file:
        config, chain = _read_chain(file)
        return Network(config, chain, json.loads(file.attrs["quantisation"]))
