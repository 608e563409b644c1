// Tells the thread sanitizer of Swift's Mutex, which it cannot see: where two threads meet at one, the lock is taken and given back in the standard library, which
// is not instrumented, and what it guards looks like a race. scripts/sanitize.sh loads this in front of the library; both functions then do what they did.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// What the sanitizer's runtime has; a process without it, such as a shell in between, has neither.
extern void AnnotateHappensBefore(const char *file, int line, const volatile void *address) __attribute__((weak));
extern void AnnotateHappensAfter(const char *file, int line, const volatile void *address) __attribute__((weak));

// Of `_MutexHandle`: `_lockSlow(_: UInt32)` and `_unlockSlow()`, in Swift's calling convention.
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *
typedef SWIFT void (*lock_function)(uint32_t, SELF);
typedef SWIFT void (*unlock_function)(SELF);

SWIFT void lock_slow(uint32_t thread, SELF mutex) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, SELF mutex) {
    ((lock_function)dlsym(RTLD_NEXT, LOCK))(thread, mutex);
    if (AnnotateHappensAfter) AnnotateHappensAfter(__FILE__, __LINE__, mutex);
}

SWIFT void unlock_slow(SELF mutex) __asm__(UNLOCK);
SWIFT void unlock_slow(SELF mutex) {
    if (AnnotateHappensBefore) AnnotateHappensBefore(__FILE__, __LINE__, mutex);
    ((unlock_function)dlsym(RTLD_NEXT, UNLOCK))(mutex);
}
