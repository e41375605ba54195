"""Options of the parts of a model: each declared once, with default, comment and limits."""
