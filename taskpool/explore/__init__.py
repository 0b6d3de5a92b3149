"""Every interleaving of a program, or the ones that matter: search, replay, report.

A *program* is called with a `ControlledRuntime`, creates its threads and objects through it, and returns None or a
check that is called once everything has ended. A *strategy* decides which thread goes on at each step.
"""
