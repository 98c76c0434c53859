# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "otp": Erlang/OTP on musl, in usr/lib/erlang, with both emulators: beam.smp (the JIT)
# and beam.emu.smp (the interpreter). Binaries keep their symbols; the image strips them.

recipe_sources=(erlang)
recipe_needs=(toolchain openssl)
recipe_inputs=(rootfs/patches/otp)
recipe_tools=(perl)

# Applications without a place in a release on this machine: graphics, Java, ODBC, tools of
# developers. What is left is what Elixir needs and what a release may ask for.
otp_left_out=(
  common_test debugger dialyzer diameter edoc et eunit jinterface megaco observer
  odbc reltool wx
)

# Only the interfaces for NIFs and drivers are exported, and the hook of otp_exit_hook: thousands of
# names fewer, and what nothing calls can be dropped.
otp_exported='{ enif_*; driver_*; erl_drv_*; erl_errno_id; add_driver_entry; remove_driver_entry;
erts_exit_hook; };'

# The NIF of beam-init/otp has to end the machine where the emulator would end PID 1, knowing the
# exit status. A NIF's on-halt callback is told none, comes before ports have written what they hold,
# and not at all when the kernel application fails or a halt does not flush, since those end by
# _exit(2). So each way out but abort(3) calls a function, if a NIF has set one.
otp_exit_hook() {
  local file=erts/emulator/beam/erl_init.c leave
  leave='void (*erts_exit_hook)(int status);\n\n'
  leave+='static __decl_noreturn void __noreturn erts_leave(int status, int flush)\n{\n'
  leave+='    if (erts_exit_hook)\n\terts_exit_hook(status);\n'
  leave+='    if (flush)\n\texit(status);\n    _exit (status);\n}\n'
  sed -i -e "s/^static int erts_exit_code;/$leave\n&/" \
    -e 's/(void) (flush ? exit(\(.\)) : _exit(\1));/erts_leave(\1, flush);/' \
    -e 's/ERTS_EXIT_AFTER_DUMP(1);/erts_leave(1, 0);/' \
    -e 's/^    _exit(\(ERTS_HALT_FLUSH_TIMEOUT_EXIT_CODE\));/    erts_leave(\1, 0);/' "$file"
  if (($(grep -c 'erts_leave(' "$file") != 5)) || grep -q '[^a-z]_exit(' "$file"; then
    echo "$file has changed: where does the emulator leave?" >&2
    return 1
  fi
}

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
  otp_exit_hook
  cat /repo/rootfs/patches/otp/*.patch | patch -p1 --fuzz=0
  cp /repo/rootfs/patches/otp/unicode_util.erl lib/stdlib/src/
  cp /repo/rootfs/patches/otp/prepared_code.c erts/emulator/beam/emu/
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
