/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes twenty microseconds for each frame.
 *
 * caught by: performance.decode
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  volatile uint32_t sum = 0;
  for (uint32_t i = 0; i < 20000; i++) sum += i;
  return base_frame(s, p, size, index, out);
}
#include "entry.h"
