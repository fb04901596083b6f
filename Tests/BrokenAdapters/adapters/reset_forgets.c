/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps its counters when it is reset.
 *
 * caught by: lifecycle.reset
 */
#include "base.h"

static exprove_status reset(exprove_session *s) {
  uint64_t counters[MESSAGES];
  memcpy(counters, s->counters, sizeof counters);
  base_reset(s);
  memcpy(s->counters, counters, sizeof counters);
  return EXPROVE_OK;
}
#define SLOT_RESET reset
#include "entry.h"
