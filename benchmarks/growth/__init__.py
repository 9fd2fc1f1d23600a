"""How time, memory and disk grow with watches, papers and channels: ``python -m benchmarks.growth``.

watches    matching a day's papers with a thousand to a million queries, beside other ways
papers     asking an archive of ten thousand to a million papers, beside walking through it
channels   a poll owed to a hundred to a hundred thousand channels, beside a request a watch
picture    draws a plot of each

Each size is measured in a process of its own, so that its peak memory is its own.
"""
