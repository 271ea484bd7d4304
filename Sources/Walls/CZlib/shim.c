// SPDX-License-Identifier: Apache-2.0
#include "slipway_zlib.h"
