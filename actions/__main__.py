"""``python -m actions``: the action server."""

from actions.server import main

if __name__ == "__main__":
    main()
