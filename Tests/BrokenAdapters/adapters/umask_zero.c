/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes the umask of the process.
 *
 * caught by: lifecycle.traces
 */
#include <sys/stat.h>
#include "base.h"

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  umask(0);
  return base_create(config, session, error);
}
#define SLOT_CREATE create
#include "entry.h"
