/* SPDX-License-Identifier: Apache-2.0
 *
 * Lets the year show in what it says of trading.
 *
 * caught by: determinism.clock
 */
#include <time.h>
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  if (out[count - 1].kind == EXPROVE_KIND_STATUS) out[count - 1].aux = (uint64_t)time(NULL) / (86400 * 366);
  return count;
}
#include "entry.h"
