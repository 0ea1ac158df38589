# SPDX-License-Identifier: Apache-2.0
"""What a module's parameters may be, read from the `///` above them, and values at the edges of it.

A range is said in these words, several of them joined:
  2..16, at least 2, more than W, a multiple of 8 and of Lanes, 8, 16 or 32, even, a power of two, at least 16 where Flexible is 0
Bounds are numbers, other parameters, or these less a number. A parameter of type bit is 0 or 1."""
import itertools
import re

BOUND = r"(\d+|[A-Z]\w*(?:-\d+)?)"
WHERE = r"(?: where ([A-Z]\w*) is (\d+))?"


class Bit(int):
    """A parameter of one bit: as a sized number, which every tool takes without a warning."""

    def __format__(self, spec):
        return f"1'b{int(self)}"


class Range:
    """Of one parameter. Bounds may be names, which `env` has the values of."""

    def __init__(self, item, is_bit):
        doc = item.doc or ""
        self.name, self.default = item.name, item.default
        self.low = [(bound, 0, where) for bound, *where in re.findall(rf"at least {BOUND}{WHERE}", doc)]
        self.low += [(bound, 1, ["", ""]) for bound in re.findall(rf"more than {BOUND}", doc)]
        self.high, self.multiples, self.choice = [], [], []
        for low, high in re.findall(rf"{BOUND}\.\.{BOUND}", doc):
            self.low.append((low, 0, ["", ""]))
            self.high.append(high)
        for first, second in re.findall(rf"a multiple of {BOUND}(?: and of {BOUND})?", doc):
            self.multiples += [first] + [second] * bool(second)
        for choice in re.findall(r"\b(\d+(?:, \d+)* or \d+)\b", doc):
            self.choice = [int(n) for n in re.findall(r"\d+", choice)]
        self.bit = is_bit
        if is_bit:
            self.choice = [Bit(0), Bit(1)]
        self.even = bool(re.search(r"\beven\b", doc))
        self.power = "a power of two" in doc
        self.said = bool(self.low or self.high or self.choice)

    def names(self):
        """Parameters that bound this one."""
        words = [low for low, _, _ in self.low] + self.high + self.multiples + [where[0] for _, _, where in self.low]
        return {word.partition("-")[0] for word in words if word and not word.isdecimal()}

    def least(self, env):
        bounds = [value(low, env) + more for low, more, (name, is_) in self.low if not name or env[name] == int(is_)]
        return max(bounds, default=min(self.choice, default=0))

    def most(self, env):
        return min([value(high, env) for high in self.high], default=None)

    def holds(self, number, env):
        most = self.most(env)
        return (number >= self.least(env) and (most is None or number <= most) and (not self.choice or number in self.choice)
                and all(value(m, env) and number % value(m, env) == 0 for m in self.multiples) and not (self.even and number % 2)
                and not (self.power and number & (number - 1)))

    def near(self, env):
        """Numbers to try: the edges with their neighbours, a few odd ones, and the choices with theirs."""
        if self.bit:
            return self.choice
        least, most = self.least(env), self.most(env)
        steps = [value(m, env) for m in self.multiples] or [1]
        found = {least - 1, least, least + 1, least + 2, least + 5, least + 12}
        found |= {k * step + plus for step in steps for k in (1, 2, 3, 5, 7) for plus in (0, 1)}
        found |= {n + plus for n in self.choice for plus in (-1, 0, 1)}
        if self.power:
            found |= {2 * least, 4 * least, 3 * least}
        if most is not None:
            found |= {most - max(steps), most - 1, most, most + 1, most + max(steps)}
        return sorted(n for n in found if n >= 0)

    def legal(self, env):
        return [n for n in self.near(env) if self.holds(n, env)]

    def illegal(self, env):
        """Just outside: the first ones and the last."""
        beside = [n for n in self.near(env) if not self.holds(n, env) and (self.holds(n - 1, env) or self.holds(n + 1, env))]
        return beside[:2] + beside[2:][-1:]


def value(bound, env):
    name, _, less = bound.partition("-")
    return int(bound) if bound.isdecimal() else env[name] - int(less or 0)


def ranges(module):
    """Of a module's parameters, in an order in which each follows those that bound it."""
    bits = set(re.findall(r"parameter\s+bit\s+(\w+)", module.path.read_text(encoding="utf-8")))
    left = [Range(item, item.name in bits) for item in module.parameters]
    order = []
    while left:
        ready = [r for r in left if not r.names() & {other.name for other in left if other is not r}]
        if not ready:
            raise ValueError(f"{module.path}: ranges that bound each other: {', '.join(r.name for r in left)}")
        order += ready
        left = [r for r in left if r not in ready]
    return order


def least(legal):
    return legal[0]


def odd(legal):
    """Not the least, and odd where one is."""
    return ([n for n in legal[1:] if n % 2] or legal[1:] or legal)[0]


def settle(order, wanted, outside=False, choose=least):
    """All parameters: those wanted, the others as small as they may be; nothing where that is outside a range, unless what is
    wanted may be."""
    env = {}
    for r in order:
        if r.name in wanted:
            env[r.name] = wanted[r.name]
            if not outside and not r.holds(env[r.name], env):
                return None
        else:
            legal = r.legal(env)
            if not legal:
                return None
            env[r.name] = choose(legal)
    return env


def samples(order, pairs):
    """Settings inside: all least, all odd; with `pairs` also each parameter at each number near its edges, the others least, and
    every two of them at their least and at an odd number."""
    found = [settle(order, {}), settle(order, {}, choose=odd)]
    if found[0] is None:
        raise ValueError("no setting is inside all ranges")
    for r in order if pairs else []:
        found += [settle(order, {r.name: number}) for number in r.legal(found[0])]
        for other in order:
            found += [settle(order, {r.name: one, other.name: two}) for one, two in
                      itertools.product(*({choose(it.legal(found[0])) for choose in (least, odd)} for it in (r, other)))]
    return unique(found)


def outside(order):
    """Settings of which one parameter is just outside."""
    found = []
    for r in order:
        for number in r.illegal(settle(order, {})):
            env = settle(order, {r.name: number}, outside=True)
            if env and not r.holds(number, env):
                found.append(env)
    return unique(found)


def unique(settings):
    return list({tuple(sorted(s.items())): s for s in settings if s is not None}.values())
