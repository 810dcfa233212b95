"""As it came: ratings in order of their time, each predicted first and learned from after."""

from starcast.evaluation.as_it_came.plan import ReplayPlan
from starcast.evaluation.as_it_came.replay import Replay, replay

__all__ = ["Replay", "ReplayPlan", "replay"]
