"""The one error a user's mistake raises: what is wrong, where, and a hint."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable


class InputError(Exception):
    """A mistake in a file or on the command line. `str()` is one line: ``file:line:column: message; hint``.

    `line` and `column` count from 1; 0 means that the mistake has no place inside the file.
    """

    def __init__(self, message: str, file: str = "", line: int = 0, column: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = ": ".join(part for part in (place, self.message) if part)
        return one_line(f"{text}; {self.hint}" if self.hint else text)


_REASONS = {
    errno.ENOENT: "there is no such file or folder",
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EEXIST: "a file stands where a folder is needed",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EROFS: "the disk is read-only",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its links lead in a circle",
    errno.EMFILE: "too many files are open",
}


def os_reason(error: OSError | ValueError) -> str:
    """Why a file could not be read or written, in words for a person."""
    if not isinstance(error, OSError):
        return "the path holds what no path may hold"
    return _REASONS.get(error.errno or 0, (error.strerror or "the system gives no reason").lower())


def one_line(text: str) -> str:
    """The text with line breaks and unprintable characters escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def show_value(value: object, length: int = 60) -> str:
    """A value as the file would write it, cut to a length that fits an error."""
    words = {True: "true", False: "false", None: "null"}
    text = words[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= length else text[: length - 1] + "…"


def suggest(word: str, known: Iterable[str]) -> str:
    """The hint for a word that is not known: the likely one meant, else what there is."""
    names = sorted(set(known))
    tails: dict[str, list[str]] = {}
    for name in names:
        tails.setdefault(name.rpartition("/")[2], []).append(name)
    whole = difflib.get_close_matches(word[:100], names, n=1, cutoff=0.6)
    close = tails[word] if len(tails.get(word, ())) == 1 else whole
    if not close and (last := difflib.get_close_matches(word[:100], tails, n=1, cutoff=0.75)):
        close = tails[last[0]]
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return "there is none to choose from"
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"known: {listed}"
