/* SPDX-License-Identifier: Apache-2.0
 *
 * Maps memory for each session and leaves it mapped.
 *
 * caught by: memory.mappings
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include "base.h"

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  exprove_status status = base_create(config, session, error);
  if (status == EXPROVE_OK) (void)!mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return status;
}
#define SLOT_CREATE create
#include "entry.h"
