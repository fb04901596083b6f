/* SPDX-License-Identifier: Apache-2.0
 *
 * Gives an order with a high id a flag that there is none of.
 *
 * caught by: malformed.mutated
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  exprove_event *last = &out[count - 1];
  if (last->kind == EXPROVE_KIND_ORDER_ADD && last->order_id >= 0x80000000u) last->flags |= 0x8000;
  return count;
}
#include "entry.h"
