/* SPDX-License-Identifier: Apache-2.0
 *
 * Has a relocation in its code.
 *
 * caught by: static.textrel
 * flags: -Wl,-z,notext
 */
#include "base.h"

__asm__(".text\n.quad exprove_adapter_entry\n");
#include "entry.h"
