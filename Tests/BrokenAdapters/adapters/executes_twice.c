/* SPDX-License-Identifier: Apache-2.0
 *
 * Executes the double quantity.
 *
 * caught by: events.orders
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  if (out[count - 1].kind == EXPROVE_KIND_ORDER_EXECUTE) out[count - 1].quantity *= 2;
  return count;
}
#include "entry.h"
