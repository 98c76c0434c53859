// SPDX-License-Identifier: Apache-2.0
// See least.h.
#include "least.h"

namespace microbeam {

absl::StatusOr<int> least(int too_little, int enough,
                          absl::FunctionRef<absl::StatusOr<bool>(int)> works) {
  const int most = enough;
  while (enough - too_little > 1) {
    const int middle = too_little + (enough - too_little) / 2;
    const absl::StatusOr<bool> worked = works(middle);
    if (!worked.ok()) return worked.status();
    (*worked ? enough : too_little) = middle;
  }
  for (int seen = 1; seen < 3 && enough < most;) {
    const absl::StatusOr<bool> worked = works(enough);
    if (!worked.ok()) return worked.status();
    seen = *worked ? seen + 1 : 0;
    if (!*worked) ++enough;
  }
  return enough;
}

}  // namespace microbeam
