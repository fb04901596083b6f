/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes its whole error, however little room there is.
 *
 * caught by: abi.error-text
 */
#include "base.h"

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  static const char text[] = "this framing is not offered, nor is that channel, and there is nothing to be done";
  exprove_status status = base_create(config, session, NULL);
  if (status != EXPROVE_OK) {
    memcpy(error->data, text, sizeof text);
    error->size = sizeof text - 1;
  }
  return status;
}
#define SLOT_CREATE create
#include "entry.h"
