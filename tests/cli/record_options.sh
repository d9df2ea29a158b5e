#!/bin/bash
# Options, configuration files and their precedence, exit codes and messages of "jamlog record".
# SPDX-License-Identifier: GPL-3.0-or-later
set -u
jamlog=$(realpath "${BUILD:-build/release}/jamlog")
work=$(mktemp -d) || exit 1
cleanup() { rm -rf "$work"; }
trap cleanup EXIT
trap 'exit 130' INT TERM
cd "$work" || exit 1
export XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data HOME=$work TZ=UTC RUNTIME_DIRECTORY=$work/run
mkdir -p config

failed=0 n=0
record() { # what it prints stays in $out, its exit code in $code
	out=$(timeout 30 "$jamlog" record "$@" 2>&1 </dev/null)
	code=$?
}
check() { # NAME CODE WORDS: the last record ended so and said this
	n=$((n + 1))
	if [ "$code" = "$2" ] && [[ $out == *"$3"* ]]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '# wanted %s and "%s", got %s and:\n' "$2" "$3" "$code"
		printf '%s\n' "$out" | sed 's/^/# /'
		failed=1
	fi
}
usage() { # NAME WORDS OPTION...: refused with 2, nothing is recorded
	local name=$1 words=$2
	shift 2
	record -d "$work/never" --state "$work/never" "$@"
	[ -e "$work/never" ] && out="$out (and something was written)" && code=99
	check "$name" 2 "$words"
}
nothing() { record -d "$work/j" --state "$work/s" -t 1 "$@"; }

usage "an unknown option is refused" "--no-such-option" --no-such-option
usage "a stray argument is refused" '"stray"' stray
usage "saving more often than each second is refused" '--durable: "0.5s"' --durable 0.5s
usage "a duration that is none is refused" '--duration: "soon"' -t soon
usage "a duration of nothing is refused" '"0"' -t 0
usage "a duration without end is refused" '"10000000h"' -t 10000000h
usage "an interval that no modem keeps is refused" '--interval: "0.1"' -i 0.1
usage "an interval of more than an hour is refused" '"2h"' -i 2h
usage "a negative interval is refused" '"-1"' --interval=-1
usage "a modem's name with a blank is refused" '"a b"' -m "a b=/dev/null"
usage "a modem's name that is too long is refused" "abcdefghijklmnop" -m abcdefghijklmnop=/dev/null
usage "the recorder's own name is refused" '"jamlog"' -m jamlog=/dev/null
usage "the name that marks come under is refused" '"person"' -m person=/dev/null
usage "a modem without a path is refused" "not the path" -m cdc-wdm0
usage "two modems of one name are refused" 'two sources are named "a"' -m a=/dev/x -m a=/dev/y
usage "one device for two modems is refused" "both /dev/x" -m a=/dev/x -m b=/dev/x
usage "a modem and a GPS of one name are refused" "both a modem and a GPS" -m a=/dev/x -g a=localhost:2947
usage "a gpsd on another machine is refused" "ssh" -g gps.example.org:2947
usage "a server that is named like a loopback address is refused" "ssh" -g 127.example.org:2947
usage "a port that is none is refused" "localhost:99999" -g localhost:99999
usage "a configuration that is not there is refused" "no.conf" -c no.conf
printf '[record]\n\nintervall = 1s\n' >bad.conf
usage "an unknown key is refused with its line" "bad.conf:3" -c bad.conf
printf '[modem a]\ndevice = /dev/x\n[modem a]\ndevice = /dev/y\n' >bad.conf
usage "a group that stands twice is refused with its line" "bad.conf:3" -c bad.conf
printf '[gps far]\ngpsd = example.org:2947\n' >bad.conf
usage "an address that cannot work is refused with its line" "bad.conf:1" -c bad.conf
printf '[record]\ndirectory = journal\n' >bad.conf
usage "a folder relative to nothing known is refused with its line" "bad.conf:2" -c bad.conf
printf '[record]\ndirectory =\n' >bad.conf
usage "a folder without a name is refused with its line" "bad.conf:2" -c bad.conf
head -c 2000 /dev/urandom >bad.conf
usage "a configuration that is no text is refused" "bad.conf" -c bad.conf
record --help
check "--help shows the options" 0 "--duration"

usage "to share a modem and to keep ModemManager from it is a contradiction" "not both" --proxy --inhibit
printf '[modem a]\ndevice = auto\n[modem b]\ndevice = auto\n' >bad.conf
usage "two groups for any modem are refused" "both auto" -c bad.conf

nothing --no-gps --no-modem
check "without any source there is nothing to record" 2 "nothing to record"
nothing --gps localhost:1
check "without a modem it waits for one, which is said" 3 "no modem is plugged in"
nothing -m /nonexistent/modem --no-gps
check "a modem that never comes: exit code 3" 3 "there is no /nonexistent/modem"
nothing -m /nonexistent/modem --no-gps -q
[ "$(printf '%s\n' "$out" | wc -l)" = 1 ] || code=98
check "--quiet says nothing but the reason of the exit code" 3 "neither a modem nor a GPS ever told anything"
nothing --gps localhost:1 -v
check "--verbose tells what is durable" 3 "durable 1"
begun=$(date +%s%N)
record -d j --state s -t 2.5 --gps localhost:1 -q
took=$((($(date +%s%N) - begun) / 1000000))
[ $took -ge 2500 ] && [ $took -lt 5000 ] || code="after $took ms"
check "--duration ends the run" 3 ""

touch file
record -d file/sub --state s -t 1
check "a folder that cannot be made is told" 1 "file/sub"
record -d j --state file/sub -t 1
check "a place for the identity that cannot be made is told" 1 "file/sub"
mkdir -p s2 && printf short >s2/identity
record -d j --state s2 -t 1
check "a damaged identity is told with its remedy" 1 "delete it"

# Files, the standard ones, options: the later wins.
cat >config/jamlog.conf <<-END
	[record]
	directory = $work/from-user-file
	interval = 2s
	[modem a]
	device = /nonexistent/from-user-file
	[gps g]
	gpsd = none
END
record -t 1 --state s
check "the user's own file is read: its modem" 3 "a: there is no /nonexistent/from-user-file"
check "the user's own file is read: its folder" 3 "recording to $work/from-user-file"
[[ $out != *"no gpsd at"* ]] || code=97
check "gpsd = none is no GPS" 3 ""
record -t 1 --state s -d opt -m b=/nonexistent/from-option
[[ $out != *from-user-file* ]] || code=96
check "options win: --modem replaces the file's modems" 3 "b: there is no /nonexistent/from-option"
check "options win: --directory" 3 "recording to opt"
printf '[modem c]\ndevice = /nonexistent/from-named-file\n' >named.conf
record -t 1 --state s -d opt -c named.conf --no-gps
[[ $out != *from-user-file* ]] || code=95
check "--config reads that file alone" 3 "c: there is no /nonexistent/from-named-file"

echo "1..$n"
exit $failed
