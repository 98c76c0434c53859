# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "debian": the smallest Debian that debootstrap makes, with systemd, with Debian's Erlang and Elixir,
# and with the sample as a service, on an ext4 disk: for an image that ours are measured against. Not in any
# image of ours.

recipe_sources=(debian fakeroot libfakeroot)
recipe_needs=()
recipe_inputs=(rootfs/apps/hello/mix.exs rootfs/apps/hello/lib rootfs/apps/hello/rel)
recipe_tools=(dpkg)

recipe_build() {
  local deb
  step 'unpacking'
  # /bin and others are links, which no package says.
  mkdir -p root/usr/{bin,sbin,lib,lib32,lib64,libx32} fakeroot
  ln -s usr/{bin,sbin,lib,lib32,lib64,libx32} root/
  for deb in /src/debian/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C root
  done
  for deb in /src/*fakeroot/*.deb; do
    dpkg-deb -x "$deb" fakeroot
  done
  # From here on in that Debian itself, as root, who owns whatever fakeroot says: in here there is one user.
  # /run is no part of the disk; in it /run/root is the root without what is mounted over it.
  bwrap --unshare-user --uid 0 --gid 0 --die-with-parent --bind root / --dev /dev --bind /proc /proc \
    --tmpfs /tmp --tmpfs /run --bind root /run/root --bind /out /run/out --ro-bind fakeroot /run/fakeroot \
    --ro-bind /src/debian /run/packages --ro-bind /repo/rootfs/apps/hello /run/hello --chdir / \
    --setenv PATH /usr/sbin:/usr/bin --setenv HOME /run --setenv LC_ALL C.UTF-8 \
    --setenv DEBIAN_FRONTEND noninteractive --setenv FAKEROOTDONTTRYCHOWN 1 \
    bash /run/fakeroot/usr/bin/fakeroot-sysv --faked /run/fakeroot/usr/bin/faked-sysv \
    --lib /run/fakeroot/usr/lib/x86_64-linux-gnu/libfakeroot/libfakeroot-sysv.so \
    bash -euo pipefail -c "$(declare -f step debian_install debian_settle debian_sample debian_disk)
      debian_install; debian_settle; debian_sample; debian_disk"
}

# debian_install   unpacks and configures the packages, as debootstrap does.
debian_install() {
  step 'installing'
  : >/var/lib/dpkg/status
  # The users come first, then everything at once.
  dpkg --force-unsafe-io --force-depends --install /run/packages/base-passwd_*.deb
  dpkg --force-unsafe-io --force-depends --unpack /run/packages/*.deb
  dpkg --force-unsafe-io --configure --pending
}

# debian_settle   gives it a name and an address.
debian_settle() {
  step 'settling'
  echo debian >/etc/hostname
  # Without the second line the emulator waits 5 s for a name server.
  printf '127.0.0.1 localhost\n10.0.2.15 debian\n' >/etc/hosts
  # LLDP is on by default and wants packet sockets, which the kernel has not got.
  printf '%s\n' '[Match]' 'Name=eth0' '' '[Network]' 'Address=10.0.2.15/24' 'Gateway=10.0.2.2' 'LLDP=no' \
    >/etc/systemd/network/10-eth0.network
  systemctl enable systemd-networkd
  # As of a machine that was booted before: the very first boot does more.
  rm /etc/machine-id
  echo 0123456789abcdef0123456789abcdef >/etc/machine-id
}

# debian_sample   makes the sample with Debian's Elixir, as `mix release` leaves it, and a service of it.
debian_sample() {
  step 'the sample'
  cp -r /run/hello /tmp/hello
  # Nothing but /info needs more than Debian's Erlang has (json).
  sed -i 's/~> 1.18/~> 1.14/' /tmp/hello/mix.exs
  (cd /tmp/hello && MIX_ENV=prod mix release --path /opt/hello)
  # Mix makes up a random one.
  printf 'debian' >/opt/hello/releases/COOKIE
  # Through the journal as is usual, and from there to the console, for the marks.
  printf '%s\n' '[Unit]' 'Description=The sample' 'After=network.target' '' \
    '[Service]' 'Type=exec' 'ExecStart=/opt/hello/bin/hello start' 'Environment=HOME=/root' \
    'StandardOutput=journal+console' '' \
    '[Install]' 'WantedBy=multi-user.target' >/etc/systemd/system/hello.service
  systemctl enable hello
}

# debian_disk   makes the disk: the same each time but for the order in which files lie on it and the times at
# which inodes were changed.
debian_disk() {
  step 'the disk'
  rm -rf /var/log/{apt,alternatives.log,dpkg.log} /var/cache/ldconfig/aux-cache
  # Nothing was installed since the last boot: as old as /usr.
  touch /etc/.updated /var/.updated
  find /run/root -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
  E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -q -t ext4 -d /run/root -L debian \
    -U 01234567-89ab-cdef-0123-456789abcdef \
    -E hash_seed=01234567-89ab-cdef-0123-456789abcdef,lazy_itable_init=0,lazy_journal_init=0 \
    /run/out/root.ext4 512M
}
