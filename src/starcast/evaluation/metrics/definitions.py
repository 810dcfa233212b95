"""What every printed metric name means, in words."""

import re
from collections.abc import Mapping

from starcast.errors import UnknownNameError

DEFINITIONS: dict[str, str] = {
    "RMSE": (
        "Root mean squared error: the square root of the mean squared distance between rating and "
        "prediction, in stars; lower is better, and large mistakes weigh most. "
        "Source: Herlocker et al. 2004, section 4.1."
    ),
    "MAE": (
        "Mean absolute error: how many stars a prediction is off on average; lower is better. "
        "Source: Herlocker et al. 2004, section 4.1."
    ),
    "Accuracy": (
        "Exact-star accuracy: the share of predictions that, rounded to the nearest rating on the "
        "scale, equal the rating; of a scale of more than 100 steps, to the nearest rating that "
        "the data show, and – where these are more than 100, too. "
        "Source: the 2018 system, there rounded to whole stars."
    ),
    "Log loss": (
        "How unlikely the test ratings were by the chances that the model gave to every rating, "
        "-ln(chance) in nats, the mean over them; lower is better, and 0 is to know all. Only of "
        "models that give chances, and up to 100 different ratings. "
        "Source: Gneiting, Raftery 2007, section 4.1."
    ),
    "CRPS": (
        "Continuous ranked probability score: how far the chances that the model gave lie from the "
        "test rating, in stars; lower is better, and it is the MAE of a model that has no doubt. "
        "Only where there is a log loss. Source: Gneiting, Raftery 2007, eq. 20."
    ),
    "Coverage of 80 %": (
        "How often a test rating lies in the middle 80 % of the chances that the model gave: 0.8 "
        "is right, less is too sure, more is too timid. A rating on the border counts by the part "
        "of its chance that lies within. Only where there is a log loss. "
        "Source: Czado, Gneiting, Held 2009, section 2.1."
    ),
    "Held-out Precision@k": (
        "Among a user's own test items: these are ranked by predicted stars; of the first k, "
        "those predicted at or above the user's mean test rating are recommended, and precision is "
        "the share of them that were rated at or above that mean, 0 if nothing is recommended. "
        "The mean over users with at least k test ratings. "
        "Source: the 2018 system, which counted 1 where nothing was recommended."
    ),
    "Held-out Recall@k": (
        "Among a user's own test items: the share of those rated at or above the user's mean "
        "test rating that are among the first k by predicted stars and predicted at or above it. "
        "The mean over users with at least k test ratings. Source: the 2018 system."
    ),
    "Held-out F1@k": (
        "Among a user's own test items: the harmonic mean of Held-out Precision@k and Held-out "
        "Recall@k, 2·P·R / (P + R), 0 if both are 0. "
        "Source: van Rijsbergen 1979, chapter 7; on these averages as in the 2018 system."
    ),
    "NDCG@k": (
        "Normalised discounted cumulative gain: each relevant item in a list of k from the whole "
        "catalogue counts 1 / log2(position + 1), divided by what the best possible list would "
        "reach, so that 1 is perfect and early hits count most. The mean over users with a "
        "relevant item. Source: Järvelin, Kekäläinen 2002, with binary gains."
    ),
    "Catalogue Precision@k": (
        "The share of a list of k, chosen from the whole catalogue, that is relevant to the user "
        "in the test rows; an empty place counts as a miss. The mean over users with a relevant "
        "item. Source: Manning, Raghavan, Schütze 2008, chapter 8."
    ),
    "Catalogue Recall@k": (
        "The share of a user's relevant test items that a list of k, chosen from the whole "
        "catalogue, holds. The mean over users with a relevant item. "
        "Source: Manning, Raghavan, Schütze 2008, chapter 8."
    ),
    "MAP@k": (
        "Mean average precision: the precisions at the positions of the hits in a list of k from "
        "the whole catalogue, summed and divided by min(k, relevant items), so that 1 is perfect; "
        "then the mean over users with a relevant item. Source: Manning, Raghavan, Schütze 2008, "
        "chapter 8; trec_eval divides by all relevant items instead."
    ),
    "HitRate@k": (
        "The share of users with a relevant item whose list of k from the whole catalogue holds at "
        "least one. Source: Deshpande, Karypis 2004, section 6."
    ),
    "HitStars@k": (
        "The mean test rating, in stars, of the items in lists of k from the whole catalogue that "
        "their users rated in the test rows, relevant or not: how well liked what was found is. "
        "Source: our own."
    ),
    "Coverage@k": (
        "The share of the catalogue that stands in at least one user's list of k; low values mean "
        "that everybody is shown the same few items. "
        "Source: Ge, Delgado-Battenfeld, Jannach 2010, section 2."
    ),
    "Gini@k": (
        "Gini coefficient of how many lists of k each item of the catalogue stands in: 0 if all "
        "items are shown equally often, near 1 if a few take all places. "
        "Source: Fleder, Hosanagar 2009."
    ),
    "LongTail@k": (
        "The share of a user's list of k that is of the long tail: items outside the fifth of the "
        "catalogue with the most training ratings. The mean over users. "
        "Source: Abdollahpouri, Burke, Mobasher 2019 (APLT)."
    ),
    "Novelty@k": (
        "Mean self-information of the items in the lists of k, -log2(share of the training users "
        "who rated the item), in bits: 0 for an item everybody rated, 1 more for each halving; an "
        "item without raters counts as with one. Source: Zhou et al. 2010."
    ),
    "Miscalibration@k": (
        "How far the genres of a user's list of k are from those of the items the user rated in "
        "training: KL divergence of the two proportions in nats, 0 if they are equal, 4.6 if they "
        "share nothing; lower is better. The mean over users; only where genres of items are known "
        "(another attribute of theirs takes their place if there is no genre). "
        "Source: Steck 2018, with 0.01 of the user's proportions mixed into the list's."
    ),
}

_FORMER: Mapping[str, str] = {
    f"{name}@k": f"Held-out {name}@k" for name in ("Precision", "Recall", "F1")
}
"""Names that older artifacts and reports have, to those of today."""


def explain(name: str) -> str:
    """The definition of a metric by its printed name.

    Args:
        name: as printed, by this or an older Starcast, in any case; a list length may stand for k.
    Returns: one to three sentences and their source.
    Raises: UnknownNameError: no metric of that name, with the nearest known one.

    >>> explain("NDCG@10") == explain("NDCG@k")
    True
    """
    wanted = re.sub(r"@[1-9][0-9]*$", "@k", name.strip()).lower()
    known = {metric.lower(): metric for metric in DEFINITIONS}
    known |= {former.lower(): metric for former, metric in _FORMER.items()}
    if wanted not in known:
        raise UnknownNameError("metric", name, DEFINITIONS)
    return DEFINITIONS[known[wanted]]
