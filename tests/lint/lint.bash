#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The linters: lint.bash format|tidy|shell|paths. Status 0 and silence if there is nothing to say.
set -euo pipefail
shopt -s inherit_errexit

cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# files PATTERN...   prints the files of the project with these names, each ended by a NUL.
files() {
  local names=() pattern
  for pattern in "$@"; do
    names+=(-o -name "$pattern")
  done
  find . \( -name .git -o -name build -o -name _build -o -name deps -o -name .cache \) -prune \
    -o -type f \( "${names[@]:1}" \) -print0
}

lint_format() { files '*.cc' '*.h' '*.js' | xargs -0r clang-format-19 --dry-run -Werror; }

# What the preset host compiles of what ships and of the tools, with the flags that it compiles it with.
# Not the tests: with GoogleTest's and Abseil's headers they would take four fifths of the time. What was
# found clean is not read again: the verdict is kept by the hash of all that it depends on.
# shellcheck disable=SC2016 # xargs has an inner shell
lint_tidy() {
  local database=${MICROBEAM_BUILD:-build}/host verdicts=${MICROBEAM_CACHE:-$HOME/.cache/microbeam}/tidy
  local common file key
  [[ -e $database/compile_commands.json ]] || {
    printf 'no %s/compile_commands.json; type: scripts/microbeam test lint\n' "$database" >&2
    return 1
  }
  mkdir -p "$verdicts"
  common=$({
    dpkg-query -W clang-tidy-19 libabsl-dev libstdc++-12-dev libc6-dev linux-libc-dev
    cat .clang-tidy
    files '*.h' | sort -z | xargs -0 sha256sum
  } | sha256sum)
  sed -n "s|^ *\"file\": \"$PWD/\(.*\)\",\{0,1\}\$|\1|p" "$database/compile_commands.json" |
    grep -vE '_test[.]cc$|^tests/|/test/' | sort -u | while read -r file; do
    key=$({
      printf '%s\n' "$common"
      grep -F "$PWD/$file\"" -B 1 "$database/compile_commands.json" | sed "s|$PWD|.|g"
      cat "$file"
    } | sha256sum)
    [[ -e $verdicts/${key%% *} ]] || printf '%s\0%s\0' "$verdicts/${key%% *}" "$file"
  done |
    xargs -0r -n 2 -P "$(nproc)" bash -c 'clang-tidy-19 --quiet -p "$0" "$2" && : >"$1"' "$database" \
      2> >(grep -v 'warnings\? generated' >&2) |
    # What is wrong in a header is found from each file that includes it: once is enough.
    awk '/: (error|warning): / { shown = seen[$0]++ } !shown'
}

lint_shell() {
  {
    files '*.bash' '*.bats'
    # Programs without a suffix, by their first line.
    files '*' | xargs -0 awk 'FNR == 1 && FILENAME !~ /[.][a-z]+$/ && /^#!.*(bash|\/sh)/ { printf "%s%c", FILENAME, 0 }
      { nextfile }'
  } | xargs -0r shellcheck
}

# No file may name a place of one machine, or a host that serves packages: apt knows those.
lint_paths() {
  local pattern='/wor[k]/|https?://[^/[:space:]]+/debian|https?://(deb|ftp|security|snapshot|mirrors?)[.]'
  if files '*' | xargs -0 grep -nEI "$pattern"; then
    printf 'the lines above name a place of one machine, or a package mirror\n' >&2
    return 1
  fi
}

case ${1:-} in
  format | tidy | shell | paths) "lint_$1" ;;
  *)
    printf 'usage: lint.bash format|tidy|shell|paths\n' >&2
    exit 2
    ;;
esac
