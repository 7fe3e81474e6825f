"""Makes the samples anew: `python make.py ecg.dat`, numpy installed, in this folder.

`ecg.dat` is `scipy/misc/ecg.dat` out of the wheel that `pip download scipy==1.9.3 --no-deps` fetches.
"""

import subprocess
import sys

import numpy as np

RATE = 360
EXCERPTS = {"mitdb208-few-ectopics": (105, 135), "mitdb208-many-ectopics": (255, 285), "mitdb208-long": (120, 195)}


def excerpts(path):
    """Excerpts of the recording: 11-bit integers, 200 a millivolt, zero at 1024."""
    with np.load(path) as archive:
        millivolts = (archive["ecg"].astype(int) - 1024) / 200.0
    for name, (start, end) in EXCERPTS.items():
        lines = [f"{i / RATE:.4f},{x:.4f}" for i, x in enumerate(millivolts[start * RATE : end * RATE])]
        write(name, ["time_s,ecg_mv", *lines])


def synthesise(rhythm, rate, seed):
    """Rows of time and millivolts from the synthesiser."""
    flags = ["--rhythm", rhythm, "--seconds", "30", "--rate", str(rate), "--seed", str(seed)]
    run = ["cargo", "run", "--quiet", "-p", "ecg", "--example", "synthesise_ecg", "--", *flags]
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout.splitlines()


def write(name, lines):
    with open(f"{name}.csv", "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


def main():
    excerpts(sys.argv[1])
    for rhythm in ["normal", "af", "noise"]:
        write(f"synthetic-{rhythm}", synthesise(rhythm, 300, 1))
    rows = [line.split(",") for line in synthesise("normal", 250, 2)[1:]]
    write("synthetic-normal-bare", [millivolts for _, millivolts in rows])
    rows = [line.split(",") for line in synthesise("af", 130, 3)[1:]]
    microvolts = [round(float(millivolts) * 1000) for _, millivolts in rows]
    write("synthetic-af-microvolts", ["time_ms;ecg_uv", *(f"{i / 0.13:.3f};{x}" for i, x in enumerate(microvolts))])


if __name__ == "__main__":
    main()
