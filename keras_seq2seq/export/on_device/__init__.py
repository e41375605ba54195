"""What a `.tflite` file and its manifest are made of."""
