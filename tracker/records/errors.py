"""The one way in which a record is refused."""

from __future__ import annotations


class RecordError(Exception):
    """A record that cannot be kept as it is; the text is one line.

    Attributes
    ----------
    name : str
        The record, such as "session of 2026-03-02".
    what : str
        What is wrong with it.
    remedy : str
        What a person can do about it.
    """

    def __init__(self, name: str, what: str, remedy: str) -> None:
        self.name, self.what, self.remedy = name, what, remedy
        super().__init__(" ".join(f"{name}: {what}; {remedy}".split()))
