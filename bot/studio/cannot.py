"""Why something was not done, as a code that a page has a sentence for."""


class Cannot(Exception):
    """Nothing was done; ``why`` is a code, ``values`` belong into its sentence."""

    def __init__(self, why: str, **values: object) -> None:
        super().__init__(why)
        self.why, self.values = why, values
