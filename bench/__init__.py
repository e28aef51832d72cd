"""Measuring kead beside kea-dhcp4, and the sandbox that the system tests share with it.

Nothing here is installed with kead. Run it with `script/bench`; docs/performance.md says how it measures.
"""
