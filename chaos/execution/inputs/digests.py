"""Digests of what a run is made from."""

from __future__ import annotations

import json
from hashlib import blake2b

from simcore.model.architecture import Architecture
from simcore.model.workload import Workload


def digest_of(document: Architecture | Workload) -> str:
    """Digest of a resolved file, 32 hex digits: equal for equal contents."""
    text = json.dumps(document.model_dump(mode="json", by_alias=True), sort_keys=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()
