"""The trading day: calendar, batches and files, load."""
