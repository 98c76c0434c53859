// SPDX-License-Identifier: Apache-2.0
// Leaves a thousand processes behind, each of which dies only when its parent, the one that could have
// waited for it, is gone.
#include <unistd.h>

int main(void) {
  for (int i = 0; i < 1000; ++i) {
    int gone[2];
    pid_t child;
    if (pipe(gone) != 0 || (child = fork()) < 0) return 1;
    if (child == 0) {
      if (fork() != 0) _exit(0);
      close(gone[1]);
      char byte;
      // Its end comes when nobody holds the other side: not before both parents have let go.
      (void)!read(gone[0], &byte, 1);
      _exit(0);
    }
    close(gone[0]);
    close(gone[1]);
  }
  return 0;
}
