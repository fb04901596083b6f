/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts when it is asked for times.
 *
 * caught by: metadata.frame-time
 */
#include "base.h"

static exprove_status frame_time(const exprove_session *s, const uint8_t *bytes, uint64_t bytes_size,
                                 const exprove_frame *frames, uint32_t count, int64_t *times) {
  ((exprove_session *)(uintptr_t)s)->counters[0]++;
  return base_frame_time(s, bytes, bytes_size, frames, count, times);
}
#define SLOT_FRAME_TIME frame_time
#include "entry.h"
