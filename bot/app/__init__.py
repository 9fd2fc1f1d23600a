"""The composition root: the only package that knows everybody.

Each module carries out one command of `paperroute`: a function takes the settings and returns the exit status.
"""
