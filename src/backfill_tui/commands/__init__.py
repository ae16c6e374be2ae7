"""The commands as click knows them: what can be typed, and which function of `headless` gets it.

Nothing heavy is imported before the bridge runs: it takes seconds to come up, and everything else can be
imported meanwhile.
"""
