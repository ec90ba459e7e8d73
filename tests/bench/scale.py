"""How the controller behaves in a large cluster that changes: against an API server in memory, or with a folder of manifests."""
import argparse
import os
import shutil
import signal
import sys
import tempfile

import scale_load
import scale_routes
import scale_size
from bench import machine
from cluster import Cluster
from options import Build
from processes import Processes

CASES = {
    "a": ("Ingresses added one at a time", scale_routes.added),
    "b": ("the same beside 5,000 others and their changes", scale_routes.added_under_churn),
    "c": ("one route whose Service port and annotation flip every 200 ms", scale_routes.flipped),
    "d": ("first and last of 5,000 and 50,000 routes", scale_routes.first_and_last),
    "e": ("5,000 TLS hosts", scale_size.tls_hosts),
    "f": ("endpoints that change 10, 100 and 1,000 times a second", scale_load.endpoint_churn),
    "g": ("b and f for long", scale_load.long_churn),
    "h": ("one Service of 1,000 endpoints, rolled", scale_size.rolled),
    "i": ("a file of 10 MB, rewritten", scale_size.rewritten_file),
}


def parse():
    parser = argparse.ArgumentParser(
        prog="tests/bench/run.sh scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name}  {text}" for name, (text, _) in CASES.items()))
    parser.add_argument("--controller", required=True, metavar="DIR", help="folder of a published controller (default: publishes it)")
    parser.add_argument("--env", action="append", default=[], metavar="VAR=VALUE", help="environment of the controller; repeatable")
    parser.add_argument("--arg", action="append", default=[], metavar="--FLAG=VALUE", help="option of the controller; repeatable")
    parser.add_argument("--only", default="".join(CASES), metavar="CASES", help="cases to run, such as abc")
    parser.add_argument("--count", type=int, default=3000, metavar="N", help="Ingresses that a and b add (default 3000)")
    parser.add_argument("--minutes", type=float, default=10, metavar="M", help="duration of g (default 10)")
    options = parser.parse_args()
    folder = options.controller.rpartition("=")[2]
    options.build = Build("controller", os.path.abspath(folder), dict(text.split("=", 1) for text in options.env), options.arg)
    return options


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    print(f"{machine()}\n\n| case | measured | goal | |\n|---|---|---|---|", flush=True)
    missed = 0
    for letter in options.only:
        text, case = CASES[letter]
        # Each step of a case starts with a cluster of its own.
        for step in case(options):
            folder = tempfile.mkdtemp(prefix="scale-")
            os.chmod(folder, 0o755)
            try:
                with Processes(folder) as processes:
                    cluster = Cluster(options, folder, processes)
                    try:
                        for what, measured, goal, met in step(cluster):
                            verdict = {True: "met", False: "**missed**", None: ""}[met]
                            missed += met is False
                            print(f"| ({letter}) {text}: {what} | {measured} | {goal} | {verdict} |", flush=True)
                    finally:
                        cluster.stop()
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{missed} goals missed", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
