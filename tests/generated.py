"""How hypothesis tries what it makes up for a running server."""

from hypothesis import HealthCheck, Phase, settings

GENERATED = settings(
    deadline=None,
    database=None,
    # Each try asks a real server or database: to shrink what fails would take an hour.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
