"""The control plane: what is rare and rich, as SimPy processes over the same int-ns clock as the kernel.

`control.models` are the words of the file, `control.plane.start_control` starts what they describe. Nothing is imported
here, so that reading a file needs no simulator.
"""
