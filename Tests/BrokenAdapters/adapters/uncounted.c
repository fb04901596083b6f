/* SPDX-License-Identifier: Apache-2.0
 *
 * Does not count trading states.
 *
 * caught by: events.accounted
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint64_t before = s->counters[5];
  uint32_t count = base_frame(s, p, size, index, out);
  s->counters[5] = before;
  return count;
}
#include "entry.h"
