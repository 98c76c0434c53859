# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "otp": Erlang/OTP on musl, in usr/lib/erlang, with both emulators: beam.smp (the JIT)
# and beam.emu.smp (the interpreter). Binaries keep their symbols; the image strips them.

recipe_sources=(erlang)
recipe_needs=(toolchain openssl)
recipe_inputs=()
recipe_tools=(perl)

# Applications without a place in a release on this machine: graphics, Java, ODBC, tools of
# developers. What is left is what Elixir needs and what a release may ask for.
otp_left_out=(
  common_test debugger dialyzer diameter edoc et eunit jinterface megaco observer
  odbc reltool wx
)

# Only the interfaces for NIFs and drivers are exported: thousands of names fewer, and what nothing
# calls can be dropped.
otp_exported='{ enif_*; driver_*; erl_drv_*; erl_errno_id; add_driver_entry; remove_driver_entry; };'

otp_configure() {
  # Nothing throws or unwinds.
  local flags='-O2 -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables'
  local link='-Wl,--gc-sections -Wl,-z,pack-relative-relocs'
  local -a options=(
    --prefix=/usr --build=x86_64-pc-linux-musl
    --enable-deterministic-build --enable-jit --disable-pgo --disable-otp-test-engine
    --without-termcap --without-javac --with-ssl=/deps/openssl --disable-dynamic-ssl-lib
    "${otp_left_out[@]/#/--without-}"
    CC=/deps/toolchain/bin/x86_64-linux-musl-clang
    CXX=/deps/toolchain/bin/x86_64-linux-musl-clang++
    AR=/deps/toolchain/bin/x86_64-linux-musl-ar
    RANLIB=/deps/toolchain/bin/x86_64-linux-musl-ranlib
    CFLAGS="$flags" CXXFLAGS="$flags -fno-exceptions -fno-rtti" LDFLAGS="$link"
    # For the NIFs; without --exclude-libs libcrypto's functions would be exported, and kept.
    DED_LD=/deps/toolchain/bin/x86_64-linux-musl-clang DED_LD_FLAG_RUNTIME_LIBRARY_PATH='-Wl,-rpath,'
    DED_LDFLAGS="-shared -Wl,-Bsymbolic -Wl,--exclude-libs,ALL $link"
  )
  ./configure "${options[@]}"
}

recipe_build() {
  local bin
  unpack erlang
  cd erlang || exit
  export ERL_TOP=$PWD
  printf '%s\n' "$otp_exported" >exported.list
  local exports="DEXPORT=-Wl,--dynamic-list=$PWD/exported.list"
  step 'configure'
  otp_configure
  step 'the JIT and the applications'
  make -j"$JOBS" "$exports"
  step 'the interpreter'
  make -j"$JOBS" "$exports" emulator FLAVOR=emu TYPE=opt OPT_LEVEL=-Os
  step 'release'
  make "$exports" release RELEASE_ROOT=/out/usr/lib/erlang
  bin=$(echo /out/usr/lib/erlang/erts-*/bin)
  install -m 755 bin/x86_64-pc-linux-musl/beam.emu "$bin/beam.emu.smp"
  # The name that `erl -emu_flavor emu` looks for.
  ln -s beam.emu.smp "$bin/beam.emu"
  cd /out/usr/lib/erlang || exit
  ./Install -cross -minimal /usr/lib/erlang
}
