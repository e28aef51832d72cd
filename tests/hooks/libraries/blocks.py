"""Keeps everybody waiting for `milliseconds` (80), as no hook should: plainly, or inside an async function."""

import time


def block(callout):
    time.sleep(callout.library.parameters.get("milliseconds", 80) / 1000)


def pkt4_receive(callout):
    block(callout)


async def pkt4_send(callout):
    block(callout)
