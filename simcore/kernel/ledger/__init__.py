"""What is written in truth: orders, transfers, funds; compiled, like the rest of the kernel."""
