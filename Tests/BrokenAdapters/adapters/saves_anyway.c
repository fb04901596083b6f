/* SPDX-License-Identifier: Apache-2.0
 *
 * Saves what fits when there is too little room, and says that all is well.
 *
 * caught by: reload.small
 */
#include "base.h"

static exprove_status save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size) {
  uint8_t state[STATE_SIZE];
  base_save(s, state, sizeof state, size);
  memcpy(out, state, capacity < sizeof state ? capacity : sizeof state);
  return EXPROVE_OK;
}
#define SLOT_SAVE save
#include "entry.h"
