/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes a batch of whatever size for a whole one.
 *
 * caught by: abi.batch-size
 */
#include "base.h"

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  exprove_batch whole = *b;
  whole.struct_size = sizeof whole;
  exprove_status status = base_decode(s, &whole);
  b->frames_used = whole.frames_used;
  b->events_filled = whole.events_filled;
  return status;
}
#define SLOT_DECODE decode
#include "entry.h"
