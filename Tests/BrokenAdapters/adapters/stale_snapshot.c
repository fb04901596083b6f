/* SPDX-License-Identifier: Apache-2.0
 *
 * Restates a book that the changes before do not lead to.
 *
 * caught by: events.snapshot
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  if (count != 2 || out[0].kind != EXPROVE_KIND_QUOTE || s->counters[4] % 7 == 6) return count;
  /* Snapshots of a book of levels, whose sizes come and go. */
  memmove(out + 1, out, 2 * sizeof *out);
  for (int i = 1; i <= 2; i++) {
    out[i].kind = EXPROVE_KIND_LEVEL;
    out[i].flags |= EXPROVE_FLAG_SNAPSHOT;
    out[i].quantity += (int64_t)(s->counters[4] % 3);
  }
  out[0] = out[1];
  out[0].kind = EXPROVE_KIND_CLEAR;
  out[0].side = EXPROVE_SIDE_NONE;
  out[0].price = out[0].quantity = 0;
  out[0].flags = EXPROVE_FLAG_NO_EVENT_TIME;
  return 3;
}
#include "entry.h"
