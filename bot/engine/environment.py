"""The process environment that Rasa and its libraries need; set before any of them is imported."""

from __future__ import annotations

import os
import sys
import warnings

from ruamel.yaml.constructor import SafeConstructor


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
    # Old libraries warn of older ones on every import; nobody here can act on it.
    warnings.showwarning = lambda *_args, **_kwargs: None
    # TensorFlow would import it for a converter that nobody uses: a second and 63 MB.
    sys.modules["jax"] = None  # type: ignore[assignment]
    # Rasa writes the domain as JSON, which has no days: in the data they are texts (metadata: since).
    SafeConstructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_scalar)


def log_from(level: int) -> None:
    """Make Rasa's two loggers tell what is of ``level`` (as in logging) or graver."""
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    configure_logging_and_warnings(level)
    configure_structlog(level)
