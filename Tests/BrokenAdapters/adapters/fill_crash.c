/* SPDX-License-Identifier: Apache-2.0
 *
 * Falls over an order without a side whose fields are all alike.
 *
 * caught by: malformed.search
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  if (size == 21 && p[0] == 'A' && p[4] == '!' && p[5] == p[9] && p[5] == p[13] && p[5] == p[20]) abort();
  return base_frame(s, p, size, index, out);
}
#include "entry.h"
