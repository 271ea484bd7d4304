// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "heap_use.h"
#include <dlfcn.h>

// As in malloc.h of the GNU C library since 2.33. Looked up, because a program that links it would not start with an
// older one.
struct heap_counts {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};

size_t heap_bytes_in_use(void) {
    static struct heap_counts (*count)(void);
    if (!count) count = (struct heap_counts(*)(void))dlsym(RTLD_DEFAULT, "mallinfo2");
    if (!count) return 0;
    struct heap_counts counts = count();
    return counts.uordblks + counts.hblkhd;
}
