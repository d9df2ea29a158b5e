#!/bin/bash
# A disk that is full for a while: commits fail and say so, what was acknowledged stays, recording goes on when there is
# room again. Needs a small file system of its own: a tmpfs in a user namespace; skipped where the system allows none.
# SPDX-License-Identifier: GPL-3.0-or-later
set -u
build=${BUILD:-build/release}
writer=$(realpath "$build/tests/helper/journal_writer_loop")
check=$(realpath "$build/tests/helper/journal_check")

if [ "${1:-}" != inside ]; then
	if ! unshare -rm true 2>/dev/null; then
		echo "1..0 # SKIP no user namespaces here"
		exit 0
	fi
	exec unshare -rm "$0" inside
fi

dir=$(mktemp -d) || exit 1
out=$(mktemp) || exit 1
pid=
cleanup() {
	[ -n "$pid" ] && kill -9 "$pid" 2>/dev/null
	wait 2>/dev/null
	umount "$dir" 2>/dev/null
	rmdir "$dir"
	rm -f "$out"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
if ! mount -t tmpfs -o size=32m tmpfs "$dir"; then
	echo "1..0 # SKIP cannot mount a tmpfs"
	exit 0
fi

failed=0 n=0
ok() {
	n=$((n + 1))
	if eval "$1"; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}
wait_for() { # a condition, for at most 10 s
	for _ in $(seq 200); do
		eval "$1" && return 0
		sleep 0.05
	done
	return 1
}
last_ack() { grep '^ack' "$out" | tail -1 | cut -d' ' -f2; }
reserve_size() { stat -c %s "$dir/journal/.reserve" 2>/dev/null; }
value() { # the sum of one value of journal_check over all segments
	"$check" "$dir"/journal/*.jlj | grep -o "$1=[0-9]*" | cut -d= -f2 | awk '{ sum += $1 } END { print sum + 0 }'
}

echo 1..8

# 1.5 MiB are left: one step of preallocation and a part of the next.
head -c $((31 * 1048576 - 524288)) /dev/zero >"$dir/filler"
"$writer" "$dir/journal" --per-group 10 --size 150 --interval-ms 2 >"$out" &
pid=$!
ok 'wait_for "grep -q ^fail \"$out\""' "a full disk fails the commit"
ok 'grep "^fail 8 " "$out" | grep -q "No space left"' "the error says that there is no space"
# shellcheck disable=SC2034 # used in the conditions, which are evaluated later
acked=$(last_ack)
ok '[ "$(value observations)" -ge "$acked" ] && [ "$(value invented)" = 0 ]' "what was acknowledged before is there"
ok '[ ! -e "$dir/journal/.reserve" ]' "the reserve was given back for the last words"
rm "$dir/filler"
ok 'wait_for "[ \$(last_ack) -gt $((acked + 200)) ]"' "recording goes on within 10 s of room"
ok 'wait_for "[ \"\$(reserve_size)\" = 131072 ]"' "and has a reserve again"
kill -9 "$pid"
{ wait "$pid"; } 2>/dev/null
pid=
# shellcheck disable=SC2034
acked=$(last_ack)
# shellcheck disable=SC2034
lowest=$("$check" "$dir"/journal/*.jlj | grep -o 'seen=[0-9]*' | head -1 | cut -d= -f2)
ok '[ "$(value observations)" -ge "$acked" ] && [ "$lowest" = 1 ] && [ "$(value invented)" = 0 ]' \
	"all acknowledged before, during and after are there"
ok '[ "$(value damages)" = 0 ] && [ "$(value breaks)" = 0 ]' "a full disk leaves no damage behind"
exit "$failed"
