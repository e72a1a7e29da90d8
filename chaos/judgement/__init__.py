"""From a journal to a verdict: reasons, severity, chain of causes."""
