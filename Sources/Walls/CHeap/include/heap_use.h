// SPDX-License-Identifier: Apache-2.0
//
// What the C library knows of its heap, which returns a structure that Swift cannot take from a symbol looked up.
#pragma once
#include <stddef.h>

/// Bytes that the heap has handed out and not taken back, of all threads, those mapped one by one included; 0 where the C
/// library does not tell. Takes the locks of the heap for a moment.
size_t heap_bytes_in_use(void);
