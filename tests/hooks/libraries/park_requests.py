"""Each REQUEST takes its time: `milliseconds` (50) of it, while others are served."""

import asyncio

REQUEST = 3


async def pkt4_receive(callout):
    if callout.query4.type == REQUEST:
        await asyncio.sleep(callout.library.parameters.get("milliseconds", 50) / 1000)
