/* SPDX-License-Identifier: Apache-2.0
 *
 * Declares a tick that prices do not keep.
 *
 * caught by: events.ticks
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  for (uint32_t i = 0; i < count; i++)
    if (out[i].kind == EXPROVE_KIND_INSTRUMENT) out[i].price = 700000;
  return count;
}
#include "entry.h"
