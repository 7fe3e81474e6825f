#!/usr/bin/env python3
"""Acceptance run: two real processes over TCP against the network in the clear, on labelled records.

Takes records of every class from a data set (a zip of npy arrays, as `deepcardio eval` reads it), writes each as CSV into a
temporary folder, classifies it with `pp-client` against a running `pp-server`, and compares with `deepcardio classify`: every integer
score where the server reveals scores, the label and the level of confidence of every segment where it reveals labels. Needs Python 3.9 and NumPy, and the programs built:

    cargo build --release --workspace --bins
    python3 tests/acceptance.py --data cinc2017-dev.npz --records 50
"""
import argparse, json, pathlib, subprocess, sys, tempfile
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What of a segment is compared, by what the server reveals.
COMPARED = {"scores": ["scores"], "label": ["label", "confidence"]}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="data set")
    parser.add_argument("--records", type=int, default=50, help="how many, spread over the classes")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "target/release", help="folder of the programs")
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models/deepcardio.bin")
    parser.add_argument("--nonlinear", nargs="+", default=["ot", "gc"], help="backends")
    parser.add_argument("--reveal", nargs="+", choices=list(COMPARED), default=list(COMPARED), help="policies of the server")
    return parser.parse_args()


def chosen(labels, count):
    """Indices of `count` records, the same number of each class as far as that goes, evenly spread."""
    classes = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    share = -(-count // len(classes))
    picks = [members[np.linspace(0, len(members) - 1, share).astype(int)] for members in classes]
    return [index for column in zip(*picks) for index in column][:count]


def write_csvs(data, count, folder):
    archive = np.load(data)
    samples, offsets, labels = archive["samples"], archive["offsets"], archive["label"]
    rate, gain = int(archive["fs"].reshape(())), int(archive["gain_adu_per_mv"].reshape(()))
    files = []
    for index in chosen(labels, count):
        file = folder / f"record-{archive['record'][index]:05}.csv"
        values = samples[offsets[index]:offsets[index + 1]] / gain
        rows = (f"{position / rate:.9f},{value}" for position, value in enumerate(values))
        file.write_text("time_s,ecg_mv\n" + "\n".join(rows) + "\n")
        files.append(file)
    return files, [int(labels[index]) for index in chosen(labels, count)]


def lines(command):
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in result.stdout.splitlines()]


def start_server(programs, model, reveal):
    server = subprocess.Popen([programs / "pp-server", "--model", model, "--listen", "127.0.0.1:0", "--reveal", reveal],
                              stderr=subprocess.PIPE, text=True, env={"NO_COLOR": "1"})
    for line in server.stderr:
        if "listening address=" in line:
            return server, line.split("listening address=")[1].strip()
    sys.exit("pp-server did not start")


def equal(run, fields, private, clear, labels):
    """Whether every segment is the same in private and in the clear, in these fields; prints how many are."""
    pairs = [pair for p, c in zip(private, clear, strict=True) for pair in zip(p["segments"], c["segments"], strict=True)]
    same = sum(all(a[field] == b[field] for field in fields) for a, b in pairs)
    seconds = [p["seconds"]["total"] / len(p["segments"]) for p in private[1:]]
    print(f"{run}: {len(labels)} records ({[labels.count(c) for c in range(4)]} by class), "
          f"{same} of {len(pairs)} segments equal, median {np.median(seconds):.3f} s a segment", flush=True)
    return same == len(pairs)


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        files, labels = write_csvs(args.data, args.records, pathlib.Path(folder))
        clear = lines([args.bin / "deepcardio", "classify", "--json", "--model", args.model, *files])
        failed = False
        for reveal in args.reveal:
            server, address = start_server(args.bin, args.model, reveal)
            for backend in args.nonlinear:
                private = lines([args.bin / "pp-client", "infer", "--server", address, "--nonlinear", backend, "--json", *files])
                failed |= not equal(f"{backend}, {reveal}", COMPARED[reveal], private, clear, labels)
            server.terminate()
            server.wait()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
