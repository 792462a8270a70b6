"""What a classifier's scores are worth, found from examples it has not seen."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from scipy.special import log_softmax
from sklearn.model_selection import train_test_split

from bot.engine.nlu.linear import LinearModel

HELD_OUT = 5  # one example in five


class Calibration(NamedTuple):
    """How scores become probabilities, and from which probability on a reading may be believed."""

    scale: float
    threshold: float


def calibrate(rows: csr_matrix, labels: np.ndarray, strength: float, wrong_limit: float) -> Calibration:
    """Fit a `LinearModel` to four fifths of the examples and see what its scores say of the rest.

    The scale (an inverse temperature, Guo et al. 2017) gives the held-out examples the greatest
    likelihood. From the threshold on, ``wrong_limit`` (share, 0–1) of the held-out readings is wrong.
    With too few examples of a class they are 1.0 and 0.5.
    """
    if min(Counter(labels.tolist()).values()) < HELD_OUT:
        return Calibration(1.0, 0.5)
    known, held_out = train_test_split(
        np.arange(len(labels)), test_size=1 / HELD_OUT, stratify=labels, random_state=0
    )
    model = LinearModel(rows[known], labels[known], strength)
    scores = model.scores_of(rows[held_out])
    gold = np.searchsorted(model.classes, labels[held_out])

    def surprise(scale: float) -> float:
        return float(-log_softmax(scores * scale, axis=1)[np.arange(len(gold)), gold].mean())

    scale = float(minimize_scalar(surprise, bounds=(0.1, 10.0), method="bounded").x)
    likely = np.exp(log_softmax(scores * scale, axis=1))
    return Calibration(scale, _threshold(likely.max(axis=1), likely.argmax(axis=1) == gold, wrong_limit))


def _threshold(confidence: np.ndarray, right: np.ndarray, wrong_limit: float) -> float:
    """The least confidence from which on at most ``wrong_limit`` of the readings is wrong."""
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    within = np.flatnonzero(wrong <= wrong_limit)
    return float(confidence[order[within[-1]]]) if len(within) else 1.0
