/* SPDX-License-Identifier: Apache-2.0
 *
 * Has a symbol that all libraries of a process share.
 *
 * caught by: static.unique
 */
#include "base.h"

__asm__(".data\n.globl shared_state\n.type shared_state, @gnu_unique_object\n.size shared_state, 8\n"
        "shared_state: .quad 0\n.text\n");
#include "entry.h"
