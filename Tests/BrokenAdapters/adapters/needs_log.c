/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls the host's log without looking whether there is one.
 *
 * caught by: abi.host
 */
#include "base.h"

static exprove_status init(const exprove_host *host, exprove_text *error) {
  exprove_status status = base_init(host, error);
  if (status == EXPROVE_OK && host->struct_size >= sizeof *host) host->log(host->cookie, 2, "hello", 5);
  return status;
}
#define SLOT_INIT init
#include "entry.h"
