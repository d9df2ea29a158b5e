#!/bin/bash
# Every input that a fuzzer found worth keeping still passes its target.
# SPDX-License-Identifier: GPL-3.0-or-later
set -u
build=${BUILD:-build/release}
shopt -s nullglob
targets=(tests/fuzz/fuzz_*.c)
echo "1..${#targets[@]}"
n=0 failed=0
for source in "${targets[@]}"; do
	name=$(basename "$source" .c)
	n=$((n + 1))
	if output=$("$build/tests/fuzz/replay_$name" tests/fuzz/corpus/"${name#fuzz_}"/* 2>&1); then
		echo "ok $n - $name survives its corpus ($output)"
	else
		echo "not ok $n - $name survives its corpus"
		echo "$output" | sed 's/^/# /' >&2
		failed=1
	fi
done
exit $failed
