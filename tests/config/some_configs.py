"""Short ways to a configuration, for the tests beside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kead.config.reader import Document, read_text
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.schema4 import KEYWORDS
from kead.config.snapshot4 import Config4, Subnet4
from kead.dhcp4.options import STANDARD
from kead.wire.address import parse_ip4

DATA = Path(__file__).parent / "data"
LOOPBACK = {"lo": (parse_ip4("127.0.0.1"),)}
SUBNET = {"id": 1, "subnet": "192.0.2.0/24", "pools": [{"pool": "192.0.2.10 - 192.0.2.20"}]}


def as_document(tree: Any) -> Document:
    """As if `tree` (or this text) stood in a file named F, written with an indentation of one."""
    text = tree if isinstance(tree, str) else json.dumps(tree, indent=1)
    return read_text(text, "F", KEYWORDS)


def load(tree: Any, **context: Any) -> Config4:
    """The configuration of a whole tree; `interfaces` and other restrictions as given."""
    return load4(as_document(tree), STANDARD, context=Restrictions(**context))


def server(**keywords: Any) -> Config4:
    """A configuration with these global keywords (valid_lifetime=5: "valid-lifetime": 5), one subnet unless given."""
    tree = {name.replace("_", "-"): value for name, value in keywords.items()}
    return load({"Dhcp4": {"subnet4": [SUBNET], **tree}})


def subnet(**keywords: Any) -> Subnet4:
    """The one subnet of a configuration, with these keywords of its own."""
    tree = {name.replace("_", "-"): value for name, value in keywords.items()}
    return server(subnet4=[{**SUBNET, **tree}]).subnets[0]
