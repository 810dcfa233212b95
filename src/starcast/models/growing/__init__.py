"""How each kind of model takes in later ratings without being trained again."""
