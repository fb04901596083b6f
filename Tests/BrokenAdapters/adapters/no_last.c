/* SPDX-License-Identifier: Apache-2.0
 *
 * Forgets to end a group.
 *
 * caught by: events.contract
 */
#include "base.h"

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  exprove_status status = base_decode(s, b);
  if (status != EXPROVE_OK) return status;
  for (uint32_t i = 0; i < b->events_filled; i++)
    if (b->events[i].kind == EXPROVE_KIND_QUOTE) b->events[i].flags &= (uint16_t)~EXPROVE_FLAG_LAST;
  return status;
}
#define SLOT_DECODE decode
#include "entry.h"
