/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes into the frames that it is given.
 *
 * caught by: memory.input
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  if (size == 20 && p[0] == 'Q') ((uint8_t *)(uintptr_t)p)[0] = 'q';
  return count;
}
#include "entry.h"
