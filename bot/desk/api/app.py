"""The API's application, mounted by the office under ``/api/desk``."""

from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request
from starlette.responses import Response

from actions.backend.contract import NotFound, Refused, ShopError
from bot import problems
from bot.conversations import feed
from bot.conversations.database import UNAVAILABLE
from bot.conversations.ownership import IllegalMove
from bot.conversations.steps import UnknownConversation
from bot.conversations.store import NotYours
from bot.conversations.tickets import UnknownTicket
from bot.handoff.agents import OpenChats, UnknownAgent
from bot.problems import Problem, responses
from bot.staff.sessions import NotAllowed

from . import caller, conversations, customers, moves, orders, people, tickets
from .follow import Follow
from .services import Services
from .stream import DeskStream

PREFIX = "/api/desk"
CURSOR = rf"^\d{{1,15}}(-\d{{1,15}}){{{len(feed.SOURCES) - 1}}}$"


def create(desk: Services, follow: Follow, per_minute: int) -> FastAPI:
    """The calls of the API; each token may make so many ``per_minute``. ``follow`` runs beside it."""
    app = FastAPI(
        title="Guitai desk",
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        dependencies=[Depends(caller.documented), Depends(caller.limited(per_minute))],
        responses=responses(400, 401, 403, 408, 413, 422, 429),
    )
    problems.install(app, unavailable=UNAVAILABLE)
    for kind in (
        UnknownConversation,
        UnknownTicket,
        UnknownAgent,
        NotYours,
        IllegalMove,
        OpenChats,
        NotAllowed,
        ShopError,
        orders.NotSure,
    ):
        app.add_exception_handler(kind, _refused)
    for part in (people, conversations, moves, customers, orders, tickets):
        app.include_router(part.create_router(desk))

    @app.get(
        "/stream",
        tags=["stream"],
        status_code=200,
        response_class=DeskStream,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}, **responses(409)},
    )
    def stream(
        request: Request,
        staff: caller.Agent,
        last_event_id: Annotated[str | None, Header(pattern=CURSOR)] = None,
    ) -> Response:
        """What happens at the desk, as server-sent events; ``Last-Event-ID`` goes on where it broke off."""
        cursor = tuple(map(int, last_event_id.split("-"))) if last_event_id else None
        if cursor:
            if any(id > head for id, head in zip(cursor, feed.heads(desk.store), strict=True)):
                # So it is where an older backup was restored.
                raise Problem(409, "ahead-of-log", "So much has not happened: read the lists and begin anew.")
            try:
                feed.since(desk.store, cursor, f"agent:{staff.id}")
            except feed.TooFarBehind:
                detail = "Too much has happened since: read the lists and begin anew."
                raise Problem(409, "too-far-behind", detail) from None
        token = request.headers["authorization"].partition(" ")[2].strip()
        desk.note(staff, "stream")
        return DeskStream(desk, follow, staff, lambda: desk.tokens.holder(token), cursor)

    problems.be_exact(app.openapi())
    return app


def _refused(_request: Request, error: Exception) -> Response:
    match error:
        case UnknownConversation():
            problem = Problem(404, "unknown-conversation", "There is no such conversation.")
        case UnknownTicket():
            problem = Problem(404, "unknown-ticket", "There is no such ticket.")
        case UnknownAgent():
            problem = Problem(404, "unknown-agent", "Nobody of this id has ever been at the desk.")
        case NotYours():
            problem = Problem(409, "not-yours", "The conversation does not belong to this agent (any more).")
        case OpenChats():
            detail = "Say where they go ('to': queue, or a colleague's id), or end them first."
            return Problem(409, "open-chats", detail).response(open=error.count)
        case orders.NotSure():
            detail = "Whether this was done before is not known: go on with that 'client_id'."
            return Problem(409, "not-sure", detail).response(client_id=error.client_id)
        case NotFound():
            problem = Problem(404, "not-hers", "The shop has no such thing, or it is not this customer's.")
        case Refused():
            refused = Problem(409, "refused", "The shop does not allow it; 'reason' says why.")
            return refused.response(cause=error.cause, reason=error.reason)
        case ShopError():
            detail = "The shop does not answer: try again."
            problem = Problem(503, "shop-unavailable", detail, {"Retry-After": "5"})
        case IllegalMove():
            problem = Problem(409, "illegal-move", f"{error}.")
        case _:
            problem = Problem(403, "not-allowed", "The account's role does not reach this far.")
    return problem.response()
