"""The commands without a screen, over the gateway.

Data on stdout, talk on stderr, and an exit code that means something: 0 all succeeded, 1 finished with
failures, and those of `domain.problems`.
"""
