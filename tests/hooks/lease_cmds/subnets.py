"""A configuration out of subnets."""

from __future__ import annotations

import json
from typing import Any

from kead.config.reader import read_text
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.schema4 import KEYWORDS
from kead.config.snapshot4 import Config4
from kead.dhcp4.options import STANDARD


def config(subnets: list[dict[str, Any]]) -> Config4:
    """The configuration with these subnets and a lifetime of 4000 seconds."""
    text = json.dumps({"Dhcp4": {"valid-lifetime": 4000, "subnet4": subnets}})
    return load4(read_text(text, "F", KEYWORDS), STANDARD, context=Restrictions(enforce=False))
