"""Writes networks as Keras legacy HDF5 with the `quantisation` attribute (see quantisation.md)."""
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
