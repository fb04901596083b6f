/* SPDX-License-Identifier: Apache-2.0
 *
 * Has thread-local storage.
 *
 * caught by: static.tls
 */
#include "base.h"

static _Thread_local volatile int calls;

static void destroy(exprove_session *s) {
  calls++;
  base_destroy(s);
}
#define SLOT_DESTROY destroy
#include "entry.h"
