"""The log messages of the command channel (logger ``commands``), under Kea's ids."""

from __future__ import annotations

from typing import Final

from kead.logs import DEBUG, ERROR, INFO, WARN, Message

ACCEPTOR_START: Final = Message(
    "COMMAND_ACCEPTOR_START", "commands", INFO, "Starting to accept connections via unix domain socket bound to %s"
)
REGISTERED: Final = Message("COMMAND_REGISTERED", "commands", DEBUG(10), "Command %s registered")
RECEIVED: Final = Message("COMMAND_RECEIVED", "commands", INFO, "Received command '%s'")
PROCESS_ERROR1: Final = Message("COMMAND_PROCESS_ERROR1", "commands", WARN, "Error while processing command: %s")
PROCESS_ERROR2: Final = Message("COMMAND_PROCESS_ERROR2", "commands", WARN, "Error while processing command: %s")
CONNECTION_OPENED: Final = Message(
    "COMMAND_SOCKET_CONNECTION_OPENED", "commands", DEBUG(10), "Opened socket %d for incoming command connection"
)
CONNECTION_CLOSED: Final = Message(
    "COMMAND_SOCKET_CONNECTION_CLOSED", "commands", DEBUG(10), "Closed socket %d for existing command connection"
)
CONNECTION_TIMEOUT: Final = Message(
    "COMMAND_SOCKET_CONNECTION_TIMEOUT", "commands", INFO, "Timeout occurred for connection over socket %d"
)
READ: Final = Message("COMMAND_SOCKET_READ", "commands", DEBUG(50), "Received %d bytes over command socket %d")
READ_FAIL: Final = Message(
    "COMMAND_SOCKET_READ_FAIL", "commands", ERROR, "Encountered error %s while reading from command socket %d"
)
WRITE: Final = Message(
    "COMMAND_SOCKET_WRITE",
    "commands",
    DEBUG(50),
    "Sent response of %d bytes (0 bytes left to send) over command socket %d",
)
WRITE_FAIL: Final = Message(
    "COMMAND_SOCKET_WRITE_FAIL", "commands", ERROR, "Error while writing to command socket %d : %s"
)
