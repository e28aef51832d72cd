"""What a callout leaves behind to say how the server is to go on."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Status(Enum):
    """The four words; what each means is said by the point. One that a point does not list counts as CONTINUE."""

    CONTINUE = 0
    SKIP = 1
    DROP = 2
    PARK = 3


CONTINUE: Final = Status.CONTINUE
SKIP: Final = Status.SKIP
DROP: Final = Status.DROP
PARK: Final = Status.PARK
