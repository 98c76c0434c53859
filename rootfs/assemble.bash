# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Makes an image: from the components and a release to build/images/NAME/. See README.md here.
#
# Sourced by the command, after scripts/lib/component.bash. Nothing in here builds a component.

# shellcheck source=manifest.bash
source "${BASH_SOURCE[0]%/*}/manifest.bash"

# The one time stamp of an image: every file in it has this, and no machine's clock shows.
image_epoch=1735689600

# image_assemble OUT KEY=VALUE...
# Makes the image directory OUT, or leaves it alone if it was made from these very inputs:
#   release=DIR|none          the release, as Mix, relx or systools left it; none: an ERTS alone
#   vm=emu|jit                which emulator goes in
#   profile=standard|small|fast   how the root is packed: compressed, compressed as far as it goes, as it is
#   root=initramfs|squashfs   as what: an archive that is unpacked into memory, or a disk
#   modules=FILE              what a boot of this release has loaded, to be loaded first (optional)
#   prune=yes                 leave out what nothing reaches, and what compiles (optional)
#   keep=MODULE,...           but not these (optional)
#   otp= pid1= toolchain= kernel= init=DIR   the components
# What is in OUT afterwards: README.md. A failure leaves OUT as it was and dies or returns non-zero.
image_assemble() {
  local out=$1 new=$1.new argument inputs mask
  local -A from=()
  shift
  for argument in "$@"; do
    from[${argument%%=*}]=${argument#*=}
  done
  if [[ ${from[release]} != none ]]; then
    [[ -d ${from[release]} ]] || die "there is no release directory ${from[release]}." \
      "Make one with: MIX_ENV=prod mix release"
    from[release]=$(cd "${from[release]}" && pwd)
  fi
  inputs=$(image_inputs)
  if [[ -e $out/inputs && $inputs == "$(<"$out/inputs")" ]]; then
    say "${out##*/} is up to date"
    return 0
  fi
  # The caller's must not show in the image.
  mask=$(umask)
  umask 022
  rm -rf "$new"
  mkdir -p "$new/root"
  image_stage "$new/root" >"$new/apps"
  image_prune "$new/root" >"$new/pruned"
  image_strip "$new/root"
  image_check "$new/root"
  image_prepare "$new/root"
  image_system "$new/root" "$new/apps"
  image_list "$new" >"$new/root.list"
  install -m 644 "${from[kernel]}"/{vmlinux,bzImage} "$new/"
  image_make_root "$new" &
  image_parts "$new" >"$new/parts"
  wait "$!"
  image_manifest "$new" >"$new/manifest.json"
  printf '%s\n' "$inputs" >"$new/inputs"
  rm -rf "$out" "$new"/{apps,parts,order}
  mv "$new" "$out"
  umask "$mask"
}

# image_inputs   prints everything that decides what the image will be. A component's directory has
# in its name the hash of what made it; a release has not, so its files are read.
image_inputs() {
  local key
  for key in vm profile root otp pid1 toolchain kernel init; do
    printf '%s %s\n' "$key" "${from[$key]##*/}"
  done
  [[ -z ${from[modules]:-} ]] || printf 'modules %s\n' "$(sha256sum <"${from[modules]}")"
  [[ -z ${from[prune]:-} ]] || printf 'prune %s\n' "${from[keep]:-}"
  printf 'assembly %s\n' \
    "$(cd "${BASH_SOURCE[0]%/*}" && cat assemble.bash manifest.bash ./*.escript | sha256sum)"
  if [[ ${from[release]} == none ]]; then
    printf 'release none\n'
    return
  fi
  printf 'release %s\n' "$(cd "${from[release]}" && find -L . -type f -printf 'mode %m %p\n' \
    -exec sha256sum -- {} + | LC_ALL=C sort | sha256sum)"
}

# image_stage ROOT [none]   puts the release, its OTP and the C library below ROOT, and the application pid1
# unless there is to be none; prints what stage_release.escript prints.
image_stage() {
  local root=$1 pid1=${2:-} otp=${from[otp]}/usr/lib/erlang emulator=beam.smp erts
  [[ -n $pid1 ]] || pid1=$(echo "${from[pid1]}"/pid1-*)
  image_escript "$root" stage_release.escript "$otp" "${from[release]}" "$root" "$pid1" "${from[vm]}" \
    ${from[modules]:+"${from[modules]}"}
  [[ ${from[vm]} == jit ]] || emulator=beam.emu.smp
  erts=$(cd "$otp" && echo erts-*)
  # Under the one name that /init starts, with the two programs that it starts itself.
  install -D -m 755 "$otp/$erts/bin/$emulator" "$root/usr/lib/erlang/$erts/bin/beam.smp"
  install -m 755 "$otp/$erts/bin"/{erl_child_setup,inet_gethost} "$root/usr/lib/erlang/$erts/bin/"
  install -D -m 755 -t "$root/lib" "${from[toolchain]}/sysroot/lib/ld-musl-x86_64.so.1"
}

# image_prune ROOT   leaves out what is not needed, if that was asked for; prints each module and its bytes.
image_prune() {
  local keep=${from[keep]:-}
  [[ -n ${from[prune]:-} ]] || return 0
  # shellcheck disable=SC2086 # names with commas between them
  image_escript "$1" prune.escript "$1" ${keep//,/ }
}

# Where the image has its prepared code.
image_prepared=/usr/lib/erlang/prepared.code

# image_is_prepared   whether the image has prepared code: the interpreter's, where bytes are not what counts most.
image_is_prepared() { [[ ${from[vm]} == emu && ${from[profile]} != small ]]; }

# image_prepare ROOT   writes what the interpreter's loader makes of the modules that a boot loads. Twice, by
# emulators at different addresses: were the two not the same, something in it would be true of one machine only.
image_prepare() {
  local file=$1$image_prepared number
  image_is_prepared || return 0
  local -a image_emulator=(-emu_flavor emu)
  image_escript "$1" prepare.escript atoms "$1" "$file.atoms"
  image_emulator+=("+zcode$file.atoms")
  for number in 1 2; do
    image_escript "$1" prepare.escript code "$1" "$file.$number"
  done
  cmp "$file.1" "$file.2" || die "the prepared code of two emulators is not the same. This is a mistake in" \
    "rootfs/patches/otp/prepared_code.c; --profile small does without"
  mv "$file.1" "$file"
  chmod 644 "$file"
  rm "$file".{atoms,2}
}

# image_escript ROOT SCRIPT ARGS...   runs an escript of this folder with the OTP component, with the flags that
# the caller has in image_emulator. It runs nowhere but where musl is: in a sandbox, where only ROOT can be
# written to. Everything is seen where it is: at a place of the sandbox's own, ROOT could hide a release that
# lies below the same path. A host name that no file has costs the emulator five seconds at its start: it asks
# for it, and nobody answers.
image_escript() {
  local root=$1 script erlang=${from[otp]}/usr/lib/erlang erts boot
  local -a shown=()
  [[ ${from[release]} == none ]] || shown=(--ro-bind "${from[release]}" "${from[release]}")
  [[ -z ${from[modules]:-} ]] || shown+=(--ro-bind "${from[modules]}" "${from[modules]}")
  script=$(readlink -f "${BASH_SOURCE[0]%/*}/$2")
  shift 2
  erts=$(cd "$erlang" && echo erts-*)
  boot=$(cd "$erlang" && echo releases/*/no_dot_erlang.boot)
  timeout --foreground --kill-after=10 600 bwrap --unshare-all --die-with-parent --new-session \
    --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib64 /lib64 --dir /lib \
    --symlink /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu \
    --symlink "${from[toolchain]}/sysroot/lib/ld-musl-x86_64.so.1" /lib/ld-musl-x86_64.so.1 \
    --proc /proc --dev /dev --tmpfs /tmp --hostname localhost --ro-bind-data 9 /etc/hosts \
    --ro-bind "${from[toolchain]}" "${from[toolchain]}" --ro-bind "${from[otp]}" "${from[otp]}" \
    --ro-bind "${from[pid1]}" "${from[pid1]}" --ro-bind "$script" "$script" "${shown[@]}" \
    --bind "$root" "$root" --chdir / \
    --clearenv --setenv PATH /usr/bin --setenv HOME /tmp --setenv LC_ALL C.UTF-8 --setenv TZ UTC \
    --setenv ROOTDIR "$erlang" --setenv BINDIR "$erlang/$erts/bin" --setenv EMU beam \
    --setenv PROGNAME erl --setenv ERL_CRASH_DUMP_SECONDS 0 \
    "$erlang/$erts/bin/erlexec" ${image_emulator[@]+"${image_emulator[@]}"} -boot "$erlang/${boot%.boot}" -noshell \
    -run escript start -extra "$script" "$@" 9<<<'127.0.0.1 localhost'
}

# image_elf DIR   prints the ELF files below DIR, each ended by a NUL.
image_elf() {
  local file magic
  while IFS= read -r -d '' file; do
    magic=$(head -c 4 "$file" | tr -d '\0')
    if [[ $magic == $'\x7fELF' ]]; then
      printf '%s\0' "$file"
    fi
  done < <(find "$1" -type f ! -name '*.beam' -print0)
}

# image_strip ROOT   takes the symbols out of every program and library.
image_strip() {
  image_elf "$1" | xargs -0 llvm-strip-19 --strip-all --remove-section=.comment
}

# image_check ROOT   dies if a program or library needs a C library that is not musl, or a shared
# library that is nowhere in the root. musl's loader takes every name that begins like libc, libm,
# libpthread ... for itself, so what was built for another libc fails late and strangely.
image_check() {
  local file need
  while IFS= read -r -d '' file; do
    while read -r need; do
      case $need in
        libc.so.6 | ld-linux*)
          die "${file#"$1/"} was built for glibc (it needs $need), the image has musl." \
            "Build that dependency for musl: with zig cc, or in an Alpine container"
          ;;
        libc.so | libc.musl-* | ld-musl-*) ;;
        *)
          [[ -n $(find "$1" -name "$need" -print -quit) ]] ||
            die "${file#"$1/"} needs the library $need, which is not in the image." \
              "Link it statically, or put it beside the file and link with -Wl,-rpath,'\$ORIGIN'"
          ;;
      esac
    done < <(llvm-readelf-19 --needed-libs "$file" | sed -n 's/^ \+\([^][ ]\+\)$/\1/p')
  done < <(image_elf "$1")
}

