"""What people call the browser that a sign-in came from."""

# The first that is found; a browser names those that it is like as well.
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("wxwork", "企业微信"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("QQBrowser", "QQ"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("OpenHarmony", "HarmonyOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device(agent: str) -> str:
    """``Chrome · Windows`` of a User-Agent; empty where it tells nothing that is known."""
    known = [next((name for mark, name in names if mark in agent), None) for names in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, known))
