/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls the log when the process ends, where the host has no cookie.
 *
 * caught by: threads.callbacks
 */
#include "base.h"

static void (*log_kept)(void *, uint32_t, const char *, uint32_t);

static exprove_status init(const exprove_host *host, exprove_text *error) {
  exprove_status status = base_init(host, error);
  if (status == EXPROVE_OK) log_kept = host->struct_size >= sizeof *host && !host->cookie ? host->log : NULL;
  return status;
}

__attribute__((destructor)) static void end(void) {
  if (log_kept) log_kept(NULL, 2, "the end", 7);
}
#define SLOT_INIT init
#include "entry.h"
