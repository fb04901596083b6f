/* SPDX-License-Identifier: Apache-2.0
 *
 * Can be initialised seven times only.
 *
 * caught by: lifecycle.repeat
 */
#include "base.h"

static exprove_status init(const exprove_host *host, exprove_text *error) {
  static int calls;
  return ++calls > 7 ? EXPROVE_INVALID_STATE : base_init(host, error);
}
#define SLOT_INIT init
#include "entry.h"
