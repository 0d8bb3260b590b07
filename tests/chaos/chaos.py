#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make chaos: the day and the real requests under the faults of many seeds, each against one clean
run. SEED=n for one, SEEDS="1 2 3" for some; by default ten, the last with three brokers of which one
is lost for good (BROKERS=3 for all). What a seed left is in build/chaos/<seed>/."""
import argparse
import os
import shutil
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import checks  # noqa: E402 the folders are no packages
import run  # noqa: E402
from district import ROOT  # noqa: E402

SEEDS, LOST_BROKER = range(1, 11), 10
OK, FAILED, INVALID, NO_INPUT = 0, 1, 2, 66


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="exit: 0 all passed, 1 one failed, 2 one was invalid, 66 no real input")
    named = os.environ.get("SEED") or os.environ.get("SEEDS") or " ".join(map(str, SEEDS))
    parser.add_argument("seeds", nargs="*", type=int, default=[int(seed) for seed in named.split()])
    parser.add_argument("--events", type=int, default=int(os.environ.get("EVENTS", "20000")),
                        help="distinct events of the day (20000)")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=int(os.environ.get("BROKERS", "0")) or None,
                        help=f"1 or 3; by default 3 for seed {LOST_BROKER}, else 1")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "chaos")
    return parser.parse_args()


def say(line):
    print(line, flush=True)


def one(plan, folder, seed, brokers, wanted):
    """(word for the table, the run)"""
    faulty = run.Faulty(plan, folder, seed, brokers, say)
    try:
        faulty.run(wanted)
        word = "passed"
    except run.Invalid as error:
        word = "invalid"
        faulty.say(f"invalid: {error}")
    except Exception as error:  # whatever it is, the other seeds run
        word = "failed"
        faulty.say(f"failed: {error}")
        (folder / "traceback.txt").write_text(traceback.format_exc())
    return word, faulty


def row(seed, word, faulty):
    fired, found = faulty.fired(), faulty.recoveries() or [0]
    return (f"{seed:>6} {faulty.brokers:>8} {len(fired):>7} {min((f.seen for f in fired), default=0):>13} "
            f"{faulty.seconds:>8.0f} {found[len(found) // 2]:>9.1f} {found[-1]:>6.1f} {faulty.drained:>8.1f}  {word}")


def main():
    asked = options()
    history = checks.history_file()
    if history is None:
        print("chaos: the real inputs (../shared/data) are not here", file=sys.stderr)
        return NO_INPUT
    binaries = Path(os.environ.get("CITYBRAIN_BIN", ROOT / "build" / "debug"))
    shutil.rmtree(asked.out / "plan", ignore_errors=True)
    (asked.out / "plan").mkdir(parents=True)
    plan = run.Plan(binaries, asked.out / "plan", asked.events, history)
    say(f"a clean run of the day ({asked.events} events) and of history, to compare with")
    _, wanted = run.clean(plan, asked.out / "plan" / "clean", True)
    rows = []
    for seed in asked.seeds:
        folder = asked.out / str(seed)
        shutil.rmtree(folder, ignore_errors=True)
        brokers = asked.brokers or (3 if seed == LOST_BROKER else 1)
        word, faulty = one(plan, folder, seed, brokers, wanted)
        rows.append((word, row(seed, word, faulty)))
    print("  seed  brokers  faults  least unread  seconds  recovered (p50, max) s  drained s", flush=True)
    for _, line in rows:
        say(line)
    words = {word for word, _ in rows}
    return FAILED if "failed" in words else INVALID if "invalid" in words else OK


if __name__ == "__main__":
    sys.exit(main())
