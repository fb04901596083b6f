/* SPDX-License-Identifier: Apache-2.0
 *
 * Depends on whether a frame begins at an even address.
 *
 * caught by: determinism.placement
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  if ((uintptr_t)p & 1) out[count - 1].venue_sequence++;
  return count;
}
#include "entry.h"
