"""The server of a room: the exercise in a process of its own, its clock, what is kept of it, and the websockets."""
