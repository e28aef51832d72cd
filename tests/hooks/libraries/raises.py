"""Raises at each point that `points` names."""

POINTS = (
    "dhcp4_srv_configured",
    "context_create",
    "buffer4_receive",
    "pkt4_receive",
    "subnet4_select",
    "lease4_select",
    "lease4_renew",
    "lease4_release",
    "lease4_decline",
    "leases4_committed",
    "lease4_offer",
    "pkt4_send",
    "buffer4_send",
    "context_destroy",
    "lease4_expire",
    "lease4_recover",
    "command_processed",
)


def raising(point):
    def callout(handle):
        if point in handle.library.parameters["points"]:
            raise RuntimeError(f"raised on purpose at {point}")

    return callout


globals().update({point: raising(point) for point in POINTS})
