"""Options of the layers: each is declared once, in the spec of its part."""
