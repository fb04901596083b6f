/* SPDX-License-Identifier: Apache-2.0
 *
 * Lets no execution count towards the volume.
 *
 * caught by: events.volume
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  out[count - 1].flags &= (uint16_t)~EXPROVE_FLAG_VOLUME;
  return count;
}
#include "entry.h"
