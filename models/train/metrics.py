"""Accuracy, per-class F1 and the challenge score of record-level labels."""
import numpy as np


def confusion(truth, predicted):
    """4x4 counts, rows are the truth."""
    return np.bincount(4 * truth + predicted, minlength=16).reshape(4, 4)


def summary(truth, predicted):
    """Accuracy, challenge score (F1n + F1a + F1o) / 3, the four F1 and the confusion matrix."""
    table = confusion(truth, predicted)
    f1 = 2 * np.diag(table) / np.maximum(1, table.sum(0) + table.sum(1))
    return {
        "accuracy": float(np.diag(table).sum() / table.sum()),
        "challenge_score": float(f1[:3].mean()),
        "f1": [float(v) for v in f1],
        "confusion": table.tolist(),
    }


def record_scores(scores, owner, records):
    """A record's scores are the sum over its segments."""
    total = np.zeros((records, scores.shape[1]), scores.dtype)
    np.add.at(total, owner, scores)
    return total
