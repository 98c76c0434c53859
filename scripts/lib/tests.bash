# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# `test`: builds what the tests need, runs them by CTest label, prints one summary. See tests/README.md.

tests_labels=(lint unit coverage package fuzz shell namespace vm)

# tests_environment   tells the tests where things are: this list, and the one in tests/README.md.
tests_environment() {
  export MICROBEAM_INIT=${component_at[init]:-}/init
  export MICROBEAM_INIT_DEBUG=${component_at[init]:-}/init.debug
  export MICROBEAM_CONTAINER_INIT=${component_at[init]:-}/container-init
  export MICROBEAM_CONTAINER_INIT_DEBUG=${component_at[init]:-}/container-init.debug
  export MICROBEAM_RESCUE_INIT=${component_at[init]:-}/rescue-init
  export MICROBEAM_RESCUE_INIT_DEBUG=${component_at[init]:-}/rescue-init.debug
  # One ERTS, one toolchain; without them the pattern stays what it is, and a test says so.
  MICROBEAM_ERLEXEC=$(echo "${component_at[otp]:-}"/usr/lib/erlang/erts-*/bin/erlexec)
  export MICROBEAM_ERLEXEC MICROBEAM_OTP=${component_at[otp]:-}/usr/lib/erlang
  export MICROBEAM_LOADER=${component_at[toolchain]:-}/sysroot/lib/ld-musl-x86_64.so.1
  export MICROBEAM_RELEASE=${component_at[hello]:-}
  export MICROBEAM_RELX=${component_at[relx]:-}
  export MICROBEAM_DEBIAN=${component_at[debian-erlang]:-}
  export MICROBEAM_GEN_INIT_CPIO=${component_at[kernel]:-}/gen_init_cpio
  export MICROBEAM_VM=$MICROBEAM_BUILD/host/bench/microbeam-vm
  export MICROBEAM_IMAGES=$MICROBEAM_BUILD/images
  export MICROBEAM_ROOT MICROBEAM_BUILD MICROBEAM_CACHE
}

command_test() {
  local label failed=0 labels=("${option_rest[@]}") rows=()
  [[ ${#labels[@]} -gt 0 ]] || labels=("${tests_labels[@]}")
  command_packages build host vm test bench report
  tests_build "${labels[@]}"
  build_unlock
  tests_environment
  for label in "${labels[@]}"; do
    tests_run "$label" || failed=1
  done
  tests_summary
  return "$failed"
}

# tests_build LABEL...   builds what tests of these labels need.
tests_build() {
  # The runner, and the compile commands that clang-tidy reads.
  build_host_tools
  if [[ " $* " == *' coverage '* ]]; then
    step 'tests of coverage' build_host host-coverage pid1_test pid1_sys_test
  fi
  if [[ " $* " == *' fuzz '* ]]; then
    build_components otp
    step 'fuzz targets' build_host fuzz fuzz_targets
  fi
  if [[ " $* " == *' package '* ]]; then
    build_components toolchain
    step 'libpid1 of host' build_host host pid1
    MICROBEAM_TOOLCHAIN=$MICROBEAM_BUILD/toolchain step 'libpid1 of musl' build_host musl pid1
  fi
  if [[ " $* " == *' vm '* ]]; then
    build_components init kernel kernel-small hello pid1
    build_image emu
    build_image jit
    # shellcheck disable=SC2034,SC2154 # a key
    option[profile]=small
    build_image emu
    unset 'option[profile]'
  fi
  if [[ " $* " == *' namespace '* ]]; then
    build_components init hello relx debian-erlang
  fi
  if [[ " $* " == *' unit '* || " $* " == *' namespace '* ]]; then
    step 'tests' build_host host-asan
  else
    # No program, but the list of the tests, which follows the files that there are.
    step 'tests' build_host host-asan build.ninja
  fi
}

# tests_tree LABEL   prints the build tree with the tests of LABEL.
tests_tree() {
  case $1 in
    coverage) printf '%s\n' "$MICROBEAM_BUILD/host-coverage" ;;
    fuzz) printf '%s\n' "$MICROBEAM_BUILD/fuzz" ;;
    *) printf '%s\n' "$MICROBEAM_BUILD/host-asan" ;;
  esac
}

# tests_run LABEL   runs the tests of LABEL, adds its row to the caller's rows; status 1 if any failed,
# or there was none.
tests_run() {
  local label=$1 report=$MICROBEAM_BUILD/logs/test-$1.xml status=0 start=$SECONDS
  local tests failures skipped parallel
  parallel=$(nproc)
  # They end by the clock, whatever share of a processor they get.
  [[ $label != fuzz ]] || parallel=$((2 * parallel))
  rm -f "$report"
  stage "test $label" timeout --foreground --kill-after=10 3600 \
    ctest --test-dir "$(tests_tree "$label")" --label-regex "^$label\$" --no-tests=error \
    --output-on-failure --output-junit "$report" --parallel "$parallel" || status=1
  tests=$(tests_count "$report" tests)
  failures=$(tests_count "$report" failures)
  skipped=$(tests_count "$report" skipped)
  rows+=("$label" "$((tests - failures - skipped))" "$failures" "$skipped" "$((SECONDS - start))")
  if ((status != 0)); then
    tests_failures "$MICROBEAM_BUILD/logs/test $label.log"
  fi
  return "$status"
}

# tests_count REPORT WHAT   prints a number from the head of a JUnit report, 0 without one.
tests_count() {
  local number
  number=$(sed -n "1,/>/s/.*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p" "$1" 2>/dev/null | head -n 1) || true
  printf '%s\n' "${number:-0}"
}

# tests_failures LOG   shows what the failed tests wrote.
tests_failures() {
  grep -Ev '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed )' "$1" | tail -n 200 | sed 's/^/  | /' >&2
}

tests_summary() {
  local verdict='all tests passed'
  ((failed == 0)) || verdict='FAILED'
  printf '\n%-12s %8s %8s %8s %8s\n' LABEL PASSED FAILED SKIPPED SECONDS
  printf '%-12s %8s %8s %8s %8s\n' "${rows[@]}"
  tests_coverage "$MICROBEAM_BUILD/host-coverage/tests/coverage/report.txt"
  printf '%s\n' "$verdict"
}

# tests_coverage REPORT   prints what was covered, if that was asked for.
tests_coverage() {
  [[ " ${labels[*]} " == *' coverage '* && -e $1 ]] || return 0
  awk -v report="$1" '$1 == "TOTAL" {
    printf "coverage of libpid1: %s of lines, %s of branches (each file: %s)\n", $7, $10, report }' "$1"
}
