"""Draws log.csv: agreement with the service against the number of answers, one curve a policy."""
import argparse
import csv

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

CURVES = {"scores": ("scores", "#b2182b", "o"), "confidence": ("label and level", "#ef8a62", "s"),
          "label": ("label", "#2166ac", "^"), "truth": ("no service: true labels", "#777777", "D")}


def read(path):
    """The rows of the log, numbers converted."""
    with open(path, newline="", encoding="utf-8") as file:
        return [{**row, "answers": int(row["answers"]), "agreement": float(row["agreement"]),
                 "standard_error": float(row["standard_error"])} for row in csv.DictReader(file)]


def draw(rows, majority, axes):
    """One curve a policy, with standard errors, and the line of a student that learned nothing."""
    for policy, (name, colour, mark) in CURVES.items():
        curve = sorted((r for r in rows if r["policy"] == policy), key=lambda r: r["answers"])
        axes.errorbar([r["answers"] for r in curve], [100 * r["agreement"] for r in curve],
                      [100 * r["standard_error"] for r in curve], color=colour, marker=mark, capsize=2,
                      linewidth=1.6, markersize=5, label=name)
    axes.axhline(100 * majority, color="#999999", linestyle=":", linewidth=1.2)
    axes.annotate("always the most frequent label", (5000, 100 * majority), (0, 4), ha="right",
                  textcoords="offset points", color="#555555", fontsize=8)
    axes.set_xscale("log")
    axes.set_xticks([100, 300, 1000, 3000, 5000], ["100", "300", "1000", "3000", "5000"])
    axes.minorticks_off()
    axes.set_xlabel("answers (of the service, or true labels)")
    axes.set_ylabel("same label as the service, % of held-out segments")
    axes.grid(True, color="#e6e6e6", linewidth=0.8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", default="log.csv")
    parser.add_argument("--majority", type=float, required=True, help="share of the most frequent label")
    parser.add_argument("--out", nargs="+", default=["../../docs/security/extraction.svg"])
    a = parser.parse_args()
    plt.rcParams.update({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "extraction"})
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    draw(read(a.log), a.majority, axes)
    for path in a.out:
        figure.savefig(path, dpi=110, metadata={"Date": None} if path.endswith(".svg") else None)


if __name__ == "__main__":
    main()
