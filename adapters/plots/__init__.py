"""Pictures: ``ProcessPlotter`` fulfils ``bot.ports.Plotter`` with matplotlib in a process of its own.

plotter    asks the process        picture    draws; the only module that loads matplotlib
"""

from adapters.plots.plotter import ProcessPlotter

__all__ = ["ProcessPlotter"]
