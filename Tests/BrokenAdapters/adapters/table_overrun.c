/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills the whole table, however little of it the host has.
 *
 * caught by: abi.table-size
 */
#include "base.h"

static inline exprove_status base_entry(uint32_t abi_version, exprove_adapter *adapter);

static exprove_status entry(uint32_t abi_version, exprove_adapter *adapter) {
  adapter->struct_size = sizeof *adapter;
  return base_entry(abi_version, adapter);
}
#define ENTRY entry
#include "entry.h"
