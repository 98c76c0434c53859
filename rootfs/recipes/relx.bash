# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "relx": the sample of rootfs/apps/sample as a release that relx makes, with its extended
# start script. Debian's rebar3 is one file, an escript, and runs with our OTP.

recipe_sources=(rebar3)
recipe_needs=(toolchain otp)
recipe_inputs=(rootfs/apps/sample)
recipe_tools=(dpkg)

recipe_build() {
  dpkg-deb -x /src/rebar3/*.deb .
  cp -r /repo/rootfs/apps/sample sample
  cd sample || exit
  export PATH=/deps/otp/usr/lib/erlang/bin:$PATH
  escript ../usr/bin/rebar3 release
  cp -r _build/default/rel/sample/. /out
}
