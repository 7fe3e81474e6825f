"""Writes networks as Keras legacy HDF5 with the `quantisation` attribute (see quantisation.md)."""
import argparse
import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import h5py
import keras
import numpy as np
from keras import layers


def blocks(channels, windows, window, batch_norm=False):
    """Input and the per-window blocks: TimeDistributed conv [batch norm] ReLU max-pool ..., global average."""
    inputs = keras.Input((windows, window, channels[0]), name="ecg")
    x = inputs
    for i, count in enumerate(channels[1:], 1):
        x = layers.TimeDistributed(layers.Conv1D(count, 5, padding="same"), name=f"conv{i}")(x)
        if batch_norm:
            x = layers.TimeDistributed(layers.BatchNormalization(), name=f"norm{i}")(x)
        x = layers.TimeDistributed(layers.ReLU(), name=f"relu{i}")(x)
        x = layers.TimeDistributed(layers.MaxPooling1D(2), name=f"pool{i}")(x)
    return inputs, layers.TimeDistributed(layers.GlobalAveragePooling1D(), name="features")(x)


def conv_network(channels, head, kernel=5, windows=25, window=512, classes=4, batch_norm=False):
    """Blocks and the convolution head: conv, ReLU, max-pool, conv, ReLU, average, dense."""
    inputs, x = blocks(channels, windows, window, batch_norm)
    for i, count in enumerate(head, 1):
        x = layers.Conv1D(count, kernel, padding="same", name=f"head{i}")(x)
        if batch_norm:
            x = layers.BatchNormalization(name=f"head_norm{i}")(x)
        x = layers.ReLU(name=f"head_relu{i}")(x)
        if i == 1 and len(head) > 1:
            x = layers.MaxPooling1D(2, name="head_pool1")(x)
    x = layers.GlobalAveragePooling1D(name="average")(x)
    return keras.Model(inputs, layers.Dense(classes, name="scores")(x), name="deepcardio")


def lstm_network(channels, units, windows=25, window=512, classes=4):
    """Blocks and the LSTM head (last state, dense)."""
    inputs, x = blocks(channels, windows, window)
    x = layers.LSTM(units, name="lstm")(x)
    return keras.Model(inputs, layers.Dense(classes, name="scores")(x), name="deepcardio_lstm")


def write(model, path, quantisation=None):
    """Saves the model and its quantisation attribute, if any."""
    model.save(path, include_optimizer=False)
    if quantisation is not None:
        with h5py.File(path, "r+") as file:
            file.attrs["quantisation"] = json.dumps(quantisation)


def set_weights(model, arrays):
    """Fills a model from {layer name: [kernel, bias, ...]}."""
    for name, values in arrays.items():
        model.get_layer(name).set_weights([np.asarray(v, np.float32) for v in values])


def _off_ties(values, margin, integer_limit, snap):
    """Pulls latent weights towards the integers they round to (`snap` of the way), off ties and inside the limit."""
    nearest = np.sign(values) * np.floor(np.abs(values) + 0.5)
    fraction = np.clip((values - nearest) * (1 - snap), -margin, margin)
    return np.clip(nearest, -integer_limit, integer_limit) + fraction


