# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "hello": the sample application as a release, as `mix release` leaves it.

recipe_sources=()
recipe_needs=(toolchain otp elixir)
# Not the whole folder: tests do not change the release, and _build is a developer's.
recipe_inputs=(rootfs/apps/hello/mix.exs rootfs/apps/hello/lib rootfs/apps/hello/rel)
recipe_tools=()

recipe_build() {
  export PATH=/deps/elixir/usr/lib/elixir/bin:/deps/otp/usr/lib/erlang/bin:$PATH
  # No source paths in the .beam files, and file names in UTF-8 whatever the locale.
  export ERL_COMPILER_OPTIONS=deterministic ELIXIR_ERL_OPTIONS=+fnu
  cp -r /repo/rootfs/apps/hello hello
  cd hello || exit
  MIX_ENV=prod mix release --path /out
  # Mix makes up a random cookie. One that is in every image would be no secret, and a release that
  # is not distributed needs none; who wants distribution gives RELEASE_COOKIE.
  rm /out/releases/COOKIE
}
