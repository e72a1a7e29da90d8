"""An environment: how a place where the system runs differs from what the architecture file says (production)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simcore.architecture import Model
from simcore.patch import EditForm

FileName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_/-]{0,127}$")]


class Environment(Model):
    """`patch` changes the architecture, `workload_patch` the workload. Without edits it is production."""

    kind: Literal["environment"]
    name: FileName
    title: str = ""
    description: str = ""
    patch: list[EditForm] = []
    workload_patch: list[EditForm] = []


class Extension(Model):
    """A file that is another one with changes: an architecture or a workload that `extends` one of its kind."""

    kind: Literal["architecture", "workload"]
    name: FileName
    title: str = ""
    description: str = ""
    extends: Annotated[str, Field(min_length=1, max_length=1000, description="a shipped name, or a path beside this file")]
    patch: list[EditForm] = []
