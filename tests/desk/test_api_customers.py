"""The customer and her orders over the desk API, before the sample shop: what the page's right column has."""

from typing import Any

import httpx

from actions.backend.contract import Customer
from bot.conversations import audits, notes, ratings, tickets
from tests.shop_proxy import Fault

from .foreign import Desk


def audited(desk: Desk, conversation: str, action: str) -> list[dict[str, Any]]:
    """What was kept of this action in the conversation, newest first."""
    found = [(row.action, row.detail or {}) for row in audits.latest(desk.store, 500)]
    return [detail for what, detail in found if what == action and detail.get("conversation") == conversation]


def get(http: httpx.Client, path: str) -> Any:
    return http.get(path).raise_for_status().json()


def test_what_the_right_column_shows_is_there_and_the_phone_only_by_a_call_that_is_kept(desk: Desk) -> None:
    before = desk.taken("xiaoli", "c1001")
    desk.store.say(before, desk.ids["xiaoli"], "小李", "已经帮您查过了", "a")
    desk.store.close(before, desk.ids["xiaoli"], outcome="solved")
    ratings.rate(desk.store, before, 5, "很有耐心")
    conversation = desk.taken("xiaowang", "c1001")
    her = f"/conversations/{conversation}/customer"
    with desk.caller("xiaowang") as http:
        for _ in range(2):
            profile = get(http, her)["profile"]
        assert (profile["phone"], profile["level_text"]) == ("138****6688", "银卡会员")
        assert len(audited(desk, conversation, "view_customer")) == 1
        orders = get(http, f"{her}/orders?page_size=50")["items"]
        assert [each["no"] for each in orders] == [o.no for o in desk.shop.orders(Customer("c1001")).items]
        sent = next(each["no"] for each in orders if each["status"] == "shipped")
        assert get(http, f"{her}/orders/{sent}/shipments")["items"][0]["tracking_no"]
        now = get(http, f"{her}/orders/{sent}")
        assert "urge" in now["allowed"]
        assert any(each["action"] == "cancel" and each["reason"] for each in now["forbidden"])
        for part in ("after-sales", "refunds", "coupons"):
            assert "items" in get(http, f"{her}/{part}")
        assert get(http, f"{her}/points")["balance"] == profile["points"]
        (earlier,) = [p for p in get(http, f"{her}/past")["items"] if p["conversation"]["id"] == before]
        assert (earlier["handoff"]["outcome"], earlier["rating"]["comment"]) == ("solved", "很有耐心")
        assert get(http, f"/conversations/{before}/ratings")["items"][0]["score"] == 5
        product = orders[0]["items"][0]["product"]
        assert get(http, f"/products/{product}")["variants"]
        filled = get(http, f"/conversations/{conversation}/replies")["items"]
        assert not [each for each in filled if "{" in each["text"]]
        assert any(orders[0]["no"] in each["text"] for each in filled)

        assert "13816826688" not in http.get(her).text
        assert audited(desk, conversation, "view_phone") == []
        assert http.post(f"{her}/phone").json() == {"phone": "13816826688"}
        (kept,) = audited(desk, conversation, "view_phone")
        assert kept["token"]

        stranger = http.get(f"{her}/orders/{desk.shop.orders(Customer('c1002')).items[0].no}")
        assert (stranger.status_code, stranger.json()["type"]) == (404, "not-hers")
        visitor = http.get(f"/conversations/{desk.taken('xiaowang', None)}/customer")
        assert (visitor.status_code, visitor.json()["type"]) == (404, "no-customer")
        with desk.proxy.troubled(Fault(customer="c1001", ends="error")):
            away = http.get(f"{her}/points")
        assert (away.status_code, away.json()["type"]) == (503, "shop-unavailable")


def test_an_order_is_cancelled_once_though_the_first_answer_was_lost(desk: Desk) -> None:
    her = Customer("c1003")
    order = next(o for o in desk.shop.orders(her).items if o.can["cancel"].allowed)
    refunds = desk.shop.refunds(her).total
    conversation = desk.taken("xiaowang", her.id)
    place = f"/conversations/{conversation}/order-actions"
    act = {"action": "cancel", "order_no": order.no}
    with desk.caller("xiaowang") as http, desk.caller("xiaoli") as stranger:
        would = http.post(f"{place}/preview", json={"act": act}).raise_for_status().json()
        assert would["result"]["refund_fen"] == 13700
        assert {"label": "退款", "value": "¥137.00，退回原支付方式"} in would["told"]
        assert desk.shop.order(her, order.no).status == "paid"  # nothing happens before it is meant
        refused = stranger.post(place, json={"client_id": "x", "act": act})
        assert (refused.status_code, refused.json()["type"]) == (409, "not-yours")

        lost = Fault(customer=her.id, method="POST", path=f"/v1/orders/{order.no}/cancel", ends="lost")
        with desk.proxy.troubled(lost):
            first = http.post(place, json={"client_id": "a1", "act": act}).json()
        assert first["kind"] == "unsure"
        assert desk.shop.order(her, order.no).status == "cancelled"
        # Another id is not let by: it might do the same twice.
        other = http.post(place, json={"client_id": "a2", "act": act})
        assert (other.status_code, other.json()["type"]) == (409, "not-sure")
        goes_on = {"client_id": other.json()["client_id"], "act": act}
        assert http.post(place, json=goes_on).json()["kind"] == "done"
        again = http.post(place, json={"client_id": "a1", "act": act}).json()
        assert again["kind"] == "done" and again["result"]["refund_fen"] == 13700

        refused = http.post(f"{place}/preview", json={"act": act})
        assert (refused.status_code, refused.json()["type"]) == (409, "refused")
        assert refused.json()["reason"]
        anew = http.post(place, json={"client_id": "a3", "act": act}).json()
        assert anew["kind"] == "refused" and anew["reason"]

    assert desk.shop.refunds(her).total == refunds + 1
    assert len({row["key"] for row in audited(desk, conversation, "order_cancel") if row["token"]}) == 2
    unsure, settled = (note.text for note in notes.of(desk.store, conversation))
    assert "结果未知" in unsure and "已办好" in settled and "¥137.00" in settled


