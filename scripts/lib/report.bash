# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# `report`: the page of what was measured. bench/report makes it from what `bench` has left in build/bench.

command_report() {
  local results=${MICROBEAM_RESULTS:-$MICROBEAM_BUILD/bench} page=$MICROBEAM_BUILD/report/index.html
  command_packages report
  build_unlock
  # shellcheck disable=SC2154 # set in options.bash
  if [[ -v option[again] || ! -e $results/boot.json ]]; then
    report_bench ${option[again]:+--rounds "${option[again]}"}
  fi
  # Instructions repeat: one boot says all.
  if [[ -v option[again] || ! -e $results/icount.json ]]; then
    report_bench --icount --rounds 1
  fi
  mkdir -p "${page%/*}"
  # On Debian that is where its packages are looked for anyway, but not by a Node.js from elsewhere.
  NODE_PATH=/usr/share/nodejs node "$MICROBEAM_ROOT/bench/report/report.js" "$results" \
    "$MICROBEAM_BUILD/images/hello/manifest.json" "$page" "$(report_project)" ${option[pictures]:+"${option[pictures]}"} ||
    return
  say "next: open $page in a browser"
  printf '%s\n' "$page"
}

# report_bench ARGS...   measures, as `bench ARGS` does; its table is in the page.
report_bench() (
  # shellcheck disable=SC2034 # for options.bash
  option=() option_rest=()
  options_parse bench "$@"
  say "measuring: scripts/microbeam bench${*:+ $*}"
  command_bench >/dev/null
)

# report_project   prints which state of the project this is.
report_project() {
  git -C "$MICROBEAM_ROOT" describe --tags --always --dirty 2>/dev/null || command_version
}
