"""SavedModels in TensorFlow's C library, as servers run them: no Python in that process."""
