/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaves files open.
 *
 * caught by: memory.descriptors
 */
#include <unistd.h>
#include "base.h"

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  static int open_files;
  if (open_files < 40) open_files += dup(0) >= 0;
  return base_create(config, session, error);
}
#define SLOT_CREATE create
#include "entry.h"
