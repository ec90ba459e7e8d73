"""The command line of the bench."""
import argparse
import os
import re
from dataclasses import dataclass, field

import proxies
from cases import CASES

OTHERS = {"nginx": proxies.start_nginx, "haproxy": proxies.start_haproxy, "caddy": proxies.start_caddy}


@dataclass
class Build:
    """A published controller with its environment."""

    name: str
    folder: str
    environment: dict = field(default_factory=dict)
    arguments: list = field(default_factory=list)
    observed_arguments: list = field(default_factory=list)


def parse(description):
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh", description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--controller", action="append", default=[], metavar="[NAME=]DIR", help="folder of a published controller; repeatable")
    parser.add_argument("--env", action="append", default=[], metavar="[NAME:]VAR=VALUE", help="environment of one controller or of all; repeatable")
    parser.add_argument("--arg", action="append", default=[], metavar="[NAME:]--FLAG=VALUE", help="option of one controller or of all; repeatable")
    parser.add_argument("--log-arg", action="append", default=[], metavar="[NAME:]--FLAG=VALUE", help="the same, for the case with access log only")
    parser.add_argument("--with", dest="others", default=None, metavar="LIST", help="other proxies (default: nginx,haproxy,caddy; --short: nginx)")
    parser.add_argument("--only", action="append", default=[], metavar="CASE", help="case to run; repeatable, * stands for any text")
    parser.add_argument("--rounds", type=int, metavar="N", help="turns of each proxy and case (default 3; --short: 1)")
    parser.add_argument("--minutes", type=float, metavar="M", help="time for all cases (default 9; --short: 0.6); turns last 0.6 to 4 s")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), metavar="N", help="workers of each proxy (default: all cores)")
    parser.add_argument("--short", action="store_true", help="the common cases in one minute; a check that no request fails")
    parser.add_argument("--list", action="store_true", help="list the cases")
    options = parser.parse_args()
    options.others = (options.others if options.others is not None else "nginx" if options.short else "nginx,haproxy,caddy").split(",")
    options.others = [name for name in options.others if name]
    options.rounds = options.rounds or (1 if options.short else 3)
    options.minutes = options.minutes or (0.6 if options.short else 9)
    return options


def builds(options):
    """Returns the controllers to compare."""
    result = {}
    for text in options.controller:
        name, separator, folder = text.rpartition("=")
        name = name if separator else "controller"
        if name in result or name in OTHERS:
            raise SystemExit(f"--controller {text}: there are two proxies named {name}")
        if not os.access(os.path.join(folder, "ingress-controller"), os.X_OK):
            raise SystemExit(f"--controller {text}: {folder} has no ingress-controller")
        result[name] = Build(name, os.path.abspath(folder))
    for text in options.env:
        for build, value in _addressed(result, text, r"[^=:]+:(?=[^=]+=)"):
            variable, _, content = value.partition("=")
            build.environment[variable] = content
    for values, target in ((options.arg, "arguments"), (options.log_arg, "observed_arguments")):
        for text in values:
            for build, value in _addressed(result, text, r"[^-:][^:]*:(?=-)"):
                getattr(build, target).append(value)
    return result


def _addressed(all_builds, text, prefix):
    match = re.match(prefix, text)
    if not match:
        return [(build, text) for build in all_builds.values()]
    name = match[0][:-1]
    if name not in all_builds:
        raise SystemExit(f"{text}: there is no controller named {name}")
    return [(all_builds[name], text[match.end():])]


def selected(options):
    """Returns the cases to run."""
    if not options.only:
        return [case for case in CASES if case.short or not options.short]
    patterns = [re.compile(re.escape(name).replace(r"\*", ".*")) for name in options.only]
    found = [case for case in CASES if any(pattern.fullmatch(case.name) for pattern in patterns)]
    if not found:
        raise SystemExit(f"--only: the cases are {', '.join(case.name for case in CASES)}")
    return found
