"""One epoch on data of ML-20M's shape, beside ML-1M."""

from benchmarks.race import Contestant, Plan
from benchmarks.results import Target
from benchmarks.serving import DEEP, ENSEMBLE, FACTOR
from benchmarks.stage import ML_20M, Stage
from benchmarks.work import Planned, Work
from benchmarks.works.networks import SHORT, others, starcast

_WHERE_IT_IS = (
    "So little is reckoned for a rating that memory decides: 138,493 rows of users, 18 MB, lie "
    "beyond the second-level cache. Rows are asked for ahead, which brought 51 ns down to 37."
)


def _plan(stage: Stage) -> Planned:
    small, small_words = stage.real()
    large, large_words = stage.like(ML_20M)
    n_rows = 20_000 if stage.quick else 500_000

    def race(model: str, theirs: tuple[Contestant, ...], note: str = "") -> Plan:
        big = starcast(large, model, 1000, "Starcast, ML-20M's shape")
        little = starcast(small, model, 1000, "Starcast, ML-1M")
        return Plan(
            title=f"{SHORT.get(model, 'latent factor').capitalize()}, d 8, Adam, batch size 1,000",
            unit="ns per rating",
            contestants=(big, little, *theirs),
            targets=(
                Target(contestant=big.name, at_most=1.3, against=little.name),
                Target(contestant=big.name, figure="peak GB", at_most=2.5),
            ),
            note=note,
        )

    networks = [race(model, others(large, model, 1000, n_rows)[::2]) for model in (DEEP, ENSEMBLE)]
    return f"{large_words}; and {small_words}", (race(FACTOR, (), _WHERE_IT_IS), *networks)


WORK = Work(name="large", title="ML-20M's shape: one epoch at batch size 1,000", plan=_plan)
