#!/usr/bin/env python3
"""Measures one classification on emulated links (crates/protocol/examples/link.rs), backend by backend, as a Markdown table.

    cargo build --release -p client -p server && cargo build --release -p protocol --example link
    python3 tests/links.py
"""
import argparse, json, pathlib, statistics, subprocess, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINKS = [(10, 15), (100, 10), (1000, 0.5)]
WAYS = [("ot", "tree"), ("ot", "ripple"), ("gc", "auto")]


def measured(programs, address, backend, comparison, runs):
    reports = []
    for _ in range(runs):
        command = [programs / "pp-client", "infer", ROOT / "samples/synthetic-af.csv", "--server", address, "--json",
                   "--timeout", "900", "--nonlinear", backend, "--comparison", comparison]
        reports.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    return sorted(reports, key=lambda report: report["seconds"]["total"])[len(reports) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "target/release")
    parser.add_argument("--runs", type=int, default=1, help="the median of so many")
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models/deepcardio.bin")
    parser.add_argument("--backends", nargs="+", choices=["ot", "gc"], default=["ot", "gc"])
    args = parser.parse_args()
    server = subprocess.Popen([args.bin / "pp-server", "--model", args.model, "--listen", "127.0.0.1:7464", "--reveal", "scores"],
                              stderr=subprocess.DEVNULL)
    print("| link | backend | set-up s | offline s | online s | total s | MB | round trips |")
    print("|---|---|---|---|---|---|---|---|")
    for number, (rate, delay) in enumerate(LINKS):
        address = f"127.0.0.1:{7500 + number}"
        link = subprocess.Popen([args.bin / "examples/link", address, "127.0.0.1:7464", str(rate), str(delay)])
        time.sleep(2)
        for backend, comparison in (way for way in WAYS if way[0] in args.backends):
            r = measured(args.bin, address, backend, comparison, args.runs)
            s, t = r["seconds"], r["traffic"]
            print(f"| {rate} Mbit/s, {2 * delay:g} ms round trip | {backend} {comparison if backend == 'ot' else ''} | {s['setup']:.2f} | "
                  f"{s['offline']:.2f} | {s['online']:.2f} | {s['total']:.2f} | {(t['up'] + t['down']) / 1e6:.1f} | {t['round_trips']} |", flush=True)
        link.terminate()
    server.terminate()


if __name__ == "__main__":
    main()
