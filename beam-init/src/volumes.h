// SPDX-License-Identifier: Apache-2.0
// The file systems of `beam.mount=`.
#ifndef BEAM_INIT_VOLUMES_H
#define BEAM_INIT_VOLUMES_H

#include "build.h"
#include "failure.h"
#include "settings.h"
#include "user.h"

namespace beam_init {

/// Waits up to beam.device_wait= for something to be at `path`; false: nothing came.
bool wait_for_device(const Settings& settings, const char* path);

/// Mounts them in order, nosuid and nodev whatever the options. Of ext4 it says first in which
/// state the file system is. Their top directories become the user's, but for those that are
/// read-only. `any`: one is mounted.
Outcome mount_volumes(const Settings& settings, const User& user, Draft& draft, Warn warn,
                      bool& any);

}  // namespace beam_init

#endif  // BEAM_INIT_VOLUMES_H
