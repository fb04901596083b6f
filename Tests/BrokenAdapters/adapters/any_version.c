/* SPDX-License-Identifier: Apache-2.0
 *
 * Agrees to whatever version it is asked for.
 *
 * caught by: abi.versions
 */
#include "base.h"

static inline exprove_status base_entry(uint32_t abi_version, exprove_adapter *adapter);

static exprove_status entry(uint32_t abi_version, exprove_adapter *adapter) {
  (void)abi_version;
  return base_entry(EXPROVE_ABI_VERSION_1_0, adapter);
}
#define ENTRY entry
#include "entry.h"
