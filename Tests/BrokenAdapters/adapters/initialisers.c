/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs code when it is loaded.
 *
 * caught by: static.initialisers
 */
#include "base.h"

static int loaded;

__attribute__((constructor)) static void start(void) { loaded = 1; }
__attribute__((constructor)) static void go_on(void) { loaded++; }
#include "entry.h"
