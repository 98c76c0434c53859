#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one target from its seeds: fuzz.bash PROGRAM SEEDS [OPTION OF LIBFUZZER...]   By default for 15
# seconds. What it learns is thrown away; an input that fails is printed, and kept beside the program.
set -euo pipefail

program=$1
seeds=$2
shift 2
[[ $# -gt 0 ]] || set -- -max_total_time=15
# Words that the parser knows, where it does not compare in a way that libFuzzer sees.
dictionary=${seeds%/seeds/*}/${seeds##*/}.dict
[[ ! -e $dictionary ]] || set -- "-dict=$dictionary" "$@"
learnt=$(mktemp -d)
trap 'rm -rf "$learnt"' EXIT

# 512 bytes: more than any branch of a parser asks for, and quick. A single input may take 5 seconds.
"$program" -max_len=512 -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 \
  -artifact_prefix="$program-" "$@" "$learnt" "$seeds"
