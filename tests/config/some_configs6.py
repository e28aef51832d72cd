"""Short ways to a DHCPv6 configuration, for the tests beside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kead.config.reader import Document, read_text
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.config.schema6 import KEYWORDS
from kead.config.snapshot6 import Config6, Subnet6
from kead.dhcp6.options import STANDARD

DATA = Path(__file__).parent / "data"
LOOPBACK = {"lo": (1,)}
SUBNET = {"id": 1, "subnet": "2001:db8:1::/64", "pools": [{"pool": "2001:db8:1::10 - 2001:db8:1::20"}]}
PD_POOL = {"prefix": "2001:db8:8000::", "prefix-len": 48, "delegated-len": 56}


def as_document(tree: Any) -> Document:
    """As if `tree` (or this text) stood in a file named F, written with an indentation of one."""
    text = tree if isinstance(tree, str) else json.dumps(tree, indent=1)
    return read_text(text, "F", KEYWORDS)


def load(tree: Any, **context: Any) -> Config6:
    """The configuration of a whole tree; `interfaces` and other restrictions as given."""
    return load6(as_document(tree), STANDARD, context=Restrictions(**context))


def server(**keywords: Any) -> Config6:
    """A configuration with these global keywords (valid_lifetime=5: "valid-lifetime": 5), one subnet unless given."""
    tree = {name.replace("_", "-"): value for name, value in keywords.items()}
    return load({"Dhcp6": {"subnet6": [SUBNET], **tree}})


def subnet(**keywords: Any) -> Subnet6:
    """The one subnet of a configuration, with these keywords of its own."""
    tree = {name.replace("_", "-"): value for name, value in keywords.items()}
    return server(subnet6=[{**SUBNET, **tree}]).subnets[0]
