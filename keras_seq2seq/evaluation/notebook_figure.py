"""A figure of pyplot that a notebook shows once."""

import matplotlib
from matplotlib import pyplot
from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A figure that pyplot knows.

    Notebooks show the last value of a cell, and at its end every figure that pyplot has: as a
    value, this one leaves pyplot when it is shown.
    """

    def _ipython_display_(self) -> None:
        if "inline" in matplotlib.get_backend():
            pyplot.close(self)
        raise NotImplementedError  # IPython goes on to the picture
