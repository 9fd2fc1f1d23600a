"""The reactions that save papers: on a card, or a post of one paper, any of the save set; on a digest, keycaps choose.

Reactions are known by the short names that chat platforms share, without colons.
"""

from __future__ import annotations

SAVE_SET = ("bookmark", "star", "floppy_disk", "pushpin")
"""What saves where a workspace has not set its own."""

KEYCAPS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "keycap_ten": 10,
}
"""The number that each keycap chooses."""
