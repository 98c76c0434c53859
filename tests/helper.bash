# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For every bats file of this project.

bats_require_minimum_version 1.5.0

# says TEXT...   fails, and shows the output, unless it has each TEXT.
says() {
  local text
  for text in "$@"; do
    if [[ ${output-}${stderr-} != *"$text"* ]]; then
      printf 'not said: %s\nstdout: %s\nstderr: %s\n' "$text" "${output-}" "${stderr-}" >&2
      return 1
    fi
  done
}
