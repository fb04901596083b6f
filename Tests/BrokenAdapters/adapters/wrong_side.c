/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes bids for asks and asks for bids.
 *
 * caught by: events.books
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  exprove_event *last = &out[count - 1];
  if (last->kind == EXPROVE_KIND_ORDER_ADD) last->side = last->side == EXPROVE_SIDE_BUY ? EXPROVE_SIDE_SELL : EXPROVE_SIDE_BUY;
  return count;
}
#include "entry.h"
