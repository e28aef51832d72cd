"""What the hook framework logs: Kea's ids and severities where Kea has the event, one row each."""

from __future__ import annotations

from kead.logs import DEBUG, ERROR, INFO, WARN, Message

# Finding and loading
LIBRARY_LOADING = Message("HOOKS_LIBRARY_LOADING", "hooks", DEBUG(40), "loading hooks library %s")
LIBRARY_LOADED = Message("HOOKS_LIBRARY_LOADED", "hooks", INFO, "hooks library %s successfully loaded")
CALLOUT_REGISTERED = Message(
    "HOOKS_STD_CALLOUT_REGISTERED", "hooks", DEBUG(50), "hooks library %s registered standard callout for hook %s: %s"
)
COMMAND_REGISTERED = Message(
    "HOOKS_CALLOUT_REGISTRATION", "callouts", DEBUG(50), "hooks library %s registering callout for hook '%s'"
)
OPEN_ERROR = Message("HOOKS_OPEN_ERROR", "hooks", ERROR, "failed to open hook library %s: %s")
NO_LOAD = Message("HOOKS_NO_LOAD", "hooks", DEBUG(40), "no 'load' function found in hook library %s")
LOAD_SUCCESS = Message("HOOKS_LOAD_SUCCESS", "hooks", DEBUG(40), "'load' function in hook library %s returned success")
LOAD_ERROR = Message("HOOKS_LOAD_ERROR", "hooks", ERROR, "'%s' function in hook library %s returned error %r")
LOAD_EXCEPTION = Message(
    "HOOKS_LOAD_EXCEPTION", "hooks", ERROR, "'%s' function in hook library %s threw an exception: reason %s"
)
NO_UNLOAD = Message("HOOKS_NO_UNLOAD", "hooks", DEBUG(40), "no 'unload' function found in hook library %s")
LIBRARY_UNLOADING = Message("HOOKS_LIBRARY_UNLOADING", "hooks", DEBUG(40), "unloading library %s")
UNLOAD_SUCCESS = Message(
    "HOOKS_UNLOAD_SUCCESS", "hooks", DEBUG(40), "'unload' function in hook library %s returned success"
)
UNLOAD_EXCEPTION = Message(
    "HOOKS_UNLOAD_EXCEPTION", "hooks", ERROR, "'unload' function in hook library %s threw an exception, reason %s"
)
LIBRARY_UNLOADED = Message("HOOKS_LIBRARY_UNLOADED", "hooks", INFO, "hooks library %s successfully unloaded")
LIBRARY_CLOSED = Message("HOOKS_LIBRARY_CLOSED", "hooks", INFO, "hooks library %s successfully closed")
MISSPELT = Message(
    "HOOKS_UNKNOWN_HOOK_NAME",
    "hooks",
    WARN,
    "hooks library %s: no hook is called %s, did you mean %s? It is not called",
)
PATH_SECURITY_WARNING = Message("HOOKS_PATH_SECURITY_WARNING", "hooks", WARN, "%s; loaded since restrictions are off")
TASK_FAILED = Message("HOOKS_TASK_EXCEPTION", "hooks", ERROR, "a task of hooks library %s ended with an exception: %s")

# Calling
CALLOUTS_BEGIN = Message("HOOKS_CALLOUTS_BEGIN", "callouts", DEBUG(50), "begin all callouts for hook %s")
CALLOUT_CALLED = Message(
    "HOOKS_CALLOUT_CALLED",
    "callouts",
    DEBUG(55),
    "hooks library %s has called a callout on hook %s: %s (callout duration: %.3f ms)",
)
CALLOUTS_COMPLETE = Message(
    "HOOKS_CALLOUTS_COMPLETE",
    "callouts",
    DEBUG(50),
    "completed callouts for hook %s (total callouts duration: %.3f ms)",
)
CALLOUT_ERROR = Message(
    "HOOKS_CALLOUT_ERROR", "callouts", ERROR, "error returned by callout on hook %s registered by library %s: %s"
)
CALLOUT_EXCEPTION = Message(
    "HOOKS_CALLOUT_EXCEPTION",
    "callouts",
    ERROR,
    "exception thrown by callout on hook %s registered by library %s (%s): %s (callout duration: %.3f ms)",
)
CALLOUT_TRACEBACK = Message("HOOKS_CALLOUT_TRACEBACK", "callouts", DEBUG(40), "hook %s, library %s: %s", multiline=True)
CALLOUT_SLOW = Message(
    "HOOKS_CALLOUT_SLOW",
    "callouts",
    WARN,
    "callout %s of hooks library %s kept the whole server waiting for %.0f ms; what takes its time belongs into an "
    "async def that awaits it",
)
