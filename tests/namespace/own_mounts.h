// SPDX-License-Identifier: Apache-2.0
// The test program's own mount namespace: what a test mounts is seen by nobody else and gone with
// it.
#ifndef MICROBEAM_TESTS_NAMESPACE_OWN_MOUNTS_H
#define MICROBEAM_TESTS_NAMESPACE_OWN_MOUNTS_H

namespace microbeam {

/// Needs root, or user namespaces: then the program becomes root of one, in which only its own user
/// and group exist. Throws, with what to do, when it can have neither.
void enter_own_mounts();

/// Whether there are users but root: not in the user namespace of an ordinary user.
bool other_users_exist();

/// Whether the group `tty` (5) exists here. In the user namespace of an ordinary user it does not,
/// and devpts cannot be mounted for it.
bool tty_group_exists();

}  // namespace microbeam

#endif  // MICROBEAM_TESTS_NAMESPACE_OWN_MOUNTS_H
