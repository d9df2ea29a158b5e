#!/usr/bin/env python3
"""The evaluation (make eval) on a few short scenarios and one seed: what is right counts as right, and what is not makes it fail.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

EVALUATE = os.path.join(rig.ROOT, "tests", "eval", "evaluate.py")
NAMES = ["03-blackout", "15-lift", "18-airplane-mode"]
tap = rig.Tap()
if "release" not in rig.BUILD:
    print("1..0 # SKIP other programs are too slow for that")
    sys.exit(0)
if not any(rig.run(["unshare", options, "true"]).returncode == 0 for options in ("-n", "-Urn")):
    print("1..0 # SKIP namespaces cannot be had here")
    sys.exit(0)
folder = rig.folder()


def write(name, change=lambda text: text):
    with open(os.path.join(rig.SCENARIOS, "eval", f"{name}.scenario"), encoding="utf-8") as source, \
            open(os.path.join(folder, f"{name}.scenario"), "w", encoding="utf-8") as out:
        out.write(change(source.read().replace("duration = 480", "duration = 240")))


def evaluate(*names):
    files = [os.path.join(folder, f"{name}.scenario") for name in names]
    return rig.run([sys.executable, EVALUATE, "--seeds", "2", "--out", os.path.join(folder, "out"), *files], timeout=300)


for one in NAMES:
    write(one)
done = evaluate(*NAMES)
tap.equal(done.returncode, 0, "the promised numbers are kept")
tap.ok("right, or a stated superset: 100.0 % of 3" in done.stdout, "all three are right", done.stdout + done.stderr)
tap.ok(re.search(r"^jamming +1 +1 +100.0 % +100.0 %$", done.stdout, re.M), "the blackout is jamming, and nothing else is", done.stdout)
tap.ok("scenarios 14 to 29 called jamming: none" in done.stdout, "it says that nothing else was called jamming")

write("18-airplane-mode", lambda text: text.replace("verdict = own-fault", "verdict = jamming").replace("never = jamming, cells-off\n", ""))
done = evaluate("18-airplane-mode")
tap.equal(done.returncode, 1, "a verdict that is not the expected one misses the promise")
tap.ok("THE PROMISED NUMBERS ARE MISSED" in done.stdout and "jamming expected; a: own-fault" in done.stdout,
       "it says so, and what was found instead", done.stdout)
tap.ok("of 5: ordinary day" in done.stdout and not re.search(r"eval: +[1-9]", done.stdout),
       "what was recorded already is not recorded again", done.stdout)

with open(os.path.join(rig.ROOT, "src", "analysis", "words.c"), encoding="utf-8") as source:
    verdicts = re.findall(r'"([a-z-]+)"', re.search(r"verdict_words\[\] = \{(.*?)\}", source.read(), re.S).group(1))
with open(os.path.join(folder, "words.scenario"), "w", encoding="utf-8") as out:
    out.write("[world]\nduration = 2\n[track]\npoints = 1,1\n")
    out.writelines(f"[expect {verdict}]\nverdict = {verdict}\n" for verdict in [*verdicts, "nothing"])
words = rig.run([rig.SIM, os.path.join(folder, "words.scenario"), "--truth-only"])
tap.ok(len(verdicts) == 14 and words.returncode == 0, "the simulator knows every verdict that there is", words.stderr)

with open(os.path.join(folder, "broken.scenario"), "w", encoding="utf-8") as out:
    out.write("[world]\nduration = 60\n[track]\npoints = 1,1\n[happening x]\nwhat = miracle\nat = 1\n")
done = evaluate("broken")
tap.ok(done.returncode == 1 and "broken, seed 2: the run ended with" in done.stdout, "a scenario that cannot be played is a failure", done.stdout)
tap.done()
