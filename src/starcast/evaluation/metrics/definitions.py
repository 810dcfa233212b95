"""What every printed metric name means, in words."""

import re

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
        "scale, equal the rating. Source: the 2018 system, there rounded to whole stars."
    ),
    "Precision@k": (
        "Held-out precision: a user's test items are ranked by predicted stars; of the first k, "
        "those predicted at or above their own mean test rating are recommended, and precision is "
        "the share of them that were rated at or above that mean, 0 if nothing is recommended. "
        "The mean over users with at least k test ratings. "
        "Source: the 2018 system, which counted 1 where nothing was recommended."
    ),
    "Recall@k": (
        "Held-out recall: the share of the test items a user rated at or above their own mean "
        "test rating that are among their first k by predicted stars and predicted at or above it. "
        "The mean over users with at least k test ratings. Source: the 2018 system."
    ),
    "F1@k": (
        "Held-out F1: the harmonic mean of Precision@k and Recall@k, 2·P·R / (P + R), 0 if both "
        "are 0. Source: van Rijsbergen 1979, chapter 7; on these averages as in the 2018 system."
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
    "NDCG@k": (
        "Normalised discounted cumulative gain: each relevant item in a catalogue list of k counts "
        "1 / log2(position + 1), divided by what the best possible list would reach, so that 1 is "
        "perfect and early hits count most. Source: Järvelin, Kekäläinen 2002, with binary gains."
    ),
    "MAP@k": (
        "Mean average precision: the precisions at the positions of the hits in a catalogue list "
        "of k, summed and divided by min(k, relevant items), so that 1 is perfect; then the mean "
        "over users. Source: Manning, Raghavan, Schütze 2008, chapter 8; trec_eval divides by all "
        "relevant items instead."
    ),
    "HitRate@k": (
        "The share of users whose catalogue list of k holds at least one of their relevant test "
        "items. Source: Deshpande, Karypis 2004, section 6."
    ),
    "Coverage@k": (
        "The share of the catalogue that stands in at least one user's list of k; low values mean "
        "that everybody is shown the same few items. "
        "Source: Ge, Delgado-Battenfeld, Jannach 2010, section 2."
    ),
    "Novelty@k": (
        "Mean self-information of the items in the lists of k, -log2(share of the training users "
        "who rated the item), in bits: 0 for an item everybody rated, 1 more for each halving; an "
        "item without raters counts as with one. Source: Zhou et al. 2010."
    ),
}


def explain(name: str) -> str:
    """The definition of a metric by its printed name.

    Args:
        name: as printed, in any case; a list length may stand for k.
    Returns: one to three sentences and their source.
    Raises: UnknownNameError: no metric of that name, with the nearest known one.

    >>> explain("NDCG@10") == explain("NDCG@k")
    True
    """
    wanted = re.sub(r"@[1-9][0-9]*$", "@k", name.strip()).lower()
    known = {metric.lower(): metric for metric in DEFINITIONS}
    if wanted not in known:
        raise UnknownNameError("metric", name, DEFINITIONS)
    return DEFINITIONS[known[wanted]]
