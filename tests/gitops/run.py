#!/usr/bin/env python3
"""Runs the membership workflows with act against the real rosterctl, the simulator and a GitHub in a folder.

usage: run.py --rosterctl PATH [--act PATH] [--keep] [--show] [WORD...]     only the cases whose names hold a WORD
"""

import argparse
import importlib
import os
import shutil
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from world import World  # noqa: E402

MODULES = ["cases_plan", "cases_apply", "cases_drift", "cases_offboard", "cases_setup", "cases_gitlab", "cases_kubernetes", "cases_people", "cases_copy"]


def cases(words):
    """Every function `case_…` of the case modules, with what its world needs."""
    found = []
    for module in MODULES:
        for name, value in vars(importlib.import_module(module)).items():
            if name.startswith("case_") and (not words or any(word in name for word in words)):
                found.append((module.removeprefix("cases_"), name.removeprefix("case_").replace("_", " "), value))
    return found


def run_case(case, rosterctl, act, keep):
    """Runs one case; returns what failed, its log and its seconds."""
    _, _, function = case
    began = time.monotonic()
    world = World(rosterctl, act, **getattr(function, "world", {}))
    failure = None
    try:
        function(world)
        assert not world.unknown_calls(), f"unknown calls: {world.unknown_calls()}"
    except Exception:  # noqa: BLE001 - a case fails whatever it raises
        failure = traceback.format_exc()
    finally:
        world.close(keep)
    return failure, "\n".join(world.logs), time.monotonic() - began, world.folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rosterctl", required=True, type=Path)
    parser.add_argument("--act", default=shutil.which("act"))
    parser.add_argument("--keep", action="store_true", help="keep the folders of the cases")
    parser.add_argument("--show", action="store_true", help="print the log of every run")
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) + 1, help="cases at once; some only wait")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    if options.act is None:
        sys.exit("error: act is not on the PATH; run tests/gitops/run.sh instead, which installs it")
    # The cases run in folders of their own.
    rosterctl, act = options.rosterctl.resolve(), Path(options.act).resolve()
    chosen = cases(options.words)
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(run_case, case, rosterctl, act, options.keep) for case in chosen]
        for (area, name, _), run in zip(chosen, runs):
            failure, log, seconds, folder = run.result()
            print(f"{'ok  ' if failure is None else 'FAIL'} {area:9} {name} ({seconds:.1f} s)", flush=True)
            if failure is not None or options.show:
                print(log)
            if failure is not None:
                failed += 1
                print(failure)
            if options.keep:
                print(folder)
    print(f"gitops: {len(chosen) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not chosen else 0)


if __name__ == "__main__":
    main()
