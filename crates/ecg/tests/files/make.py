"""Writes the golden files of this folder, with wfdb 4.3 and pyedflib 0.1 (pip install wfdb pyedflib).

All hold the same made-up signal: 1000 samples at 250 Hz in steps of 5 uV (steps.i16). Run it in this folder.
What these programs do not write is patched or written here by the text of the formats:
- WFDB format 8: signal(5), WFDB Applications Guide, PhysioNet.
- EDF+D, and a file of annotations alone: Kemp and Olivan, Clinical Neurophysiology 114 (2003); edfplus.info.
"""

import os

import numpy as np
import pyedflib
import wfdb
from wfdb.io.convert.matlab import wfdb_to_mat

RATE, STEP_MV = 250, 0.005
N = 1000


def beats():
    """Four seconds with a beat every 0.8 s, in steps."""
    t = np.arange(N) / RATE
    phase = t % 0.8
    wave = lambda at, width, height: height * np.exp(-(((phase - at) / width) ** 2))
    mv = wave(0.2, 0.03, 0.1) + wave(0.35, 0.012, 1.1) - wave(0.38, 0.012, 0.2) + wave(0.6, 0.06, 0.25)
    return np.round((mv + 0.05 * np.sin(t * 2)) / STEP_MV).astype(np.int64)


def wfdb_record(name, steps, fmt, names, second=None, gain=200.0, baseline=0):
    signals = np.stack([steps] + ([second] if second is not None else []), axis=1)
    k = signals.shape[1]
    wfdb.wrsamp(name, fs=RATE, units=["mV"] * k, sig_name=names, d_signal=signals + baseline, fmt=[fmt] * k,
                adc_gain=[gain] * k, baseline=[baseline] * k, comments=["63 F", "made up"])


def format_8(name, steps):
    """First differences of 8 bits; the header holds the first value."""
    start = int(steps[0]) - 3
    differences = np.diff(np.concatenate([[start], steps]))
    assert abs(differences).max() < 128
    differences.astype(np.int8).tofile(name + ".dat")
    checksum = int(np.int16(np.sum(steps) & 0xFFFF if np.sum(steps) & 0x8000 == 0 else (np.sum(steps) & 0xFFFF) - 65536))
    with open(name + ".hea", "w") as f:
        f.write(f"{name} 1 {RATE} {N}\n{name}.dat 8 200 12 0 {start} {checksum} 0 I\n")


def edf(name, kind, steps):
    limit = 2047
    channel = lambda label, dimension, scale: dict(
        label=label, dimension=dimension, sample_frequency=RATE, physical_min=-(limit + 1) * scale,
        physical_max=limit * scale, digital_min=-(limit + 1), digital_max=limit, transducer="", prefilter="")
    uv = channel("ECG I", "uV", 5.0)
    with pyedflib.EdfWriter(name, 2, file_type=kind) as w:
        w.setPatientName("Jane Doe")
        w.setSignalHeaders([channel("Resp", "", 1.0), uv])
        w.writeSamples([np.arange(N, dtype=np.int32) % 100, steps.astype(np.int32)], digital=True)
        if kind in (pyedflib.FILETYPE_EDFPLUS, pyedflib.FILETYPE_BDFPLUS):
            w.writeAnnotation(1.0, -1, "made up")


def gaps(source, name):
    """EDF+D: the records from the third on begin 2.4 s later."""
    data = bytearray(open(source, "rb").read())
    data[192:197] = b"EDF+D"
    signals = int(data[252:256])
    head = 256 * (signals + 1)
    per_record = [int(data[256 + signals * 216 + 8 * i:256 + signals * 216 + 8 * i + 8]) for i in range(signals)]
    size = 2 * sum(per_record)
    for record in range(2, int(data[236:244])):
        at = head + record * size + 2 * sum(per_record[:-1])
        old = bytes(data[at:at + 2 * per_record[-1]])
        onset, rest = old.split(b"\x14", 1)
        new = b"+%g" % (float(onset) + 2.4) + b"\x14" + rest
        data[at:at + len(old)] = new[:len(old)].ljust(len(old), b"\0")
    open(name, "wb").write(data)


def annotations_alone(source, name):
    """The header and the annotations of a file, without its signals."""
    data = open(source, "rb").read()
    signals = int(data[252:256])
    head = 256 * (signals + 1)
    per_record = [int(data[256 + signals * 216 + 8 * i:256 + signals * 216 + 8 * i + 8]) for i in range(signals)]
    first = bytearray(data[:256])
    first[184:192], first[252:256] = b"512     ", b"1   "
    out, at = bytes(first), 256
    for width in (16, 80, 8, 8, 8, 8, 8, 80, 8, 32):
        out += data[at + width * (signals - 1):at + width * signals]
        at += width * signals
    size, skip = 2 * sum(per_record), 2 * sum(per_record[:-1])
    for record in range(int(data[236:244])):
        out += data[head + record * size + skip:head + (record + 1) * size]
    open(name, "wb").write(out)


steps = beats()
steps.astype("<i2").tofile("steps.i16")
wfdb_record("w212", steps, "212", ["MLII", "I"], second=steps)
wfdb_record("w16", steps, "16", ["I"], baseline=100)
wfdb_record("w24", steps, "24", ["I"], baseline=-7)
wfdb_record("w32", steps, "32", ["I"])
holes = steps.copy()
holes[300:310] = -32768
wfdb_record("w16holes", holes, "16", ["I"])
format_8("w8", steps)
wfdb_to_mat("w16")
edf("edf.edf", pyedflib.FILETYPE_EDF, steps)
edf("edfplus.edf", pyedflib.FILETYPE_EDFPLUS, steps)
edf("bdf.bdf", pyedflib.FILETYPE_BDF, steps)
edf("bdfplus.bdf", pyedflib.FILETYPE_BDFPLUS, steps)
gaps("edfplus.edf", "gaps.edf")
annotations_alone("edfplus.edf", "annotations.edf")
wfdb.wrann("w16", "atr", np.array([80, 280, 480, 680, 880]), ["N"] * 5)
for name in sorted(os.listdir(".")):
    print(name, os.path.getsize(name))
