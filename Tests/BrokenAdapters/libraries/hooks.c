/* SPDX-License-Identifier: Apache-2.0
 *
 * A vendor's policy hooks and an objective term.
 */
#include <exprove/hooks.h>
#include <string.h>

#define API __attribute__((visibility("default")))

/* Denies (not 0) what sends more than `most` of the parent order in one decision. */
API int32_t small_steps(const exprove_task *task, const exprove_plan_delta *delta, int64_t most) {
  int64_t sent = 0;
  if (task->struct_size < 152 || delta->struct_size < 160) return -1;
  for (uint32_t i = 0; i < delta->route_count; i++) sent += delta->routes[i].quantity;
  return sent > most;
}

/* Everything that it is given, added up in a way that notices what stands in the wrong place. */
API int64_t checksum(const exprove_plan_delta *d, int32_t factor, const exprove_task *t) {
  int64_t sum = t->side + 3 * t->objective + 5 * t->has_limit + 7 * t->quantity + 11 * t->quantity_scale + 13 * t->slices +
                17 * t->participation + 19 * t->limit + 23 * t->risk_aversion + 29 * t->risk_aversion_scale +
                31 * t->slice_duration + 37 * (t->end - t->start);
  for (uint64_t i = 0; i < t->id.size; i++) sum += t->id.bytes[i];
  for (uint64_t i = 0; i < t->currency.size; i++) sum += 2 * t->currency.bytes[i];
  for (uint32_t i = 0; i < t->venue_count; i++) sum += (int64_t)(t->venues[i].venue.size + 100 * t->venues[i].symbol.size);
  sum += 41 * d->current_slice + 43 * d->sequence + 47 * d->decided_at + 53 * d->remaining + 59 * d->unplaced + 61 * d->lot;
  for (uint32_t i = 0; i < d->change_count; i++) sum += (i + 1) * d->changes[i].quantity * (d->changes[i].slice + 1);
  sum += (int64_t)d->impact.low + 3 * d->impact.high + (int64_t)d->fees.low + 5 * d->risk.high + d->gap.high + d->term_unit;
  return sum * factor;
}

API int64_t nothing(void) { return -7; }
API int32_t negative(int32_t a, int64_t b) { return (int32_t)(a + b); }
API int a_variable = 3;

/* --- Functions that do not answer ------------------------------------------------------------- */

#include <fcntl.h>
#include <stdlib.h>

API int64_t spins(void) {
  for (volatile int64_t turn = 0;; turn++) {
  }
}
API int64_t crashes(void) { return *(volatile int64_t *)8; }
API int64_t leaves(void) { exit(0); }
API int64_t gives_up(void) { abort(); }
API int64_t looks_around(void) { return open("/etc/passwd", O_RDONLY); }
API int64_t recurses(int64_t depth) {
  volatile char room[4096];
  room[depth & 4095] = 1;
  return recurses(depth + 1) + room[0];
}
/* Writes into what it may only read: it is shown a copy. */
API int64_t scribbles(const exprove_task *task, const exprove_plan_delta *delta) {
  memset((void *)(uintptr_t)task, 0xFF, sizeof *task);
  memset((void *)(uintptr_t)delta, 0xFF, sizeof *delta);
  return 0;
}
API int64_t counts(void) {
  static int64_t calls;
  return calls++;
}
