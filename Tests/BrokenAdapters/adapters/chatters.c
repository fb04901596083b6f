/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells its host's log of each frame, at length.
 *
 * caught by: time.callbacks
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  for (int i = 0; i < 12; i++) base_note("a frame");
  return base_frame(s, p, size, index, out);
}
#include "entry.h"
