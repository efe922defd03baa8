"""The command line at work in a checkout: no GitHub, the same engine."""
