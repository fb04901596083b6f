/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps outside its sessions which symbols it knows.
 *
 * caught by: reload.crash
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint8_t known[SYMBOLS];

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  for (uint32_t i = 0; i < count; i++)
    if (out[i].kind == EXPROVE_KIND_INSTRUMENT) known[out[i].instrument] = 1;
  exprove_event *last = &out[count - 1];
  if (last->kind == EXPROVE_KIND_ORDER_DELETE) last->aux = known[last->instrument];
  return count;
}
#include "entry.h"
