"""A chat with any trained model, away from shoppers: its process, and what each turn shows."""

from .process import AT_ONCE as AT_ONCE
from .process import IDLE_MINUTES as IDLE_MINUTES
from .process import MOST_TURNS as MOST_TURNS
from .process import CannotChat as CannotChat
from .process import Sandbox as Sandbox
from .process import Sandboxes as Sandboxes
from .turns import Turn as Turn
