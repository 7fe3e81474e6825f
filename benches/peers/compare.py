#!/usr/bin/env python3
"""The same network under SecretFlow SPU's Cheetah and here, in one run on one machine, with the ratios.

    cargo build --release -p client
    python3 benches/peers/compare.py

Installs SPU 0.9.5 from the Python package index into a virtual environment (--venv); its wheels need Python 3.10 or 3.11. The peer's figures are
of its second run, without its set-up, and cover the six blocks and the average; ours hold everything: set-up of the session, offline, online,
head. Run it on an otherwise idle machine: the peer's bytes are counted at the loopback device.
"""
import argparse, json, os, pathlib, statistics, subprocess, sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = [("SPU Cheetah, 64-bit ring", "FM64", 18), ("SPU Cheetah, 32-bit ring", "FM32", 10)]
LSTM = ["--model", str(ROOT / "models/deepcardio-lstm.bin")]
OURS = [("ours, ot, tree", ["--comparison", "tree"]), ("ours, ot, ripple", ["--comparison", "ripple"]), ("ours, gc", ["--nonlinear", "gc"]),
        ("ours, LSTM head, ot, tree", ["--comparison", "tree", *LSTM])]


def prepare(venv):
    python = venv / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "spu==0.9.5", "jax", "flax"], check=True)
    shim = venv / "align64.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", HERE / "align64.c", "-o", shim], check=True)
    return python, shim


def peer(python, shim, field, fraction_bits):
    environment = {**os.environ, "LD_PRELOAD": str(shim), "JAX_PLATFORMS": "cpu"}
    result = subprocess.run([python, HERE / "spu_network.py", field, str(fraction_bits)], check=True, env=environment,
                            stdout=subprocess.PIPE, text=True)
    return json.loads(result.stdout.splitlines()[-1])


def ours(program, arguments):
    command = [program, "infer", ROOT / "samples/synthetic-af.csv", "--embedded", "--quiet", "--json", *arguments]
    runs = []
    for _ in range(5):
        before = os.times()
        report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        runs.append((report["seconds"]["total"], cpu, report["traffic"]["up"] + report["traffic"]["down"]))
    wall, cpu, size = (statistics.median(column) for column in zip(*runs))
    return {"wall": wall, "cpu": cpu, "bytes": size, "error": 0.0}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / "target/peers-venv")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "target/release")
    args = parser.parse_args()
    python, shim = prepare(args.venv)
    peers = {name: peer(python, shim, field, bits) for name, field, bits in PEERS}
    own = {name: ours(args.bin / "pp-client", arguments) for name, arguments in OURS}
    print("| system | wall s | CPU s, both | MB | error |\n|---|---|---|---|---|")
    for name, row in {**peers, **own}.items():
        print(f"| {name} | {row['wall']:.2f} | {row['cpu']:.2f} | {row['bytes'] / 1e6:.1f} | {row['error']:.2g} |")
    print("\n| ratio, peer to ours | wall | CPU | bytes |\n|---|---|---|---|")
    for name, row in peers.items():
        for own_name, own_row in own.items():
            ratios = " | ".join(f"{row[key] / own_row[key]:.1f}" for key in ("wall", "cpu", "bytes"))
            print(f"| {name} to {own_name} | {ratios} |")


if __name__ == "__main__":
    main()
