"""A linear model over n-grams, for one message at a time."""

from __future__ import annotations

from collections import Counter

import numpy as np
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.engine.nlu.features import ngrams


class NgramModel:
    """TF-IDF and logistic regression, fitted by scikit-learn and applied with a few array operations.

    For a single message scikit-learn's checks and conversions cost several times the sums themselves.
    """

    def __init__(
        self,
        messages: list[Message],
        labels: list[str],
        strength: float,
        max_features: int | None = None,
        class_weight: str | None = None,
    ) -> None:
        """Fit to ``messages`` and their ``labels``, of which there must be two or more.

        ``strength`` is the inverse of the regularization; ``max_features`` n-grams, the most frequent
        ones, are kept.
        """
        vectorizer = TfidfVectorizer(analyzer=ngrams, sublinear_tf=True, max_features=max_features)
        self.rows: csr_matrix = vectorizer.fit_transform(messages)
        # liblinear: one class against the rest, a hundred times faster here than one model of all classes
        # and as well calibrated.
        model = LogisticRegression(
            C=strength, solver="liblinear", class_weight=class_weight, tol=1e-2, random_state=0
        ).fit(self.rows, labels)
        weights = model.coef_ if len(model.coef_) > 1 else np.vstack((-model.coef_, model.coef_))
        intercept = (
            model.intercept_ if len(model.coef_) > 1 else np.hstack((-model.intercept_, model.intercept_))
        )
        self.classes: list[str] = [str(label) for label in model.classes_]
        self._vocabulary: dict[str, int] = vectorizer.vocabulary_
        self._idf = vectorizer.idf_
        self._weights = np.ascontiguousarray(weights.T, dtype=np.float32)
        self._intercept = intercept

    def vector(self, message: Message) -> tuple[np.ndarray, np.ndarray]:
        """Return the columns of the n-grams of ``message`` that are known, and their TF-IDF (length 1)."""
        counts = Counter(
            column for gram in ngrams(message) if (column := self._vocabulary.get(gram)) is not None
        )
        columns = np.fromiter(counts.keys(), int, len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), float, len(counts)))) * self._idf[columns]
        return columns, values / (np.linalg.norm(values) or 1.0)

    def probabilities(self, columns: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return the probability of each of ``classes`` for a message's vector."""
        scores = expit(values @ self._weights[columns] + self._intercept)
        return scores / scores.sum()

    def similarities(self, columns: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return the cosine of a message's vector with each row of ``rows``."""
        dense = np.zeros(self.rows.shape[1])
        dense[columns] = values
        return self.rows @ dense
