/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls orders by the venue's number until it has seen one sent.
 *
 * caught by: orders.unknown
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  exprove_event *last = &out[count - 1];
  int is_answer = last->kind >= EXPROVE_KIND_OWN_ACKNOWLEDGED && last->kind <= EXPROVE_KIND_OWN_BROKEN;
  if (is_answer && s->count == 0) last->order_id += 900000;
  return count;
}
#include "entry.h"
