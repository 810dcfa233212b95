"""The network engine: deep networks and ensembles in Keras on TensorFlow."""
