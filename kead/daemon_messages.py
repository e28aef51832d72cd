"""What every DHCP daemon logs about its own life, under Kea's ids, for either family.

Law: one row a message; ``DaemonMessages("DHCP4", "dhcp4", "DHCPv4")`` gives a family's set.
"""

from __future__ import annotations

from kead.config.errors import ConfigError
from kead.logs import DEBUG, ERROR, FATAL, INFO, WARN, Message


class DaemonMessages:
    """The messages of a daemon: ids begin with ``prefix``, the logger is ``logger``, texts name ``protocol``."""

    def __init__(self, prefix: str, logger: str, protocol: str) -> None:
        self.starting = Message(f"{prefix}_STARTING", logger, INFO, f"Kea {protocol} server version %s starting")
        self.started = Message(f"{prefix}_STARTED", logger, INFO, f"Kea {protocol} server version %s started")
        self.security_off = Message(
            f"{prefix}_SECURITY_CHECKS_DISABLED",
            logger,
            WARN,
            "Invoked with command line option -X, Security checks are disabled!!",
        )
        self.already_running = Message(f"{prefix}_ALREADY_RUNNING", logger, FATAL, "%s already running? %s")
        self.failed = Message(f"{prefix}_SERVER_FAILED", logger, FATAL, "server failed: %s")
        self.init_fail = Message(f"{prefix}_INIT_FAIL", logger, ERROR, "failed to initialize Kea server: %s")
        self.config_load_fail = Message(
            f"{prefix}_CONFIG_LOAD_FAIL", logger, ERROR, "configuration error using file: %s, reason: %s"
        )
        self.parser_fail = Message(
            f"{prefix}_PARSER_FAIL",
            logger,
            ERROR,
            "failed to create or run parser for configuration element %s: %s",
        )
        self.reconfiguration = Message(
            f"{prefix}_DYNAMIC_RECONFIGURATION",
            logger,
            INFO,
            "initiate server reconfiguration using file: %s, after receiving SIGHUP signal or config-reload command",
        )
        self.reconfigured = Message(
            f"{prefix}_DYNAMIC_RECONFIGURATION_SUCCESS",
            logger,
            INFO,
            "dynamic server reconfiguration succeeded with file: %s",
        )
        self.reconfiguration_fail = Message(
            f"{prefix}_DYNAMIC_RECONFIGURATION_FAIL",
            logger,
            FATAL,
            "dynamic server reconfiguration failed with file: %s",
        )
        self.config_complete = Message(
            f"{prefix}_CONFIG_COMPLETE", logger, INFO, f"{protocol} server has completed configuration: %s"
        )
        self.config_syntax_warning = Message(
            f"{prefix}_CONFIG_SYNTAX_WARNING", logger, WARN, "configuration syntax warning: %s"
        )
        self.config_not_restored = Message(
            f"{prefix}_CONFIG_NOT_RESTORED",
            logger,
            ERROR,
            "not all of the configuration before could be brought back: %s",
        )
        self.multi_threading = Message(
            f"{prefix}_MULTI_THREADING_INFO", logger, INFO, "enabled: %s, number of threads: %d, queue size: %d"
        )
        self.shutdown_request = Message(f"{prefix}_SHUTDOWN_REQUEST", logger, DEBUG(40), "shutdown of server requested")
        self.unexpected = Message(
            f"{prefix}_UNEXPECTED_ERROR", logger, ERROR, "%s; the server goes on\n%s", multiline=True
        )
        self.shutdown = Message(f"{prefix}_SHUTDOWN", logger, INFO, "server shutdown")


def log_config_error(messages: DaemonMessages, error: ConfigError) -> None:
    """The log line PARSER_FAIL that goes with a configuration that breaks a rule (not with one that breaks the
    syntax).
    """
    if not error.syntax:
        steps = error.path.replace("[", ".").split(".")
        messages.parser_fail(steps[1] if len(steps) > 1 else "", error)
