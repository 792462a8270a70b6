"""The process environment that Rasa and its libraries need; to be called before any of them is imported."""

from __future__ import annotations

import os


def prepare() -> None:
    """Keep the process small, silent and off the network."""
    os.environ.update(
        RASA_TELEMETRY_ENABLED="false",
        SANIC_WORKERS="1",
        TF_CPP_MIN_LOG_LEVEL="3",
        # Nothing here computes with TensorFlow, and one core belongs to the other processes.
        TF_NUM_INTRAOP_THREADS="1",
        TF_NUM_INTEROP_THREADS="1",
        OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1",
        CUDA_VISIBLE_DEVICES="-1",
        # Rasa's cache of training steps knows nothing of changed dictionaries and code.
        RASA_MAX_CACHE_SIZE="0",
    )
