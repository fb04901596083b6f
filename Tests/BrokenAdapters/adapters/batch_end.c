/* SPDX-License-Identifier: Apache-2.0
 *
 * Marks the last event of each call.
 *
 * caught by: determinism.batching
 */
#include "base.h"

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  exprove_status status = base_decode(s, b);
  if (status != EXPROVE_OK) return status;
  if (b->events_filled > 0) b->events[b->events_filled - 1].flags |= EXPROVE_FLAG_CORRECTION;
  return status;
}
#define SLOT_DECODE decode
#include "entry.h"
