#!/usr/bin/env python3
"""Compares two builds of pp-client: alternating runs, ratio of CPU and wall time, traffic equal or not.

Each pair runs the first program, then the second, in alternating order, both with an embedded server,
so that the CPU seconds are those of both parties. Pairs are added until the 95 % interval of the
median ratio lies within 2 % of the median, or until --most pairs. Needs Python 3.9.

    python3 benches/ratio.py OLD/pp-client NEW/pp-client -- --model models/deepcardio.bin
"""
import argparse, json, math, os, pathlib, statistics, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     epilog="Further flags of both programs follow --.")
    parser.add_argument("before", type=pathlib.Path, help="program before the change")
    parser.add_argument("after", type=pathlib.Path, help="program after it")
    parser.add_argument("--ecg", type=pathlib.Path, default=ROOT / "samples/synthetic-af.csv")
    parser.add_argument("--least", type=int, default=8, help="fewest pairs")
    parser.add_argument("--most", type=int, default=200, help="most pairs")
    parser.add_argument("--within", type=float, default=0.02, help="half width of the interval to reach")
    cut = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    args = parser.parse_args(sys.argv[1:cut])
    args.flags = sys.argv[cut + 1:]
    return args


def measured(program, ecg, flags):
    """CPU seconds, wall seconds and traffic of one classification."""
    command = [program, "infer", ecg, "--embedded", "--json", "--quiet", *flags]
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{program} failed")
    wall = time.monotonic() - start
    return usage.ru_utime + usage.ru_stime, wall, json.loads(output)["traffic"]


def interval(ratios):
    """Median, and the 95 % interval that the order statistics of the binomial distribution give."""
    ranked, count = sorted(ratios), len(ratios)
    below, tail = 0, 0.0
    for rank in range(count // 2):
        tail += math.comb(count, rank) / 2 ** count
        if tail > 0.025:
            break
        below = rank + 1
    return statistics.median(ranked), ranked[max(below - 1, 0)], ranked[min(count - below, count - 1)]


def main():
    args = arguments()
    programs = [args.before, args.after]
    for program in programs:
        measured(program, args.ecg, args.flags)  # warms the file cache
    cpu, wall, traffic = [], [], {}
    for pair in range(args.most):
        order = [0, 1] if pair % 2 == 0 else [1, 0]
        runs = {which: measured(programs[which], args.ecg, args.flags) for which in order}
        cpu.append(runs[1][0] / runs[0][0])
        wall.append(runs[1][1] / runs[0][1])
        traffic = {which: run[2] for which, run in runs.items()}
        median, low, high = interval(cpu)
        if pair + 1 >= args.least and max(high / median, median / low) <= 1 + args.within:
            break
    for name, ratios in (("CPU", cpu), ("wall", wall)):
        median, low, high = interval(ratios)
        print(f"{name} time, after / before: {median:.3f} (95 % interval {low:.3f} to {high:.3f}, {len(ratios)} pairs)")
    print(f"traffic before: {traffic[0]}")
    print(f"traffic after:  {traffic[1]}")


if __name__ == "__main__":
    main()
