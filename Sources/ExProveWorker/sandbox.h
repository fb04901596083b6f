/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker gives up before and after it runs a stranger's code. Each function says what was reached; nothing is
 * taken back.
 */
#ifndef EXPROVE_WORKER_SANDBOX_H
#define EXPROVE_WORKER_SANDBOX_H

#include <stdint.h>

/* prctl(2), PR_SET_NO_NEW_PRIVS. 1 when it holds. */
uint32_t sandbox_no_new_privileges(void);

/* setrlimit(2): address space of `memory` bytes more than now, no files larger than nothing, no core, few descriptors.
 * 1 when all hold. */
uint32_t sandbox_limits(uint64_t memory);

/* Landlock with no rule at all: no file can be opened, no port be used. The ABI reached, 0 where the kernel has none. */
uint32_t sandbox_landlock(void);

typedef enum sandbox_stage {
  SANDBOX_LOADING = 1, /* what the dynamic loader does: open to read, map, protect */
  SANDBOX_RUNNING = 2  /* memory without code, locks, the end of the process */
} sandbox_stage;

/* seccomp(2): every other system call raises SIGSYS. The stage reached, 0 where the kernel has no filters. */
uint32_t sandbox_filter(sandbox_stage stage, uint32_t needs);

#endif