def test_each_order_action_is_understood_and_others_orders_are_not_touched(desk: Desk) -> None:
    her = Customer("c1005")
    orders = desk.shop.orders(her).items
    worn = next(o for o in orders if o.can["exchange"].allowed)
    conversation = desk.taken("xiaowang", her.id)
    place = f"/conversations/{conversation}/order-actions"

    def after_sale(**more: Any) -> dict[str, Any]:
        goods = {"kind": "return", "items": [{"sku": worn.items[0].sku, "qty": 1}], "reason": "wrong_size"}
        return {"action": "after_sale", "order_no": worn.no, **goods, **more}

    with desk.caller("supervisor") as http:  # who may, though it is another's
        sale = http.post(place, json={"client_id": "s1", "act": after_sale()}).raise_for_status().json()
        assert sale["kind"] == "done" and sale["result"]["id"]
        back = {"action": "withdraw", "order_no": worn.no, "after_sale": sale["result"]["id"]}
        elsewhere = {**back, "order_no": next(o.no for o in orders if o.no != worn.no)}
        assert http.post(f"{place}/preview", json={"act": elsewhere}).status_code == 404
        taken_back = http.post(place, json={"client_id": "s2", "act": back, "language": "en"}).json()
        assert taken_back["result"]["state"] == "withdrawn"

        variants = desk.shop.product(worn.items[0].product).variants
        other = next(v.sku for v in variants if v.stock and v.sku != worn.items[0].sku)
        exchange = http.post(
            f"{place}/preview", json={"act": after_sale(kind="exchange", target_sku=other)}
        ).json()
        assert exchange["result"]["target"]["sku"] == other
        foreign = http.post(f"{place}/preview", json={"act": after_sale(evidence=["0" * 32])})
        assert (foreign.status_code, foreign.json()["type"]) == (422, "unknown-attachment")
        assert http.post(f"{place}/preview", json={"act": after_sale(kind="exchange")}).status_code == 422

    his = Customer("c1002")
    paid = next(o for o in desk.shop.orders(his).items if o.can["change_address"].allowed)
    with desk.caller("xiaowang") as http:
        conversation = desk.taken("xiaowang", his.id)
        place = f"/conversations/{conversation}/order-actions"

        def would(action: str, **more: Any) -> dict[str, Any]:
            act = {"action": action, "order_no": paid.no, **more}
            found: dict[str, Any] = http.post(f"{place}/preview", json={"act": act}).raise_for_status().json()
            return found

        moved = would("change_address", text="浙江省杭州市余杭区文一西路 1 号", phone="13912345678")
        assert moved["result"]["phone"] == "139****5678"
        assert would("remark", text="送前打电话")["told"][0]["value"] == "送前打电话"
        number = {"kind": "company", "title": "某某公司", "tax_no": "91330400MA2B0ABC12"}
        assert would("invoice", **number)["result"]["tax_no"] == number["tax_no"]
        assert would("urge")["told"]
        assert desk.shop.order(his, paid.no) == paid  # nothing was done
        hers = {"act": {"action": "remark", "order_no": worn.no, "text": "放门口"}}
        assert http.post(f"{place}/preview", json=hers).status_code == 404


def test_what_is_made_is_made_once(desk: Desk) -> None:
    conversation = desk.taken("xiaowang", None)
    place = f"/conversations/{conversation}"
    with desk.caller("xiaowang") as http:
        note = {"client_id": "n1", "text": "客户着急"}
        first, again = (http.post(f"{place}/notes", json=note).json()["id"] for _ in range(2))
        assert first == again
        assert http.post(f"{place}/notes", json={**note, "client_id": "n2"}).json()["id"] != first
        wanted = {"client_id": "t1", "title": "补发一件"}
        made = [http.post(f"{place}/tickets", json=wanted).json() for _ in range(2)]
        assert made[0] == made[1]
        assert [t.title for t in tickets.of(desk.store, conversation)].count("补发一件") == 1
        change = {"client_id": "c1", "note": "已催仓库", "state": "in_progress"}
        for _ in range(2):
            http.patch(f"/tickets/{made[0]['id']}", json=change).raise_for_status()
        assert http.patch(f"/tickets/{made[0]['id']}", json={"note": "没有编号"}).status_code == 422
    kinds = [event.kind for event in tickets.events(desk.store, made[0]["id"])]
    assert kinds == ["opened", "state", "note"]
    told = [m for m in desk.store.messages(conversation) if "已催仓库" in (m.text or "")]
    assert len(told) == 1
