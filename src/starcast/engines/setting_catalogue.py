"""Every setting there is, defined once; the solvers differ in which they have and in the defaults.

Names follow the 2018 command line.
"""

from collections.abc import Mapping

from starcast.engines.network_setting import NetworkText
from starcast.engines.setting_kinds import Choice, Flag, Number, Setting, Whole
from starcast.engines.setting_lists import Choices, Widths

GRADIENT_OPTIMIZERS = ("Adam", "RMSProp", "GradientDescent")
LIST_SOLVERS = ("Cholesky", "iALS", "Counting")
OPTIMIZERS = (*GRADIENT_OPTIMIZERS, "SGD", "ALS", "Gibbs", "L-BFGS", *LIST_SOLVERS)
LOSSES = ("mse", "huber", "ordinal")
LIKELIHOODS = ("probit", "gaussian")
ENGINES = ("compiled", "keras", "spark")
PRECISIONS = ("float32", "mixed_bfloat16")
SAMPLED_FEATURES = ("histories", "attributes", "days")
NETWORK_FEATURES = ("histories", "attributes", "time")
FEATURES = tuple(dict.fromkeys(SAMPLED_FEATURES + NETWORK_FEATURES))

_TRANSFER, _SAMPLING, _AUTOENCODER = "Transfer learning", "Sampling", "Autoencoder"
_LISTS, _ENGINE = "Lists", "Engine"
SETTINGS: Mapping[str, Setting] = {
    "epochs": Whole(
        help="Most epochs to train", most=10**9, flags=("--epochs", "--epoch"), of_2018=True
    ),
    "batch_size": Whole(help="Ratings per step", most=10**9, of_2018=True),
    "dimension": Whole(help="Length of an embedding", most=10_000, of_2018=True),
    "factor_dimension": Whole(
        help="Length of an embedding in an ensemble's factor branch; --dimension alone sets both",
        most=10_000,
        follows="dimension",
    ),
    "learning_rate": Number(help="Step size", above=True, of_2018=True),
    "optimizer": Choice(help="Solver", names=OPTIMIZERS, of_2018=True),
    "dropout_rate": Number(
        help="Share of what a hidden layer hands to the next that is dropped in training",
        high=1,
        of_2018=True,
    ),
    "regularization_factor": Number(
        help="λ, weight of the embeddings' squared norms", of_2018=True
    ),
    "layers": Widths(
        help='Widths of the dense layers, such as "[64,32,16,8,1]"; the last is the prediction',
        widest=10_000,
        deepest=100,
        of_2018=True,
    ),
    "loss": Choice(
        help="What is lowered: squared errors, errors that count as such beyond 1 (Huber), or how "
        "unlikely ratings are as steps",
        names=LOSSES,
    ),
    "averaging": Number(
        help="β, share of the running average of weights kept after each epoch; 0 averages nothing",
        high=1,
    ),
    "patience": Whole(
        help="Epochs without a better validation figure before training stops",
        most=10**9,
        flags=("--max-checkout-without-progress",),
        of_2018=True,
    ),
    "transfer_weight": Number(
        help="α, share of the latent factor model in the first prediction",
        panel=_TRANSFER,
        high=1,
        reached=True,
    ),
    "samples": Whole(
        help="Draws after burn-in, of all chains together", panel=_SAMPLING, most=10**6
    ),
    "burn_in": Whole(
        help="Sweeps of each chain before its draws count", panel=_SAMPLING, least=0, most=10**6
    ),
    "chains": Whole(help="Independent chains; they run side by side", panel=_SAMPLING, most=1000),
    "kept": Whole(
        help="Draws that are kept, evenly thinned, of all chains together; they predict",
        panel=_SAMPLING,
        most=10**6,
    ),
    "until_converged": Flag(
        help="Until chains agree, what was drawn is burn-in and twice as much is drawn; in all at "
        "most 31 times the samples",
        panel=_SAMPLING,
    ),
    "likelihood": Choice(
        help="Stars as ordered classes, or as numbers", panel=_SAMPLING, names=LIKELIHOODS
    ),
    "features": Choices(
        help="What is read of users and items beside their ids", names=FEATURES, one="feature"
    ),
    "day_length": Whole(
        help="Of a day of the feature days, in the unit of the timestamps, mostly seconds",
        panel=_SAMPLING,
        most=10**15,
    ),
    "presence": Number(
        help="Standard deviations that a rating counts for beside what it says",
        panel=_AUTOENCODER,
    ),
    "input_penalty": Number(
        help="Weight of the squares of the weights that code, as a multiple of λ",
        panel=_AUTOENCODER,
    ),
    "steps_per_epoch": Whole(help="Steps in an epoch", panel=_AUTOENCODER, most=10**6),
    "interest_weight": Number(
        help="What a standard deviation above a user's mean adds to having rated at all",
        panel=_LISTS,
    ),
    "activity_exponent": Number(
        help="b; a user of n ratings weighs n^-b", panel=_LISTS, high=2, reached=True
    ),
    "nearness": Number(
        help="h; how many ratings of a user lie between two that say nothing of each other",
        panel=_LISTS,
        above=True,
    ),
    "popularity_exponent": Number(
        help="p; an item's penalty grows with its ratings to the p",
        panel=_LISTS,
        high=2,
        reached=True,
    ),
    "dropped_share": Number(
        help="Share of ratings that training takes for dropped at random", panel=_LISTS, high=1
    ),
    "core_items": Whole(
        help="Most items that are solved for exactly; the others by their neighbours",
        panel=_LISTS,
        most=100_000,
    ),
    "unobserved_weight": Number(
        help="α, what a pair without a rating counts for beside one with", panel=_LISTS
    ),
    "frequency_exponent": Number(
        help="ν; penalties grow with how much a row takes part in, to the ν",
        panel=_LISTS,
        high=2,
        reached=True,
    ),
    "network": NetworkText(help="What a network computes, where no other setting says it"),
    "engine": Choice(help="What trains", panel=_ENGINE, names=ENGINES),
    "precision": Choice(
        help="Of what a network computes; its weights are float32", panel=_ENGINE, names=PRECISIONS
    ),
    "devices": Whole(help="Devices that share each batch out", panel=_ENGINE, most=1024),
    "jit_compile": Choice(help="Whether XLA compiles an epoch", panel=_ENGINE, names=("yes", "no")),
}
"""Every setting there is, by name, in the order of the command line."""

OPTIONS: Mapping[str, Setting] = {
    name: setting for name, setting in SETTINGS.items() if not setting.recorded
}
"""Those that can be given."""


def flags_of(name: str) -> tuple[str, ...]:
    """How the command line spells a setting.

    >>> flags_of("epochs"), flags_of("batch_size")
    (('--epochs', '--epoch'), ('--batch-size',))
    """
    return SETTINGS[name].flags or (f"--{name.replace('_', '-')}",)


def told(name: str) -> str:
    """A setting's name, and its flag where that is another word.

    >>> told("batch_size"), told("patience")
    ('batch_size', 'patience (--max-checkout-without-progress)')
    """
    flag = flags_of(name)[0]
    return name if flag == f"--{name.replace('_', '-')}" else f"{name} ({flag})"
