"""Holds each response of leases4_committed (OFFERs too with `offers`) for `milliseconds` (50), in Kea's own way.

With `forget` it never lets go, with `drop` it drops what it has parked.
"""

import asyncio

from kead.hooks import PARK


def leases4_committed(callout):
    parameters = callout.library.parameters
    callout.reference()
    callout.status = PARK
    if not parameters.get("forget"):
        end = callout.drop if parameters.get("drop") else callout.unpark
        asyncio.get_running_loop().call_later(parameters.get("milliseconds", 50) / 1000, end)


def lease4_offer(callout):
    if callout.library.parameters.get("offers"):
        leases4_committed(callout)
