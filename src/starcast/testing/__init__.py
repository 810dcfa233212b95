"""The contract that every model keeps, to be run on models of one's own.

    from starcast.testing import check_model

    def test_my_model():
        check_model("three-towers")

`planted` has the data, `trial` a model on them and the words of checks; the promises themselves are
in `promises`, `final_models`, `people` and `lists`.
"""

from starcast import models
from starcast.errors import ConfigError
from starcast.testing import final_models, lists, people, promises
from starcast.testing.trial import CHECKS, NotClaimedError, Trial

__all__ = ["CHECKS", "NotClaimedError", "Trial", "check_model"]

_ROOMS = (promises, final_models, people, lists)  # whose import fills `CHECKS`


def check_model(name: str) -> list[str]:
    """Check that a model keeps what every model promises; it takes some seconds to a minute.

    It is trained several times on 1,200 planted ratings of 60 users and 40 items, whose age,
    gender, occupation, genre and year are told.

    Args:
        name: of a model that is registered, of Starcast or of a package.
    Returns: the checks that it passed, by name; those on what it does not claim are left out.
    Raises:
        UnknownNameError: there is none of that name.
        ConfigError: it is one that is not trained by itself.
        AssertionError: promises are broken; all of them, a line each, with what was found.
    """
    model = models.find(name)
    if not model.defaults:
        raise ConfigError(f"a {name} is made of trained models; check these")
    trial = Trial(model)
    kept, broken = [], []
    for check in CHECKS:
        if not check.applies(model):
            continue
        try:
            check.run(trial)
        except NotClaimedError:
            continue
        except Exception as error:
            broken.append(f"{check.name}: {_first_line(error)}")
        else:
            kept.append(check.name)
    if broken:
        raise AssertionError(f"{name} breaks {len(broken)} promises:\n" + "\n".join(broken))
    return kept


def _first_line(error: Exception) -> str:
    """What an error says, on a line."""
    said = " ".join(str(error).split())[:300]
    return said if isinstance(error, AssertionError) else f"{type(error).__name__}: {said}"
