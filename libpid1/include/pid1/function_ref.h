// SPDX-License-Identifier: Apache-2.0
// What a call is to do with each thing it finds, without a heap and without a template of its own.
#ifndef PID1_FUNCTION_REF_H
#define PID1_FUNCTION_REF_H

#include <concepts>
#include <memory>
#include <type_traits>

namespace pid1 {

template <class Signature>
class FunctionRef;

/// Refers to something that can be called, which must outlive it: a parameter, never a member. Two
/// words, copied freely. std::function_ref of C++26 in small; here, and not taken from Abseil, so
/// that these headers need no others.
template <class R, class... Arguments>
class FunctionRef<R(Arguments...)> {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, FunctionRef> &&
             std::is_object_v<std::remove_reference_t<F>> &&
             std::is_invocable_r_v<R, F&, Arguments...>)
  // NOLINTNEXTLINE(google-explicit-constructor, bugprone-forwarding-reference-overload): a lambda
  constexpr FunctionRef(F&& callable)
      : callable_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* target, Arguments... arguments) -> R {
          return static_cast<R>((*static_cast<std::remove_reference_t<F>*>(target))(arguments...));
        }) {}

  R operator()(Arguments... arguments) const { return call_(callable_, arguments...); }

 private:
  void* callable_;
  R (*call_)(void*, Arguments...);
};

}  // namespace pid1

#endif  // PID1_FUNCTION_REF_H
