"""What the harness reads: scenarios and suites, severity rules, defects, triggers, drills."""
