// SPDX-License-Identifier: Apache-2.0
//
// zlib's streams, for gzip and deflate bodies. The macros that start a stream cannot be called from Swift.
#pragma once
#include <zlib.h>

/// Starts `stream` for writing: gzip when `gzip` is not 0, else the zlib format that HTTP calls deflate.
static inline int slipway_deflate_start(z_stream *stream, int level, int gzip) {
    return deflateInit2(stream, level, Z_DEFLATED, gzip ? 15 + 16 : 15, 8, Z_DEFAULT_STRATEGY);
}

/// Starts `stream` for reading gzip or zlib, whichever its first bytes say.
static inline int slipway_inflate_start(z_stream *stream) {
    return inflateInit2(stream, 15 + 32);
}

/// Starts `stream` for reading bare deflate, which some clients send under the name deflate.
static inline int slipway_inflate_start_bare(z_stream *stream) {
    return inflateInit2(stream, -15);
}
