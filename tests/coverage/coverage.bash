#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs test programs that count what they execute, and fails if the lines of libpid1 that ran are fewer
# than budgets.tsv asks for: coverage.bash REPORT PROGRAM...   REPORT is llvm-cov's table.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
library=$here/../../libpid1
report=$1
shift
counts=$(mktemp -d)
trap 'rm -rf "$counts"' EXIT

objects=()
for program; do
  objects+=(--object "$program")
  # %m: a file for each program; %c: shared with its children.
  LLVM_PROFILE_FILE=$counts/%m%c.profraw timeout --kill-after=5 120 "$program" --gtest_brief=1
done
llvm-profdata-19 merge -o "$counts/all" "$counts"/*.profraw
llvm-cov-19 report --show-region-summary=false --instr-profile="$counts/all" "${objects[@]}" \
  --sources "$library/src" "$library/include" >"$report"

cat "$report"
limit=$(awk -F '\t' '$1 == "coverage_lines_percent" { print $2 }' "$here/../budgets.tsv")
# FILE, then functions, lines and branches: how many, missed, covered.
lines=$(awk '$1 == "TOTAL" { print $7 + 0 }' "$report")
awk -v limit="${limit:?not in budgets.tsv}" -v lines="${lines:?no total}" 'BEGIN { exit !(lines >= limit) }' || {
  printf '%s %% of the lines of libpid1 are executed by its unit tests; at least %s %% must be\n' "$lines" "$limit" >&2
  exit 1
}
