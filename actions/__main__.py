"""``python -m actions``: the action server."""

import sys

from actions.backend.choice import WrongShop
from actions.server import main
from actions.shop import shop

if __name__ == "__main__":
    try:
        shop()
    except WrongShop as why:
        sys.exit(str(why))
    main()
