/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks at the byte behind a quote.
 *
 * caught by: memory.bounds
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  if (size == 20 && p[0] == 'Q') (void)*(const volatile uint8_t *)(p + size);
  return base_frame(s, p, size, index, out);
}
#include "entry.h"
