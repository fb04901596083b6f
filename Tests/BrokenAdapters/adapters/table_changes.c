/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills another table the second time.
 *
 * caught by: metadata.table
 */
#include "base.h"

static inline exprove_status base_entry(uint32_t abi_version, exprove_adapter *adapter);

static exprove_status entry(uint32_t abi_version, exprove_adapter *adapter) {
  static int calls;
  exprove_status status = base_entry(abi_version, adapter);
  if (status == EXPROVE_OK && calls++ > 0) adapter->manifest_size--;
  return status;
}
#define ENTRY entry
#include "entry.h"
