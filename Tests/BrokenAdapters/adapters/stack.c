/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks for an executable stack.
 *
 * caught by: static.stack
 * flags: -Wl,-z,execstack
 */
#include "base.h"

#include "entry.h"
