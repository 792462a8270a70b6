"""The bot's files as the studio keeps them: read, changed, and taken back, each change a commit."""

from .authors import BY_HAND as BY_HAND
from .authors import Author as Author
from .history import Change as Change
from .history import FileDiff as FileDiff
from .repository import Pending as Pending
from .repository import Repository as Repository
from .snapshot import Draft as Draft
from .snapshot import Files as Files
from .snapshot import Snapshot as Snapshot
from .troubles import CannotWrite as CannotWrite
from .troubles import Clash as Clash
from .troubles import Conflict as Conflict
from .troubles import Refused as Refused
from .troubles import Trouble as Trouble
