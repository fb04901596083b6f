/* SPDX-License-Identifier: Apache-2.0
 *
 * Has a way of its own with one name.
 *
 * caught by: metamorphic.rename
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  exprove_event *last = &out[count - 1];
  if (last->kind == EXPROVE_KIND_ORDER_ADD && memcmp(s->name[last->instrument], "ABC", 4) == 0) last->price += 1000000;
  return count;
}
#include "entry.h"
