"""Tests of a twin that take real time by the minute, and a machine that has not much else to do: COREDRILL_TEST_LIVE=all runs them."""

from __future__ import annotations

import os

import pytest

IN_REAL_TIME = pytest.mark.skipif(os.environ.get("COREDRILL_TEST_LIVE") != "all", reason="real time: COREDRILL_TEST_LIVE=all")
