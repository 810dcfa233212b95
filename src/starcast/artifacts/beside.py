"""What stands beside the folder of a trained model: its name, with one of these at the end."""

VERSIONS = ".versions"  # models that were there before
CHECKPOINT = ".checkpoint"  # what a run that is under way needs to go on
INTERRUPTED = "-interrupted"  # a run that broke off must not take the place of a finished model
FRESH = "-fresh"  # a parent that is trained anew for one child

ENDINGS = (VERSIONS, CHECKPOINT, INTERRUPTED, FRESH)

KEPT = 5  # versions, unless said otherwise
