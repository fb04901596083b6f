/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes something else of a message that is far too long.
 *
 * caught by: malformed.oversized
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  if (size > 4300 && p[0] == 'H') out[count - 1].reserved = 1;
  return count;
}
#include "entry.h"
