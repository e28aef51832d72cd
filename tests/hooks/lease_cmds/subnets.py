"""Configurations out of subnets."""

from __future__ import annotations

import json
from typing import Any

from kead.config import schema4, schema6
from kead.config.reader import read_text
from kead.config.resolve4 import load4
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.config.snapshot4 import Config4
from kead.config.snapshot6 import Config6
from kead.dhcp4 import options as options4
from kead.dhcp6 import options as options6


def config(subnets: list[dict[str, Any]]) -> Config4:
    """The configuration with these subnets and a lifetime of 4000 seconds."""
    text = json.dumps({"Dhcp4": {"valid-lifetime": 4000, "subnet4": subnets}})
    return load4(read_text(text, "F", schema4.KEYWORDS), options4.STANDARD, context=Restrictions(enforce=False))


def config6(subnets: list[dict[str, Any]]) -> Config6:
    """The configuration with these subnets and lifetimes of 3000 (preferred) and 4000 seconds."""
    whole = {"preferred-lifetime": 3000, "valid-lifetime": 4000, "subnet6": subnets}
    text = json.dumps({"Dhcp6": whole})
    return load6(read_text(text, "F", schema6.KEYWORDS), options6.STANDARD, context=Restrictions(enforce=False))
