"""Validation figures of a Keras file with its `quantisation` attribute: the integer network and its float twin, from the file alone (NumPy).

`--expected FILE` also writes the integer scores of a few validation records.
"""
import argparse
import json
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import data
import integer
import metrics


def _scores(job):
    path, windows = job
    network = integer.load(path)
    return network.scores(windows), network.float_scores(windows)


def evaluate(path, segments, owner, truth, jobs):
    """(integer record scores, figures)."""
    windows = integer.windows_of(segments)
    parts = np.array_split(windows, max(1, len(windows) // 8))
    with ProcessPoolExecutor(jobs) as pool:
        results = list(pool.map(_scores, [(path, p) for p in parts]))
    exact, twin = (np.concatenate([r[k] for r in results]) for k in (0, 1))
    records = metrics.record_scores(exact, owner, len(truth))
    twin = metrics.record_scores(twin, owner, len(truth)).argmax(1)
    figures = {"integer": metrics.summary(truth, records.argmax(1)), "float": metrics.summary(truth, twin),
               "agreement": float((records.argmax(1) == twin).mean()), "ell": integer.load(path).widths()}
    return exact, records, figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the recordings, raw or prepared (prepare.py)")
    parser.add_argument("--model", required=True, help="deepcardio-conv.h5 or deepcardio-lstm.h5")
    parser.add_argument("--expected", help="JSON of integer scores to write")
    parser.add_argument("--records", type=int, default=0, help="only the first so many validation records")
    parser.add_argument("--jobs", type=int, default=2)
    a = parser.parse_args()
    recordings = data.Recordings(a.data)
    _, validation = data.split(recordings)
    if a.records:
        validation = np.random.default_rng(7).permutation(validation)[:a.records]
    segments, owner = data.evaluation_set(recordings, validation)
    truth = recordings.label[validation]
    exact, records, figures = evaluate(a.model, segments, owner, truth, a.jobs)
    print(json.dumps(figures, indent=1))
    if a.expected:
        rows = [{"record": int(recordings.record[i]), "label": int(truth[k]), "scores": records[k].tolist(),
                 "segments": exact[owner == k].tolist()} for k, i in enumerate(validation)]
        with open(a.expected, "w", encoding="utf-8") as f:
            json.dump({"records": rows, "ell": figures["ell"]}, f, indent=1)


if __name__ == "__main__":
    main()
