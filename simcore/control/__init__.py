"""The control plane: what is rare and rich, as SimPy processes over the same int-ns clock as the kernel.

`simcore.model.control` has the words of the file, `control.plane.start_control` starts what they describe.
"""
