/* SPDX-License-Identifier: Apache-2.0
 *
 * Defines a symbol again when its definition is repeated.
 *
 * caught by: malformed.order
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  int again = s->channel == EXPROVE_CHANNEL_MARKET_DATA && size == 13 && p[0] == 'S' && p[3] < s->count && p[4] <= 18 && base_is_name(p + 5);
  if (!again) return base_frame(s, p, size, index, out);
  uint8_t count = s->count;
  s->count = p[3];
  uint32_t filled = base_define(s, out, index, p + 5, p[4]);
  s->count = count;
  out[filled - 1].flags |= EXPROVE_FLAG_LAST;
  return filled;
}
#include "entry.h"
