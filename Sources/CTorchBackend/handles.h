// A ct_tensor is an owned at::TensorImpl.
#pragma once
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "ctorch.h"

namespace braid {

inline at::Tensor borrow(ct_tensor handle) {
    TORCH_CHECK(handle != nullptr, "a tensor is missing");
    auto *impl = reinterpret_cast<c10::TensorImpl *>(handle);
    return at::Tensor(c10::intrusive_ptr<c10::TensorImpl>::reclaim_copy(impl));
}

/// A new reference; NULL for an undefined tensor.
inline ct_tensor give(at::Tensor tensor) {
    if (!tensor.defined()) return nullptr;
    return reinterpret_cast<ct_tensor>(tensor.unsafeReleaseIntrusivePtr().release());
}

/// What the calling thread draws from.
at::Generator generator();

}  // namespace braid