# image_system ROOT APPS   adds /init, /etc, the mount points.
image_system() {
  local root=$1 apps=$2 otp
  otp=$(awk -F '\t' '$1 == "otp" { print $2 }' "$apps")
  mkdir -p "$root"/{sbin,etc,proc,sys,dev,run,tmp}
  chmod 1777 "$root/tmp"
  install -m 755 "${from[init]}/init" "$root/init"
  ln -s ../init "$root/sbin/beam-init"
  # beam is whom the BEAM runs as; its home is made at boot.
  printf '%s\n' >"$root/etc/passwd" 'root:x:0:0:root:/root:/sbin/nologin' \
    'beam:x:1000:1000:BEAM:/run/beam:/sbin/nologin' 'nobody:x:65534:65534:nobody:/:/sbin/nologin'
  printf '%s\n' >"$root/etc/group" root:x:0: beam:x:1000: nobody:x:65534:
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
  # Where the root is read-only /init can only cover what is there.
  : >"$root/etc/resolv.conf"
  printf 'NAME=MicroBEAM\nID=microbeam\nPRETTY_NAME="MicroBEAM, Erlang/OTP %s"\n' "$otp" \
    >"$root/etc/os-release"
  image_settings >"$root/etc/beam-init.conf"
}

# image_settings   prints /etc/beam-init.conf: what /init gives every release unless told otherwise.
image_settings() {
  local -a flags=(
    # The process and the port table are allocated whole at start: the defaults (a million of each,
    # nearly) cost 17 MB. A release that wants more says so in its vm.args, which comes later.
    +P 65536 +Q 16384
    # A process begins with 8 KB of heap instead of 2: what handles a request grows to that at once, and each
    # growth is a collection: 7 % of what a new connection costs the JIT, and 2 % of what a boot costs.
    +hms 987
    # Two threads for blocking file operations instead of ten.
    +SDio 2
    # An idle scheduler sleeps instead of spinning: a virtual CPU is shared with its neighbours.
    +sbwt none +sbwtdcpu none +sbwtdio none
    # Ctrl-Alt-Del is SIGINT to PID 1, and nobody is there to answer the menu that would come.
    +Bi
  )
  # In one word, for beam-init, as erlexec, does not know that the flag has a value.
  ! image_is_prepared || flags+=("+zcode$image_prepared")
  printf '%s\n' '# Defaults of this image; a kernel argument beam.KEY=VALUE overrides KEY.'
  # Nobody is root in there but /init; bind and reboot are the capabilities that are left.
  printf '%s\n' 'user=beam'
  # Loads modules when they are first called, not all of them at start.
  printf '%s\n' 'env.RELEASE_MODE=interactive'
  printf 'env.ERL_AFLAGS=%s\n' "${flags[*]}"
  printf '%s\n' 'env.ERL_INETRC=/etc/erl_inetrc'
  # The root is memory: a crash dump would take what is left of it.
  printf '%s\n' 'env.ERL_CRASH_DUMP_SECONDS=0'
}

