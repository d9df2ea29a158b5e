#!/bin/bash
# sim_play.sh - jamlog-sim as a program: its errors, its devices, and that time of day and speed leave no trace in a run.
# Takes the build folder in $BUILD (default build/release). Prints TAP.
# SPDX-License-Identifier: GPL-3.0-or-later
set -u
SIM=${BUILD:-build/release}/jamlog-sim
SCENARIOS=tests/data/scenarios
START=2026-03-25T12:00:00Z
DIR=$(mktemp -d)
PID=
count=0
failed=0

finish() {
	[ -n "$PID" ] && kill "$PID" 2>/dev/null
	rm -rf "$DIR"
}
trap finish EXIT
trap 'exit 1' INT TERM

check() { # NAME COMMAND...: ok when the command succeeds
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$DIR/said" 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' "$DIR/said" | head -5
		failed=1
	fi
}

refuses() { # CODE TEXT ARGUMENTS...: exits with the code and says the text on stderr, nothing on stdout
	local code=$1 text=$2
	shift 2
	"$SIM" "$@" >"$DIR/out" 2>"$DIR/err"
	local got=$?
	cat "$DIR/err"
	[ "$got" -eq "$code" ] && grep -qF -- "$text" "$DIR/err" && [ ! -s "$DIR/out" ]
}

truth() { # SCENARIO ARGUMENTS...
	local name=$1
	shift
	"$SIM" "$SCENARIOS/$name.scenario" --truth-only --start $START "$@"
}

wait_ready() { # the file that gets the program's stdout
	local until=$((SECONDS + 20))
	until grep -qx ready "$1" 2>/dev/null; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.05
	done
}

# Errors
sed '12s/.*/radius = 5/' $SCENARIOS/drive-outage.scenario >"$DIR/line12.scenario"
check "an error in line 12 is told as line 12" refuses 2 "line12.scenario:12:" "$DIR/line12.scenario"
check "a missing scenario is named" refuses 2 "$DIR/none.scenario" "$DIR/none.scenario"
check "no scenario is a usage error" refuses 2 "one scenario file"
check "an unknown option is a usage error" refuses 2 "--fast" --fast $SCENARIOS/reject.scenario
check "a protocol that is not simulated is refused" refuses 2 "there are: qmi, mbim" --modem-protocol at $SCENARIOS/reject.scenario
check "a bad seed is refused" refuses 2 "--seed" --seed x --truth-only $SCENARIOS/reject.scenario
check "a bad start is refused" refuses 2 "--start" --start noon --truth-only $SCENARIOS/reject.scenario
check "an unwritable truth is a failure that names the file" refuses 1 "$DIR/no/truth" --truth-only --truth "$DIR/no/truth" \
	$SCENARIOS/reject.scenario
touch "$DIR/file"
check "a run folder that is a file is a failure that names it" refuses 1 "$DIR/file" \
	--run-dir "$DIR/file" $SCENARIOS/reject.scenario
check "a full disk is told" refuses 1 "/dev/full" --truth-only --truth /dev/full $SCENARIOS/reject.scenario
check "--help works" "$SIM" --help

# Every shipped scenario can be played
for file in "$SCENARIOS"/*.scenario; do
	name=$(basename "$file" .scenario)
	check "$name plays to its end" bash -c "'$SIM' '$file' --truth-only | jq -es 'length > 100 and .[0].kind == \"run\"'"
done

# The same seed gives the same bytes
truth hour-drive >"$DIR/one"
truth hour-drive >"$DIR/two"
truth hour-drive --seed 8 >"$DIR/three"
check "same seed, same bytes" cmp "$DIR/one" "$DIR/two"
check "another seed, another run" bash -c "! cmp -s <(sed 1d '$DIR/one') <(sed 1d '$DIR/three')"
check "hour-drive shows each of its troubles" jq -es '
	[.[] | select(.kind == "modem")] | any(.happenings == ["outage"] and .service == "none")
	and any(.happenings == ["lte-off"] and .serving.rat == "umts" and .registration == "registered")
	and any(.happenings == ["tunnel"] and .serving == null)
	and any(.happenings == ["airplane"] and .operating_mode == "low-power")' "$DIR/one"
check "two-operators: one vanishes, the other goes on" bash -c "'$SIM' $SCENARIOS/two-operators.scenario --truth-only | jq -es '
	[.[] | select(.kind == \"modem\" and .t_s > 70)] |
	all(if .modem == \"b\" then .registration == \"registered\" else .registration != \"registered\" end)'"
check "drive-outage comes back within ten seconds" bash -c "'$SIM' $SCENARIOS/drive-outage.scenario --truth-only | jq -es '
	[.[] | select(.kind == \"modem\")] | all(.t_s < 41 or .t_s > 59 or .service == \"none\") and
	all((.t_s < 10 or .t_s > 34) and .t_s < 70 or .service == \"full\")'"
check "jammer: power stays up, nothing is decoded" bash -c "'$SIM' $SCENARIOS/jammer.scenario --truth-only | jq -es '
	[.[] | select(.kind == \"modem\" and .t_s > 60 and .t_s < 100)] | all(.serving == null and .rx[0].power_dbm > -70)'"

# Devices, at twenty times the speed: what is played is what was computed
# Two libraries want to come first in a sanitised program; the order does no harm.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
	faketime -f '+0 x20' "$SIM" $SCENARIOS/drive-outage.scenario --run-dir "$DIR/run" --truth "$DIR/played" >"$DIR/devices" &
PID=$!
check "the program says that it is ready" wait_ready "$DIR/devices"
check "devices are named" grep -qE '^modem a qmi /dev/pts/[0-9]+$' "$DIR/devices"
check "symlinks lead to the devices" test "$(readlink "$DIR/run/gps-main")" = "$(awk '$1 == "gps" {print $4}' "$DIR/devices")"
check "devices are terminals" test -c "$DIR/run/modem-a"
wait $PID
check "the run ends by itself with 0" test $? -eq 0
PID=
check "symlinks are gone" test -z "$(ls "$DIR/run")"
started=$(jq -r 'select(.kind == "run").start' "$DIR/played")
"$SIM" $SCENARIOS/drive-outage.scenario --truth-only --start "$started" >"$DIR/computed"
check "a run in real time is the run that was computed" cmp "$DIR/played" "$DIR/computed"

# A foreign file in the run folder is not touched
mkdir "$DIR/foreign"
echo mine >"$DIR/foreign/gps-main"
check "a foreign file in the run folder is left alone" refuses 1 "$DIR/foreign/gps-main" --run-dir "$DIR/foreign" \
	$SCENARIOS/gps-only.scenario
check "it still says what it said" grep -qx mine "$DIR/foreign/gps-main"

echo "1..$count"
exit $failed
