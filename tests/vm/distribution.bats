#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# Two machines on one network: their nodes see each other, without epmd, with the cookie of a file.

load helper
load matrix

setup_file() {
  matrix_setup mix
  cd "$BATS_FILE_TMPDIR/mix" || return
  printf 'a-secret\n' >cookie
  { cat root.list; printf 'file /etc/cookie cookie 0400 0 0\n'; } >with-cookie.list
  "${from[kernel]}/gen_init_cpio" - <with-cookie.list | zstd --quiet -1 -o with-cookie.cpio.zst
}

# machine NAME ADDRESS WAY LINK [PARAMETER...]   starts one, its second network device at the end LINK of a
# cable; its process is $!.
machine() {
  local name=$1 address=$2 way=$3 link=$4 qemu=$BATS_TEST_TMPDIR/qemu-$1
  shift 4
  cat >"$qemu" <<SCRIPT
#!/bin/sh
exec qemu-system-x86_64 "\$@" -netdev socket,id=cable,$link \
  -device virtio-net-device,netdev=cable,mac=52:54:00:00:00:0${address##*.},bus=virtio-mmio-bus.7
SCRIPT
  chmod 755 "$qemu"
  "$MICROBEAM_VM" --mode=run --accel=tcg --timeout=90 --qemu="$qemu" --kernel="$matrix_kernel" --image="$name" \
    --initrd="$BATS_FILE_TMPDIR/mix/with-cookie.cpio.zst" --console_log="$BATS_TEST_TMPDIR/$name.console" \
    --append="virtio_mmio.device=512@0xfeb00e00:12 beam.net=eth1,$address/24 beam.dist=long beam.node=$name@$address \
beam.cookie=/etc/cookie beam.env.PORT=8081 $* -- -pa /matrix -s matrix run $way" >"$BATS_TEST_TMPDIR/$name.out" 2>&1 3>&- &
}

# free_port   prints a port of 127.0.0.1 that nobody has.
free_port() {
  local port
  for port in $(shuf -i 20000-60000 -n 50); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s\n' "$port"
      return 0
    fi
  done
  return 1
}

@test "Node.connect between two machines, without epmd; no cookie in an argv, or in a log" {
  local port first second status=0
  port=$(free_port)
  machine one 10.9.0.1 host "listen=127.0.0.1:$port"
  first=$!
  sleep 1
  machine two 10.9.0.2 connect "connect=127.0.0.1:$port" beam.env.PEER=one@10.9.0.1
  second=$!
  wait "$second" || status=$?
  output=$(cat "$BATS_TEST_TMPDIR"/{one,two}.console)
  [[ $status -eq 0 ]] || { kill "$first"; echo "$output"; return 1; }
  wait "$first" || status=$?
  says 'matrix: connected to one@10.9.0.1' 'beam-init: the end: poweroff 0'
  [[ $status -eq 0 && $output != *a-secret* && $output != *epmd* ]]
}