# image_list DIR   sets the times of everything in DIR/root and prints the list that makes the
# archive, for gen_init_cpio run in DIR: parents before children, owner 0:0, and the two device
# nodes that the kernel and the emulator want before anything is mounted on /dev.
image_list() {
  local odd
  odd=$(find "$1/root" -name '*[[:space:]]*' -print -quit)
  [[ -z $odd ]] || die "a file name with white space cannot be in the image: ${odd#"$1/root"}"
  find "$1/root" -depth -exec touch --no-dereference --date="@$image_epoch" -- {} +
  {
    (cd "$1/root" && find . -mindepth 1 \( -type d -printf 'dir /%P 0%m 0 0\n' \) -o \
      \( -type f -printf 'file /%P root/%P 0%m 0 0\n' \) -o \
      \( -type l -printf 'slink /%P %l 0777 0 0\n' \))
    printf '%s\n' 'nod /dev/console 0600 0 0 c 5 1' 'nod /dev/null 0666 0 0 c 1 3'
  } | LC_ALL=C sort -k 2,2
}

# image_root   prints the name of the file that is the root: root.cpio.zst, of the other profiles root.cpio.xz and
# root.cpio; or root.squashfs.
image_root() {
  case ${from[root]}-${from[profile]} in
    squashfs-*) printf 'root.squashfs\n' ;;
    *-fast) printf 'root.cpio\n' ;;
    *-small) printf 'root.cpio.xz\n' ;;
    *) printf 'root.cpio.zst\n' ;;
  esac
}

