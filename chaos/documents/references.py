"""References from one file to another: a name of something shipped, or a path that starts at the folder of the file that has it."""

from __future__ import annotations

from pathlib import Path

from chaos.documents.library import library
from simcore.base.errors import InputError
from simcore.files.document import Node, read_text
from simcore.files.loading import is_path


def beside(file: str | Path, reference: str) -> str:
    """The reference as a command would write it: a path starts at the folder of the file that holds it, a name is a name."""
    return str(Path(file).parent / reference) if is_path(reference) else reference


def require_file(node: Node, kind: str, reference: str) -> None:
    """What is written at a node leads to a file of a kind, or the error has the node's place. Raises InputError."""
    try:
        path = library().find(reference, (kind,))
        if is_path(reference):
            read_text(path)
    except InputError as error:
        if error.line:
            raise
        raise node.origin.error(f"{kind}: " + (f"{error.file}: " if error.file else "") + error.message, error.hint) from None
