/* SPDX-License-Identifier: Apache-2.0
 *
 * After one init that failed refuses all others.
 *
 * caught by: lifecycle.init-failure
 */
#include "base.h"

static exprove_status init(const exprove_host *host, exprove_text *error) {
  static int failed;
  exprove_status status = failed ? EXPROVE_INVALID_STATE : base_init(host, error);
  if (status != EXPROVE_OK) failed = 1;
  return status;
}
#define SLOT_INIT init
#include "entry.h"
