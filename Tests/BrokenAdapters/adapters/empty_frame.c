/* SPDX-License-Identifier: Apache-2.0
 *
 * Gives no event for an empty frame.
 *
 * caught by: malformed.empty
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  return size == 0 ? 0 : base_frame(s, p, size, index, out);
}
#include "entry.h"
