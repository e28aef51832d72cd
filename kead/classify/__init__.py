"""Client classes: the expression language in which a class says which packets are its own, and who evaluates it when.

Law: this package knows `kead.wire` and nothing else of kead. It reads packets only through `subject.Subject`, logs
nothing and waits for nothing.
"""