def from_quantised(checkpoint, path, snap):
    """A checkpoint of quantise.py -> `deepcardio-conv.h5` whose integers stay within the planned widths."""
    import data
    import quantise

    with np.load(checkpoint) as state:
        plan = json.loads(str(state["plan"]))
        values = {k[2:]: state[k] for k in state.files if k.startswith("e:")}
        values["score_unit"] = float(state["unit"])
        network = quantise.Quantised(values, plan, plan["shifts"])
        for name, budget in network.budget.items():
            budget.assign(state[f"budget:{name}"])
    for _ in range(200):
        if network.tighten(network.p) == 0:
            break
    arrays, entries, units = {}, [], data.INPUT_SCALE
    for i, name in enumerate(quantise.NAMES):
        kernel, bias = (v.numpy().astype(np.float64) for v in network.effective(network.p, i))
        kernel, bias = _off_ties(kernel, 0.495, network.limit(i), snap), _off_ties(bias, 0.3, 2.0 ** 24, snap)
        last = i == len(quantise.NAMES) - 1
        scale = network.unit if last else 2.0 ** network.shifts[i]
        kernel = kernel * units / scale
        arrays[name] = [kernel[0] if last else kernel, bias / scale]
        entries.append({"name": name, "weight_bits": plan["weight_bits"][i],
                        "activation_bits": 0 if last else plan["activation_bits"][i],
                        "shift": 0 if last else network.shifts[i], "weight_scale": [float(scale)] * len(bias)})
        units = float(quantise.AVERAGED.get(i, 1))
    model = conv_network(quantise.model.CHANNELS, quantise.model.HEAD_CHANNELS, quantise.model.HEAD_KERNEL)
    set_weights(model, arrays)
    write(model, path, {"input_bits": data.INPUT_BITS, "input_scale": data.INPUT_SCALE,
                        "score_scale": 1 / network.unit, "layers": entries})


def _block_arrays(blocks_path):
    """Of a Keras file with its `quantisation` attribute: {block: [kernel, bias]}, the quantisation attribute cut to the blocks, units of the features."""
    import integer

    chain = integer.load(blocks_path).layers[:6]
    with h5py.File(blocks_path) as file:
        attribute = json.loads(file.attrs["quantisation"])
    attribute["layers"] = attribute["layers"][:6]
    last = attribute["layers"][-1]
    units = 8 * np.array(last["weight_scale"]) / 2.0 ** last["shift"]
    return {layer.name: [layer.kernel, layer.bias] for layer in chain}, attribute, units


def lstm_from_quantised(checkpoint, blocks_path, path, snap):
    """A checkpoint of lstm.py and the blocks it was trained on -> `deepcardio-lstm.h5`."""
    import lstm

    arrays, attribute, units = _block_arrays(blocks_path)
    with np.load(checkpoint) as state:
        plan = json.loads(str(state["plan"]))
        head = lstm.Head({k: state[k] for k in lstm.NAMES}, plan, "float64")
    real = {}
    for name, latent in head.latent(head.p).items():
        limit, margin = (2.0 ** 30, 0.3) if name.endswith("bias") else (lstm.WEIGHT_LIMIT, 0.495)
        real[name] = _off_ties(latent.numpy(), margin, limit, snap) / head.scales[name]
    kernel = real["lstm/kernel"] * (units / lstm.FEATURE_UNIT)[:, None]
    arrays["lstm"] = [kernel, real["lstm/recurrent"], real["lstm/bias"]]
    arrays["scores"] = [real["scores/kernel"], real["scores/bias"]]
    constants = {k: plan[k] for k in ("input_shift", "cell_bits", "cell_index_shift")} | lstm.tables(plan)
    scale = plan["score_unit"]
    attribute["layers"] += [
        {"name": "lstm", "weight_bits": 8, "activation_bits": 8, "shift": plan["shift"],
         "weight_scale": head.scales["lstm/bias"].tolist(), "lstm": constants},
        {"name": "scores", "weight_bits": 8, "activation_bits": 0, "shift": 0, "weight_scale": [scale] * 4}]
    model = lstm_network(lstm.model.CHANNELS, lstm.UNITS)
    set_weights(model, arrays)
    write(model, path, attribute | {"score_scale": 1 / scale})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quantised", help="checkpoint of quantise.py -> --out")
    parser.add_argument("--lstm", help="checkpoint of lstm.py -> --out")
    parser.add_argument("--blocks", default="../deepcardio-conv.h5", help="with --lstm: the file whose blocks it was trained on")
    parser.add_argument("--snap", type=float, default=0.9, help="how far latent weights move to their integers, 0 to 1")
    parser.add_argument("--out", required=True)
    a = parser.parse_args()
    if a.quantised:
        from_quantised(a.quantised, a.out, a.snap)
    elif a.lstm:
        lstm_from_quantised(a.lstm, a.blocks, a.out, a.snap)


if __name__ == "__main__":
    main()
