"""The node: one program that is any instance of any service, and the customers too. It reads a blueprint, never a file of the library."""
