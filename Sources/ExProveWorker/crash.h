/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes down why the process ends, before it does.
 */
#ifndef EXPROVE_WORKER_CRASH_H
#define EXPROVE_WORKER_CRASH_H

#include <stdint.h>

#include "worker_link.h"

/* Handlers for all that a crash or a stopped system call raises, on a stack of their own. 1 when they stand. */
int crash_watch(worker_answers *answers);

/* Where the adapter's code begins and ends, so that a place in it can be told from all others. */
void crash_adapter(uint64_t start, uint64_t end);

#endif
