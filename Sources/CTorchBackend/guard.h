// How C++ exceptions become statuses.
#pragma once
#include <c10/util/Exception.h>

#include <exception>
#include <string>

#include "ctorch.h"

namespace braid {

/// The thread's last message, read by ct_last_error.
std::string &last_error() noexcept;

/// Runs `body`; whatever it throws becomes status 1 and a message.
template <typename Body>
int guard(Body &&body) noexcept {
    try {
        body();
        return 0;
    } catch (const c10::Error &error) {
        last_error() = error.what_without_backtrace();
    } catch (const std::exception &error) {
        last_error() = error.what();
    } catch (...) {
        last_error() = "an exception of unknown type";
    }
    return 1;
}

}  // namespace braid
