"""Personal data, made unreadable."""

import re

# Province, city and district; what follows is street and house.
_REGION = re.compile(
    r"^(?:[^\d\s]{2,8}?(?:省|自治区))?(?:[^\d\s]{2,8}?(?:市|自治州|州|地区|盟))?"
    r"(?:[^\d\s]{1,8}?(?:区|县|市|旗))?"
)


def mask_phone(phone: str) -> str:
    """138****5678"""
    return f"{phone[:3]}****{phone[-4:]}"


def mask_name(name: str) -> str:
    """林**"""
    return name[:1] + "*" * (len(name) - 1)


def mask_address(region: str) -> str:
    """The region alone; street and house never leave the shop."""
    return f"{region}****"


def mask_email(email: str) -> str:
    """l****@example.com"""
    name, _, host = email.partition("@")
    return f"{name[:1]}****@{host}"


def part_address(text: str) -> tuple[str, str]:
    """Region, which may be shown, and the rest, of an address as people write it."""
    found = _REGION.match(text)
    region = found[0] if found else ""
    return region, text[len(region) :].strip()
