"""From a split to a trained model: parents first, then one loop for every engine."""
