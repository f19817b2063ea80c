"""The role of a parameter in a backpropagation of the course, by its name: the network, the target, or the prediction.

The clearer of two names decides: in f(net, y, target), `target` is the target, so y is the prediction. If neither name
is clearer, the order is open.
"""

from __future__ import annotations

import re

MODEL = re.compile(
    r"(\w*_)?(my|the|our|neural)?_?(model\w?|net|nett|network|nettverk|mlp|nn|ann|perceptron|netz|netzwerk|reseau)\d?",
    re.IGNORECASE,
)
SHORT_MODEL = re.compile(r"self|m|n", re.IGNORECASE)
"""names of a network that also have many other meanings"""

ADJECTIVES = {
    "true": "true truth expected desired wanted correct gold gt groundtruth fasit facit target targets tgt teacher",
    "predicted": "hat pred preds predicted predict prediction predictions guess guesses gjett gjettet prediksjon "
    "prediksjoner estimate estimates estimated est forecast computed calculated yhat ypred yh yp vorhersage",
}
NOUNS = {
    "true": "label labels t ts ytrue lbl lbls answer answers",
    "predicted": "output outputs out outs o logits yout result response",
}
WEAK = {"true": "y ys actual real observed", "predicted": "p al"}
"""weak hints: `actual` is the target beside a prediction, and the output beside an expected value"""

LEVELS = [
    {role: frozenset(words.split()) for role, words in level.items()} for level in (ADJECTIVES, NOUNS, WEAK)
]  # fmt: skip

WORD = re.compile(r"[A-Z]?[a-zŷ]+|[A-Z]+(?![a-z])")


def role(name: str) -> str | None:
    """"true", "predicted", or None for a name that shows neither.

    >>> role("target"), role("y_hat"), role("predicted_label"), role("x")
    ('true', 'predicted', 'predicted', None)
    """
    return _weighed(name)[0]


def order(second: str, third: str) -> str | None:
    """Which of two parameters is the target: "first", "second", or None if their names leave it open.

    >>> order("y_hat", "y"), order("y", "target"), order("a", "b")
    ('second', 'second', None)
    """
    (one, plain), (two, plainer) = _weighed(second), _weighed(third)
    if one is None and two is None:
        return None
    if one == two:
        if (plain < len(LEVELS) - 1) == (plainer < len(LEVELS) - 1):  # neither is the weaker
            return None
        one = one if plain < plainer else None
    elif (one is None or two is None) and min(plain, plainer) == len(LEVELS) - 1 and _alike(second, third):
        return None  # y_ beside y: the target in some books, the prediction in others
    if one is None:
        return "second" if two == "true" else "first"
    return "first" if one == "true" else "second"


def _weighed(name: str) -> tuple[str | None, int]:
    """The role, and how clearly the name shows it: from 0, an adjective, to 2, a hint."""
    if "ŷ" in name.lower():
        return "predicted", 0
    words = {word.lower() for word in WORD.findall(name)}
    if name == "t":
        words = {"t"}
    for level, roles in enumerate(LEVELS):
        said = [kind for kind, known in roles.items() if words & known]
        if said:
            hint = level == 1 and bool(words & {"actual", "real", "observed"})  # "actual" may be data or output
            return (said[0], level + hint) if len(said) == 1 else (None, level)
    return None, len(LEVELS)


def _alike(one: str, other: str) -> bool:
    return one.lower().strip("_0123456789") == other.lower().strip("_0123456789")
