"""Writes its life into the file `journal`, a line an event: NAME load, start, unload, and counts queries in between.

`fail` names the function that fails. `name` (life) tells instances apart.
"""

from kead.hooks import command

here = {"queries": 0}


def write(library, event):
    with open(library.parameters["journal"], "a") as journal:
        journal.write(f"{library.parameters.get('name', 'life')} {event}\n")
    if library.parameters.get("fail") == event:
        raise RuntimeError(f"{event} failed on purpose")


async def load(library):
    here["library"] = library
    write(library, "load")


def start(library):
    write(library, "start")


def pkt4_receive(callout):
    here["queries"] += 1


@command("life-queries")
def life_queries(callout):
    return {"result": 0, "arguments": {"queries": here["queries"]}}


def unload():
    write(here["library"], "unload")
