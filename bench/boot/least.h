// SPDX-License-Identifier: Apache-2.0
// The least number with which something works.
#ifndef MICROBEAM_BENCH_BOOT_LEAST_H
#define MICROBEAM_BENCH_BOOT_LEAST_H

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

namespace microbeam {

// Between `too_little`, with which it does not work, and `enough`, with which it does: the number
// below what is returned was seen to fail, and the number itself to work three times, unless it is
// `enough`. What works only now and then, as things do just where they begin to, is no answer.
// Fails when `works` does.
absl::StatusOr<int> least(int too_little, int enough,
                          absl::FunctionRef<absl::StatusOr<bool>(int)> works);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_LEAST_H
