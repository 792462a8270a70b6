"""The menu under an official account's chat, as the account's settings name it.

Once an account's messages go to a server, its settings page makes no menus any more; the API does.

Source: https://developers.weixin.qq.com/doc/subscription/api/custommenu/api_createcustommenu.html
"""

from . import texts
from .accounts import Account, WrongAccounts
from .pages import login_url
from .wording import say

Button = dict[str, str]

MOST = 3
LONGEST = 12  # bytes of a title; of more a phone shows only the beginning


def buttons(account: Account, front: str) -> list[Button]:
    """The menu's items: each title is its own key; where there is room, the last leads to the sign-in.

    Raises:
        WrongAccounts: WeChat would not take them.
    """
    if not account.ways.passive:
        raise WrongAccounts("Only an official account has a menu.")
    items = [{"type": "click", "name": title, "key": title} for title in account.menu]
    if account.signs_in and len(items) < MOST:
        items.append({"type": "view", "name": say("menu_bind"), "url": login_url(front, account)})
    if not 0 < len(items) <= MOST:
        raise WrongAccounts(f"menu: name one to {MOST} items, such as {{查物流: 查物流}}.")
    for title in account.menu:
        if not 0 < texts.size(title) <= LONGEST:
            raise WrongAccounts(
                f"menu: '{title}' is longer than four Chinese characters or {LONGEST} letters."
            )
    return items
