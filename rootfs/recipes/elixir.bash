# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "elixir": Elixir in usr/lib/elixir, compiled by our own OTP.

recipe_sources=(elixir)
recipe_needs=(toolchain otp)
recipe_inputs=()
recipe_tools=()

recipe_build() {
  export PATH=/deps/otp/usr/lib/erlang/bin:$PATH
  # No source paths in the .beam files, and file names in UTF-8 whatever the locale.
  export ERL_COMPILER_OPTIONS=deterministic ELIXIR_ERL_OPTIONS=+fnu
  unpack elixir
  make -C elixir compile
  make -C elixir install PREFIX=/usr DESTDIR=/out
  rm -r /out/usr/share
}
