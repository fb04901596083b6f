/* SPDX-License-Identifier: Apache-2.0
 *
 * Never comes back from a long message.
 *
 * caught by: time.large
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  while (size > 60000) s->seen |= 1;
  return base_frame(s, p, size, index, out);
}
#include "entry.h"
