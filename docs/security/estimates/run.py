#!/usr/bin/env python3
"""Runs every estimate of this folder.

Run: python3 docs/security/estimates/run.py            writes the outputs beside the scripts
     python3 docs/security/estimates/run.py --check    fails if a committed output is not what is computed
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def main():
    check = sys.argv[1:] == ["--check"]
    stale = []
    for script in sorted(HERE.glob("*.py")):
        if script.name == pathlib.Path(__file__).name:
            continue
        computed = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True).stdout
        output = script.with_suffix(".txt")
        if check and (not output.exists() or output.read_text() != computed):
            stale.append(output.name)
        if not check:
            output.write_text(computed)
        print(f"{script.name}: {'checked' if check else 'written'}")
    if stale:
        sys.exit(f"not what is computed: {', '.join(stale)}")


if __name__ == "__main__":
    main()
