/* SPDX-License-Identifier: Apache-2.0
 *
 * A desk's own rules about decisions: two hooks for a policy, and a term for a task. See README.md beside this file.
 */
#include <exprove/hooks.h>

#define API __attribute__((visibility("default")))

/* Hook: denies what sends more than `most` in one slice, at the plan's scale. */
API int64_t most_per_slice(const exprove_plan_delta *delta, int64_t most) {
  int64_t sent = 0;
  for (uint32_t i = 0; i < delta->route_count; i++) sent += delta->routes[i].quantity;
  return sent > most;
}

/* Hook: denies what begins in the last `quiet` nanoseconds of the window. */
API int64_t quiet_end(const exprove_task *task, const exprove_plan_delta *delta, int64_t quiet) {
  return delta->route_count > 0 && task->end - delta->decided_at < quiet;
}

/* Term: what each unit of quantity costs besides that goes to the venue with this index now, in units of 10^-term_unit of the
 * task's currency at the plan's scale. */
API int64_t surcharge(const exprove_plan_delta *delta, int64_t venue, int64_t price) {
  int64_t cost = 0;
  for (uint32_t i = 0; i < delta->route_count; i++)
    if (delta->routes[i].venue == (uint64_t)venue) cost += delta->routes[i].quantity * price;
  return cost;
}
