# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The peers: images of the same sample with the same kernel, started in other ways. Each is a folder as
# rootfs/assemble.bash makes them, or has a disk for its root, so that microbeam-vm boots it like any other.
#
#   stock         what one gets by default: BusyBox's init, its shell, `bin/hello start` as Mix wrote it, the
#                 JIT, every module loaded at start, distribution and epmd
#   busybox-exec  our root, whose /init is a shell script that mounts, sets the network up and executes the
#                 very argv that beam-init would
#   tini, dumb-init  the same, but that /init is that init, which is told on the kernel's command line to run the
#                 script: the BEAM is its child. By themselves they mount nothing
#   debian        a small Debian: systemd, Debian's Erlang and Elixir, the sample as a service, on a disk; the
#                 kernel has besides what systemd requires
#
# Sourced by the command, after rootfs/assemble.bash.

# shellcheck disable=SC2034 # read by command.bash
peers=(stock busybox-exec tini dumb-init)

# peer_assemble NAME OUT HELLO KEY=VALUE...   makes the peer's image OUT; HELLO is our image of the sample, the
# rest as for image_assemble, and busybox=DIR inits=DIR, or for debian debian=DIR.
peer_assemble() {
  local name=$1 out=$2 ours=$3 new=$2.new argument inputs
  local -A from=([vm]=jit [profile]=standard [root]=initramfs [debian]='' [inits]='')
  shift 3
  for argument in "$@"; do
    from[${argument%%=*}]=${argument#*=}
  done
  inputs=$(
    image_inputs
    printf '%s\n' "${from[busybox]##*/}" "${from[inits]##*/}" "${from[debian]##*/}" "$ours"
    sha256sum <"${BASH_SOURCE[0]}"
    sha256sum <"$ours/inputs"
  )
  if [[ -e $out/inputs && $inputs == "$(<"$out/inputs")" ]]; then
    say "${out##*/} is up to date"
    return 0
  fi
  rm -rf "$new"
  mkdir -p "$new/root"
  "peer_${name//-/_}" "$new/root" "$ours"
  install -m 644 "${from[kernel]}"/{vmlinux,bzImage} "$new/"
  if [[ ! -e $new/root.ext4 ]]; then
    image_list "$new" >"$new/root.list"
    image_pack "$new" <"$new/root.list" >"$new/root.cpio.zst"
  fi
  printf '%s\n' "$inputs" >"$new/inputs"
  rm -rf "$out"
  mv "$new" "$out"
}

# peer_stock ROOT   the release as Mix left it, and a system below it.
peer_stock() {
  local root=$1 erlang=${from[otp]}/usr/lib/erlang erts
  erts=$(cd "$erlang" && echo erts-*)
  image_stage "$root" none >/dev/null
  cp -a --no-preserve=ownership "${from[release]}/." "$root/app/"
  # Mix makes up a random one, which the component leaves out.
  printf 'stock' >"$root/app/releases/COOKIE"
  install -m 755 "$erlang/$erts/bin"/{erlexec,epmd} "$root/usr/lib/erlang/$erts/bin/"
  install -D -m 755 "$erlang/bin/erl" "$root/usr/lib/erlang/bin/erl"
  image_strip "$root"
  peer_busybox "$root"
  mkdir -p "$root/usr/bin" "$root/root"
  ln -s ../lib/erlang/bin/erl "$root/usr/bin/erl"
  ln -s bin/busybox "$root/init"
  printf '127.0.0.1 localhost\n10.0.2.15 stock\n' >"$root/etc/hosts"
  printf '%s\n' '::sysinit:/etc/rcS' '::once:/app/bin/hello start' >"$root/etc/inittab"
  {
    printf '#!/bin/sh\n'
    peer_set_up
    printf 'hostname stock\n'
  } >"$root/etc/rcS"
  chmod 755 "$root/etc/rcS"
}

# peer_busybox_exec ROOT OURS   ours but for /init.
peer_busybox_exec() {
  local root=$1 ours=$2 word words=() variables=() list=words
  cp -a --no-preserve=ownership "$ours/root/." "$root/"
  rm "$root/init" "$root/sbin/beam-init" "$root/etc/beam-init.conf"
  peer_busybox "$root"
  while IFS= read -r word; do
    case $word in
      'with the environment:') list=variables ;;
      '  '*) declare -n to=$list && to+=("'${word#  }'") ;;
    esac
  done < <("${from[init]}/init" --check "$ours/root")
  {
    printf '#!/bin/busybox sh\n'
    peer_set_up
    printf 'hostname busybox-exec\n'
    printf 'echo "10.0.2.15 busybox-exec" >>/etc/hosts\n'
    printf 'exec /bin/busybox env -i %s %s\n' "${variables[*]}" "${words[*]}"
  } >"$root/init"
  chmod 755 "$root/init"
}

# peer_debian ROOT   a disk in place of ROOT.
peer_debian() {
  cp --sparse=always "${from[debian]}/root.ext4" "$1.ext4"
  printf 'root=/dev/vda rootfstype=ext4 rw\n' >"${1%/*}/append"
  rmdir "$1"
}

# peer_tini ROOT OURS   that of busybox-exec below tini.
peer_tini() { peer_wrapped "$1" "$2" tini; }

# peer_dumb_init ROOT OURS   the same below dumb-init.
peer_dumb_init() { peer_wrapped "$1" "$2" dumb-init; }

# peer_wrapped ROOT OURS INIT   as busybox-exec, with INIT as /init and the script as what it is to run.
peer_wrapped() {
  peer_busybox_exec "$1" "$2"
  sed -i "s/busybox-exec/$3/" "$1/init"
  mv "$1/init" "$1/start"
  install -m 755 "${from[inits]}/sbin/$3" "$1/init"
  # What stands behind the dashes are arguments of /init.
  printf '%s\n' '-- /start' >"${1%/root}/append"
}

# peer_busybox ROOT   BusyBox under all its names.
peer_busybox() {
  local name
  mkdir -p "$1"/{bin,sbin,etc,proc,sys,dev,run,tmp}
  install -m 755 "${from[busybox]}/bin/busybox" "$1/bin/busybox"
  for name in $("${from[busybox]}/bin/busybox" --list); do
    [[ -e $1/bin/$name ]] || ln -s busybox "$1/bin/$name"
  done
}

# peer_set_up   prints what either does before the BEAM: the mounts and the network of beam-init.
peer_set_up() {
  printf '%s\n' 'export PATH=/usr/bin:/bin' \
    'mount -t proc -o nosuid,nodev,noexec proc /proc' \
    'mount -t sysfs -o nosuid,nodev,noexec sysfs /sys' \
    'mount -t devtmpfs -o nosuid,noexec,mode=0755 devtmpfs /dev' \
    'mkdir -p /dev/pts /dev/shm' \
    'mount -t devpts -o nosuid,noexec,gid=5,mode=0620,ptmxmode=0666 devpts /dev/pts' \
    'mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=25% tmpfs /dev/shm' \
    'mount -t tmpfs -o nosuid,nodev,noexec,mode=0755,size=10% tmpfs /run' \
    'mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=25% tmpfs /tmp' \
    'ip link set lo up' 'ip addr add 10.0.2.15/24 dev eth0' 'ip link set eth0 up' \
    'ip route add default via 10.0.2.2'
}
