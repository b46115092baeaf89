"""The one way in which a record is refused."""

from __future__ import annotations

from tracker.one_line import one_line, plain


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
        self.name, self.what, self.remedy = name, plain(what), plain(remedy)
        super().__init__(one_line(name, self.what, self.remedy))
