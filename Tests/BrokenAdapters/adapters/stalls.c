/* SPDX-License-Identifier: Apache-2.0
 *
 * Uses no frame when there is room for exactly one.
 *
 * caught by: time.progress
 */
#include "base.h"

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  if (b->struct_size >= sizeof *b && b->event_capacity == MAX_EVENTS) {
    b->frames_used = b->events_filled = 0;
    return EXPROVE_OK;
  }
  return base_decode(s, b);
}
#define SLOT_DECODE decode
#include "entry.h"