# image_make_root DIR   makes that file of DIR/root and DIR/root.list.
image_make_root() {
  if [[ ${from[root]} == squashfs ]]; then
    image_squash "$1"
  else
    image_pack "$1" <"$1/root.list" >"$1/$(image_root)"
  fi
}

# image_first DIR   prints the files below DIR/root in the order in which a boot reads them, a line each.
image_first() {
  {
    printf '%s\n' init lib/ld-musl-x86_64.so.1
    (cd "$1/root" && printf '%s\n' usr/lib/erlang/erts-*/bin/{beam.smp,erl_child_setup})
    printf '%s\n' "${image_prepared#/}"
    awk -F '\t' '$1 == "first" { print $2 }' "$1/apps"
  } | while IFS= read -r file; do
    [[ ! -e $1/root/$file ]] || printf '%s\n' "$file"
  done
}

# image_squash DIR   makes DIR/root.squashfs. The larger a block, the smaller the whole, and the more is read and
# unpacked for a file that is read in part. Small files share blocks, and the kernel keeps one of those unpacked:
# in the order of the alphabet each module that a boot loads is another block to unpack. One processor, for the
# order of the blocks is that in which they are done.
image_squash() {
  local -a pack=(-comp zstd -Xcompression-level 22 -b 128K)
  # Nothing is compressed: what is read is copied from the disk to where it belongs.
  [[ ${from[profile]} != fast ]] || pack=(-comp zstd -noI -noId -noD -noF -noX -b 128K)
  # A file that is not named has priority 0.
  image_first "$1" | awk 'NR < 32767 { print $0, 32767 - NR }' >"$1/order"
  (cd "$1" && mksquashfs root root.squashfs -sort order -noappend -no-progress -quiet -processors 1 -no-xattrs \
    -no-exports -all-root -root-mode 755 -mkfs-time "$image_epoch" -all-time "$image_epoch" "${pack[@]}" \
    -p 'dev/console c 600 0 0 5 1' -p 'dev/null c 666 0 0 1 3')
}

# image_pack DIR <LIST   writes the archive of what LIST names, found in DIR, compressed as the profile asks.
# One thread: what several make depends on their number. The kernel keeps the window in memory beside
# the archive and the files: 4 MiB (1 % larger than with 8) let a machine of 48 MiB unpack it.
image_pack() {
  local pack=(zstd --quiet --single-thread -19 --zstd=wlog=22 --no-check -)
  case ${from[profile]} in
    # A ninth smaller, and six times the instructions. CRC32 is what the kernel's decompressor knows.
    small) pack=(xz --threads=1 --check=crc32 --x86 '--lzma2=preset=9e,dict=4MiB') ;;
    fast) pack=(cat) ;;
  esac
  (cd "$1" && "${from[kernel]}/gen_init_cpio" -t "$image_epoch" -) | "${pack[@]}"
}
