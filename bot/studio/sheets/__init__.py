"""The FAQ topics as a sheet that a shop's clerk edits in Excel: written, read again, checked, and put back.

A row holds one question, one answer, or both, beside the topic they belong to. Not one row for each topic
with its seventy questions in one cell: nobody edits such a cell, and "row 12" would not say which line of it
is wrong. So a question is added by adding a row, rows can be sorted and filtered, and each problem has its
place.
"""

from .columns import COLUMNS as COLUMNS
from .columns import SENTENCES as SENTENCES
from .columns import channel_name as channel_name
from .columns import full as full
from .columns import short as short
from .plan import Options as Options
from .plan import Plan as Plan
from .plan import compared as compared
from .plan import make as make
from .reading import LARGEST as LARGEST
from .reading import Fault as Fault
from .telling import counted as counted
from .telling import place as place
from .telling import sentence as sentence
from .telling import summary as summary
from .telling import told as told
from .writing import csv_of as csv_of
from .writing import name_of as name_of
from .writing import xlsx_of as xlsx_of
