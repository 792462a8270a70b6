"""After-sales and refunds as they are told."""

from bot.shop import models
from bot.shop.after_sales import rules, schemas
from bot.shop.calls import permission
from bot.shop.texts import texts


def after_sale(row: models.AfterSale) -> schemas.AfterSale:
    words = texts()
    qty = sum(len(item.pieces) for item in row.items)
    target = {"sku": row.target_sku, "name": row.items[0].name, "spec": row.target_spec, "qty": qty}
    on_its_way = row.kind in rules.SENT_BACK and row.state == "approved"
    next_steps = words["next_step"]
    newest = sorted(row.steps, key=lambda step: step.at, reverse=True)
    return schemas.AfterSale.model_validate(
        {
            "id": row.id,
            "order_no": row.order_no,
            "kind": row.kind,
            "kind_text": words["after_sale"][row.kind],
            "state": row.state,
            "state_text": words["after_sale_state"][row.state],
            "items": [
                {"sku": i.sku, "name": i.name, "spec": i.spec, "qty": len(i.pieces)} for i in row.items
            ],
            "reason": row.reason,
            "reason_text": words["reason"][row.reason],
            "created_at": row.created_at,
            "refund_fen": row.refund_fen,
            "method_text": words["refund_method"] if row.refund_fen else None,
            "postage_by": rules.postage_by(row.kind, row.reason),
            "target": target if row.target_sku else None,
            "return_address": words["warehouse"] if on_its_way else None,
            "next_step": next_steps[row.kind].get(row.state) or next_steps["any"][row.state],
            "expected_at": row.expected_at,
            "timeline": [{"at": step.at, "text": step.text} for step in newest],
            "can_withdraw": permission(rules.cannot_withdraw(row)),
        }
    )


def refund(row: models.Refund) -> schemas.Refund:
    return schemas.Refund.model_validate(
        {
            "id": row.id,
            "order_no": row.order_no,
            "amount_fen": row.amount_fen,
            "method_text": texts()["refund_method"],
            "state": row.state,
            "state_text": texts()["refund_state"][row.state],
            "created_at": row.created_at,
            "reason_text": row.reason_text,
            "after_sale": row.after_sale_id,
            "expected_at": row.expected_at if row.state != "done" else None,
            "done_at": row.done_at,
        }
    )
