/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes a missing last byte for a zero.
 *
 * caught by: malformed.truncated
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint8_t whole[64] = {0};
  if (size == 0 || size >= sizeof whole || !memchr("AEDQ", p[0], 4)) return base_frame(s, p, size, index, out);
  memcpy(whole, p, size);
  uint32_t wanted = p[0] == 'A' ? 21 : p[0] == 'E' ? 16 : p[0] == 'D' ? 12 : 20;
  if (size + 1 != wanted || s->channel == EXPROVE_CHANNEL_ORDER_ENTRY) return base_frame(s, p, size, index, out);
  return base_frame(s, whole, wanted, index, out);
}
#include "entry.h"
