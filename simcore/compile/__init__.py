"""From models to the plan: the arrays and the program that the kernel runs."""
