"""Filters and resamples every recording once: mV at 300 Hz -> band-pass -> mV at 200 Hz, stored as one NPZ.

The steps are the ones of the `ecg` front end: Butterworth 0.5-40 Hz of order 4, forward and backward over the
whole record, then polyphase resampling by 2/3.  Scaling, clamping and windows follow later (`data.py`).
"""
import argparse
import os

import numpy as np
from scipy.signal import butter, resample_poly, sosfiltfilt

BAND_HZ = (0.5, 40.0)
RATE_HZ = 200


def filter_record(millivolts, rate):
    """One whole record in millivolts at `rate` Hz -> band-passed, 200 Hz, float32."""
    sos = butter(4, BAND_HZ, "bandpass", output="sos", fs=rate)
    filtered = sosfiltfilt(sos, millivolts)
    divisor = np.gcd(RATE_HZ, rate)
    return resample_poly(filtered, RATE_HZ // divisor, rate // divisor).astype(np.float32)


def prepared(stored):
    """The raw data set (an open NPZ) -> samples (mV at 200 Hz), offsets, label, record."""
    samples, offsets = stored["samples"], stored["offsets"]
    rate, gain = int(stored["fs"].item()), float(stored["gain_adu_per_mv"].item())
    records = [filter_record(samples[a:b] / gain, rate) for a, b in zip(offsets[:-1], offsets[1:])]
    starts = np.concatenate([[0], np.cumsum([len(r) for r in records])]).astype(np.int64)
    return {"samples": np.concatenate(records), "offsets": starts, "label": stored["label"], "record": stored["record"]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the recordings (NPZ)")
    parser.add_argument("--out", required=True, help="where the prepared NPZ goes (outside the repository)")
    arguments = parser.parse_args()
    os.makedirs(os.path.dirname(os.path.abspath(arguments.out)), exist_ok=True)
    with np.load(arguments.data) as raw:
        np.savez(arguments.out, **prepared(raw))
