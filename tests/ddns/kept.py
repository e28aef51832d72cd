"""A sender that keeps what it is given."""

from __future__ import annotations

import json
from typing import Any

from kead.config.snapshot import D2Client
from kead.ddns.sender import Sender


class Keeper(Sender):
    """`requests`: what would have been sent, in order."""

    def __init__(self) -> None:
        super().__init__(D2Client(enable_updates=True))
        self.requests: list[dict[str, Any]] = []

    def put(self, data: bytes) -> None:
        assert int.from_bytes(data[:2], "big") == len(data) - 2
        self.requests.append(json.loads(data[2:]))

    def take(self) -> list[tuple[str, str, str, str]]:
        """What came since the last time: add or remove; the directions (F, R); the name; the address."""
        requests, self.requests = self.requests, []
        return [
            (
                ("add", "remove")[one["change-type"]],
                "F" * one["forward-change"] + "R" * one["reverse-change"],
                one["fqdn"],
                one["ip-address"],
            )
            for one in requests
        ]
