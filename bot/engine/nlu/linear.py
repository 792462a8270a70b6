"""A linear model over n-grams, for one message at a time."""

from __future__ import annotations

import joblib
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.engine.nlu.features import Vector

_MANY = 1_000


class LinearModel:
    """Logistic regression, one class against the rest, fitted by scikit-learn.

    liblinear fits one class against the rest a hundred times faster here than one model of all classes,
    and no less well.
    """

    def __init__(self, rows: csr_matrix, labels: np.ndarray, strength: float) -> None:
        """Fit to ``rows`` and their ``labels`` (str), of which there must be two or more.

        ``strength`` is the inverse of the regularization.
        """
        self.classes: list[str] = sorted(set(labels.tolist()))
        # What one row in thousands has tells of that row alone: a weight for each class, no better a guess.
        rare = 1 if rows.shape[0] > _MANY else 0
        known = np.flatnonzero(rows.getnnz(axis=0) > rare)
        self._place = np.full(rows.shape[1], -1, dtype=np.int32)
        self._place[known] = np.arange(len(known))
        rows = rows[:, known]
        # Threads, as liblinear lets go of the interpreter; each fit is the same in any order.
        fitted = joblib.Parallel(n_jobs=-1, prefer="threads")(
            joblib.delayed(_fit)(rows, labels == name, strength) for name in self.classes
        )
        # Half precision: three digits, and half the memory.
        self._weights = np.stack([weights for weights, _ in fitted], axis=1).astype(np.float16)
        self._intercept = np.array([intercept for _, intercept in fitted])

    def scores(self, vector: Vector) -> np.ndarray:
        """Return the log-odds of each of ``classes``."""
        places = self._place[vector.columns]
        known = places >= 0
        scores: np.ndarray = (
            vector.values[known] @ self._weights[places[known]].astype(float) + self._intercept
        )
        return scores

    def scores_of(self, rows: csr_matrix) -> np.ndarray:
        """Return the log-odds of each of ``classes`` for many rows."""
        weights = self._weights.astype(np.float32)
        scores: np.ndarray = rows[:, np.flatnonzero(self._place >= 0)] @ weights + self._intercept
        return scores


def _fit(rows: csr_matrix, positive: np.ndarray, strength: float) -> tuple[np.ndarray, float]:
    model = LogisticRegression(C=strength, solver="liblinear", tol=2e-2, random_state=0).fit(rows, positive)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])
