"""Groups of options: a verb takes each as one object, Typer sees every option in it."""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from inspect import Parameter
from typing import Any, Self, TypeVar, get_type_hints

Answered = TypeVar("Answered")


@dataclass(frozen=True)
class Group:
    """Options that verbs share; a field is an option, as Typer takes them, or a group again."""

    @classmethod
    def options(cls) -> Iterator[Parameter]:
        """The options, as parameters of a verb."""
        hints = get_type_hints(cls, include_extras=True)
        for field in fields(cls):
            default = Parameter.empty if field.default is MISSING else field.default
            yield from _spread(
                Parameter(
                    field.name,
                    Parameter.KEYWORD_ONLY,
                    default=default,
                    annotation=hints[field.name],
                )
            )

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> Self:
        """The group, of values by option; they are taken out."""
        hints = get_type_hints(cls)
        names = [field.name for field in fields(cls)]
        return cls(**{name: _taken(name, hints[name], given) for name in names})


def grouped(verb: Callable[..., Answered]) -> Callable[..., Answered]:
    """The verb as Typer sees it, every option on its own."""
    parameters = list(inspect.signature(verb, eval_str=True).parameters.values())
    spread = [option for parameter in parameters for option in _spread(parameter)]

    @functools.wraps(verb)
    def called(**given: Any) -> Answered:
        return verb(**{one.name: _taken(one.name, one.annotation, given) for one in parameters})

    called.__signature__ = inspect.Signature(spread)  # type: ignore[attr-defined]  # which Typer reads
    called.__annotations__ = {option.name: option.annotation for option in spread}
    return called


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Group)


def _spread(parameter: Parameter) -> Iterator[Parameter]:
    """A parameter, or the options of the group that it is."""
    if _is_group(parameter.annotation):
        yield from parameter.annotation.options()
    else:
        yield parameter


def _taken(name: str, annotation: Any, given: dict[str, Any]) -> Any:
    """The value of a parameter or of a field, taken out of those of the options."""
    return annotation.taken_from(given) if _is_group(annotation) else given.pop(name)
