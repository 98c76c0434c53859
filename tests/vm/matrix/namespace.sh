#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# namespace.sh ROOT COPY CMDLINE   in fresh namespaces, as their process 1: becomes /init in COPY of ROOT, with
# this terminal as console and the text of the file CMDLINE as the kernel's command line.
set -euo pipefail
terminal=$(tty)
root=$2
mount --make-rprivate /
# A copy: read-only is made of the file system, not of one mount of it.
mkdir -p "$root"
mount -t tmpfs -o mode=0755 root "$root"
cp -a "$1/." "$root/"
mount -t tmpfs -o mode=0755 dev "$root/dev"
for node in null console kmsg; do
  : >"$root/dev/$node"
done
mount --bind /dev/null "$root/dev/null"
mount --bind "$terminal" "$root/dev/console"
mount -t proc proc "$root/proc"
mount --bind "$3" "$root/proc/cmdline"
exec chroot "$root" /init
