"""What lease stores of both families have in common."""

from __future__ import annotations


class StoreError(Exception):
    """A group could not be made durable; its changes are undone. Says what failed, on what, and what helps."""
