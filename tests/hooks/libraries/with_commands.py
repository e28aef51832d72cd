"""Commands: counted queries, a slow answer, one that fails, one that does not answer, one in place of a built-in."""

import asyncio

from kead.hooks import command

seen = {"queries": 0}


def pkt4_receive(callout):
    seen["queries"] += 1


@command("hook-queries")
def hook_queries(callout):
    return {"result": 0, "text": f"{seen['queries']} queries", "arguments": dict(seen)}


@command("hook-slow")
async def hook_slow(callout):
    await asyncio.sleep(0)
    return {"result": 0, "text": "at last", "arguments": callout.arguments}


@command("hook-fails")
def hook_fails(callout):
    raise RuntimeError("raised on purpose by a command")


@command("hook-silent")
def hook_silent(callout):
    pass


@command("version-get")
def version_get(callout):
    return {"result": 0, "text": "a library's own version"}
