"""Golden vectors for the ECG front end, from SciPy 1.17.1 and NumPy 2.4.6 (Python 3.11).

    pip install scipy==1.17.1 numpy==2.4.6
    python make.py

The inputs are the formula of `signal` below, which the test repeats; only outputs are stored, little-endian:
    ratios.csv            rate, numerator, denominator and residual rate error of the resampling ratio
    filtered-RATE.f64     12 s filtered: every 7th sample, then the last 50
    resampled-RATE.f64    12 s filtered and resampled to 200 Hz
    segments-360.i16      40 s at 360 Hz as two quantised segments of 6000 samples
"""

from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.signal import butter, resample_poly, sosfiltfilt

HERE = Path(__file__).parent
RATES = [100.0, 128.0, 250.0, 300.0, 360.0, 500.0, 512.844, 1000.0]
TARGET = 200.0
SEGMENT = 6000
INPUT_SCALE, INPUT_BITS = 48.0, 8


def noise(count):
    """Uniform on [-1, 1) from a 32-bit linear congruential generator (Numerical Recipes)."""
    state, values = 1, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        values.append(state / 2**31 - 1.0)
    return np.array(values)


def signal(rate, seconds):
    """Offset, drift, wander, spikes, mains hum and noise, in millivolts."""
    count = int(seconds * rate)
    t = np.arange(count) / rate
    wander = 0.8 * np.sin(2 * np.pi * 0.3 * t) + 0.4 * np.sin(2 * np.pi * 1.1 * t + 1)
    spikes = 1.2 * np.exp(-(((t % 0.83) - 0.4) ** 2) / (2 * 0.012**2))
    hum = 0.2 * np.sin(2 * np.pi * 50 * t)
    return 2.5 + 0.3 * t + wander + spikes + hum + 0.1 * noise(count)


def filtered(x, rate):
    return sosfiltfilt(butter(4, [0.5, 40.0], "bandpass", fs=rate, output="sos"), x)


def resampled(x, rate):
    ratio = ratio_of(rate)
    return resample_poly(x, ratio.numerator, ratio.denominator)


def ratio_of(rate):
    return Fraction(TARGET / rate).limit_denominator(1000)


def segments(y):
    count = -(-len(y) // SEGMENT)
    gaps = count - 1
    starts = [(2 * i * (len(y) - SEGMENT) + gaps) // (2 * gaps) for i in range(count)]
    scaled = y * INPUT_SCALE
    rounded = np.trunc(scaled + np.copysign(0.5, scaled))
    quantised = np.clip(rounded, -(2 ** (INPUT_BITS - 1)), 2 ** (INPUT_BITS - 1) - 1)
    return np.concatenate([quantised[start : start + SEGMENT] for start in starts])


def main():
    lines = ["rate_hz,up,down,residual_ppm"]
    for rate in RATES:
        ratio = ratio_of(rate)
        residual = (float(ratio) / (TARGET / rate) - 1) * 1e6
        lines.append(f"{rate:g},{ratio.numerator},{ratio.denominator},{residual:.9f}")
        y = filtered(signal(rate, 12), rate)
        np.concatenate([y[::7], y[-50:]]).astype("<f8").tofile(HERE / f"filtered-{rate:g}.f64")
        resampled(y, rate).astype("<f8").tofile(HERE / f"resampled-{rate:g}.f64")
    (HERE / "ratios.csv").write_text("\n".join(lines) + "\n")
    y = resampled(filtered(signal(360.0, 40), 360.0), 360.0)
    segments(y).astype("<i2").tofile(HERE / "segments-360.i16")


if __name__ == "__main__":
    main()
