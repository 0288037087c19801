/* Lets the thread sanitizer see Swift's Mutex.

   The fast paths of Synchronization.Mutex are compiled into the program and instrumented with it. The slow paths, taken
   when two threads meet, lie in libswiftSynchronization, which is not: the sanitizer then does not see the lock,
   and calls everything behind it a race. Loaded with LD_PRELOAD, this library stands before those two functions and
   tells the sanitizer what they do. Both are methods: their mutex comes in the context register of Swift's calling
   convention (docs/ABI/CallingConvention.rst of the Swift repository). */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT_METHOD __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex

typedef SWIFT_METHOD void (*lock_function)(uint32_t thread, SELF);
typedef SWIFT_METHOD void (*unlock_function)(SELF);

/* There in a program that is built with the sanitizer, and nowhere else. */
void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

static void *next(const char *symbol) {
    void *function = dlsym(RTLD_NEXT, symbol);
    if (!function) abort();
    return function;
}

SWIFT_METHOD void lock_slow(uint32_t thread, SELF) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT_METHOD void lock_slow(uint32_t thread, SELF) {
    static lock_function lock;
    if (!lock) lock = (lock_function)next("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
    lock(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT_METHOD void unlock_slow(SELF) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
SWIFT_METHOD void unlock_slow(SELF) {
    static unlock_function unlock;
    if (!unlock) unlock = (unlock_function)next("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
    if (__tsan_release) __tsan_release(mutex);
    unlock(mutex);
}
