"""Plays one run of a scenario through simulator, gpsd and recorder, in a network namespace of its own and on a clock that goes faster.

What it leaves stands in one folder: scenario, jamlog.conf, truth.jsonl, journal, and what each program said.

SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helper"))
import rig  # noqa: E402

# The whole field part in one process group, so that all of it runs on the same clock. The recorder alone may have another wall clock.
FIELD = r"""
set -u
sim=$1 jamlog=$2 out=$3 preload=$4 seconds=$5 receiver=$6; shift 6
ip link set lo up
"$sim" "$out/played.scenario" "$@" --duration $((seconds + 120)) --run-dir "$out" --truth "$out/truth.jsonl" > "$out/sim.log" 2>&1 &
sim_pid=$!
until grep -q '^ready' "$out/sim.log"; do kill -0 $sim_pid || exit 9; done
gpsd_pid=
if [ -n "$receiver" ]; then
	gpsd -N -n -S 2947 "$(readlink -f "$out/gps-$receiver")" > "$out/gpsd.log" 2>&1 &
	gpsd_pid=$!
	until (exec 3<> /dev/tcp/127.0.0.1/2947) 2>/dev/null; do kill -0 $gpsd_pid || exit 8; done
fi
LD_PRELOAD="$preload${LD_PRELOAD:+:$LD_PRELOAD}" \
"$jamlog" record -c "$out/jamlog.conf" -d "$out/journal" --state "$out/state" --duration "$seconds" 2> "$out/record.log" &
record_pid=$!
wait $record_pid
code=$?
kill $sim_pid $gpsd_pid
wait $sim_pid
exit $code
"""


running, stopped = set(), []  # processes; not empty: no more of them


def stop_all():
    """Ends what is being played, without order: for a person who has had enough."""
    stopped.append(True)
    for process in list(running):
        end(process)


def end(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def namespace():
    """The words before a command that give it a network of its own, or None where there are none for us."""
    for options in ("-n", "-Urn"):
        if subprocess.run(["unshare", options, "true"], capture_output=True, check=False).returncode == 0:
            return ["unshare", options]
    return None


def configuration(out, scenario):
    """Data sessions as often as the recorder allows; probes where there is an internet to probe."""
    text = f"[record]\nmode = {scenario.mode}\n[session]\nevery = 10s\nhold = 2s\n"
    if scenario.receiver:
        text += f"[gps {scenario.receiver}]\ngpsd = localhost:2947\n"
    if scenario.mode == "probe":
        text += f"[probe]\ntargets = {out}/targets.conf\nhour-bytes = 1000000000\nday-bytes = 1000000000\n"
    for name in scenario.modems:
        text += f"[modem {name}]\ndevice = {out}/modem-{name}\n"
        text += f"interface = {scenario.interfaces[name]}\n" if scenario.mode == "probe" else ""
    return text


def keep_begin(out):
    """Of the truth, which is long and can be had again, the line that says when the world began."""
    try:
        with open(os.path.join(out, "truth.jsonl"), encoding="utf-8") as truth, open(os.path.join(out, "begin.json"), "w", encoding="utf-8") as begin:
            begin.write(truth.readline())
        os.unlink(os.path.join(out, "truth.jsonl"))
    except FileNotFoundError:
        pass


def play(scenario, out, seed, day, seconds, speed=40, step=None):
    """Records so many seconds of it on the day `day`, which is also a date of its own. "" or what went wrong."""
    if stopped:
        return "stopped"
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "played.scenario"), "w", encoding="utf-8") as handle:
        handle.write(scenario.text)
    with open(os.path.join(out, "jamlog.conf"), "w", encoding="utf-8") as handle:
        handle.write(configuration(out, scenario))
    environment = dict(os.environ, XDG_CONFIG_HOME=os.path.join(out, "config"), RUNTIME_DIRECTORY=os.path.join(out, "run"), TZ="UTC")
    preload = ""
    if step:
        preload = os.path.join(rig.BUILD, "tests/helper/step_clock.so")
        environment.update(STEP_AFTER=str(step[0]), STEP_BY=str(step[1]))
    faketime = ["faketime", "-f", f"+{day}d x{speed}"]
    command = [*namespace(), *faketime, "bash", "-c", FIELD, "field", rig.SIM, rig.JAMLOG, out, preload, str(round(seconds)),
               scenario.receiver, "--seed", str(seed), "--day", str(day)]
    with open(os.path.join(out, "field.log"), "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, start_new_session=True, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        running.add(process)
        try:
            code = process.wait(timeout=(seconds + 120) / speed + 60)
        except subprocess.TimeoutExpired:
            code = "too slow"
        finally:
            end(process)
            running.discard(process)
    keep_begin(out)
    return "" if code == 0 else f"the run ended with {code}: see {out}/*.log"
