"""Heart rates of the signal check, held against wfdb's and NeuroKit2's on labelled records.

    cargo run --release -p deepcardio-tools -- check --data records.npz --rows > rows.tsv
    pip install numpy scipy wfdb neurokit2
    python tests/heart_rate.py records.npz rows.tsv

A record counts by its first 30 s. Its rate is 60 over the median interval between beats, for all
three detectors. Only records where wfdb (xqrs) and NeuroKit2 agree within 2 a minute are judged.
Class Noise (label 3) is left out.
"""

import sys
import warnings

import neurokit2
import numpy
from wfdb.processing import XQRS

RECORDS = 1500
SEED = 14
RATE = 300
WITHIN = 2


def pace(peaks):
    """Beats a minute by the median interval."""
    return 60 * RATE / numpy.median(numpy.diff(peaks)) if len(peaks) >= 4 else float("nan")


def by_wfdb(signal):
    detector = XQRS(sig=signal, fs=RATE)
    detector.detect(verbose=False)
    return pace(detector.qrs_inds)


def by_neurokit(signal):
    clean = neurokit2.ecg_clean(signal, sampling_rate=RATE)
    return pace(neurokit2.ecg_peaks(clean, sampling_rate=RATE)[1]["ECG_R_Peaks"])


def attempt(detect, signal):
    """Both libraries raise on some records: those have no rate."""
    try:
        return detect(signal)
    except Exception:
        return float("nan")


def main(data, rows):
    warnings.filterwarnings("ignore")
    arrays = numpy.load(data)
    samples, offsets, labels = arrays["samples"], arrays["offsets"], arrays["label"]
    numbers = arrays["record"]
    ours = {int(line.split("\t")[0]): float(line.split("\t")[2]) for line in open(rows)}
    order = [i for i in numpy.random.default_rng(SEED).permutation(len(labels)) if labels[i] != 3]
    judged = []
    for index in order[:RECORDS]:
        signal = samples[offsets[index] : offsets[index + 1]][: 30 * RATE] / 1000.0
        wfdb, neurokit = attempt(by_wfdb, signal), attempt(by_neurokit, signal)
        if abs(wfdb - neurokit) <= WITHIN:
            near = abs(ours[int(numbers[index])] - (wfdb + neurokit) / 2) <= WITHIN
            judged.append((labels[index], near))
    count = min(RECORDS, len(order))
    print(f"{count} records; wfdb and NeuroKit2 agree on {len(judged)} ({len(judged) / count:.1%})")
    for name, label in (("all", None), ("Normal", 0), ("AF", 1), ("Other", 2)):
        near = [near for of, near in judged if label in (None, of)]
        print(f"{name}: {sum(near)} of {len(near)} within {WITHIN} a minute ({numpy.mean(near):.1%})")


if __name__ == "__main__":
    main(*sys.argv[1:])
